"""Compiled functions: kinds, errors at the user's line, the disk cache, machine code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench import engines, passes
from workbench.engines.numba import CompilationError, cache, compile_function, pipeline
from workbench.engines.numba import compile as compiling
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, Span, VerificationError
from workbench.rules import effect, emit

INT, F64 = ScalarType(Kind.INT), ScalarType(Kind.F64)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("WORKBENCH_CACHE", raising=False)
    return tmp_path / "ad-workbench"


def integer(number: int) -> Constant:
    return Constant(number, Kind.INT)


def scaled(kind: Kind, factor: float = 3.0) -> Function:
    """x * factor, and its sum."""
    b = Builder("scaled")
    n = b.param(INT, "n", (0, 0))
    x = b.param(ArrayType(kind, (n,)), "x")
    y = emit(b, "mul", x, Constant(factor, kind))
    return passes.finalize(b.finish([y, emit(b, "sum", y, axes=(0,))]))


def element() -> Function:
    """x[k], checked, from line 7 of a file."""
    b = Builder("element")
    n = b.param(INT, "n", (0, 0))
    x, k = b.param(ArrayType(Kind.F64, (n,)), "x"), b.param(INT, "k")
    b.span = Span("<user>", 7, 4, 8, "element")
    valid = emit(b, "index", k, n, checked=True)
    return passes.finalize(b.finish([emit(b, "load", x, valid)]))


@pytest.mark.parametrize("kind", [Kind.F64, Kind.F32, Kind.INT, Kind.C64, Kind.C128], ids=lambda k: k.value)
def test_kinds_are_kept(kind: Kind) -> None:
    x = np.arange(4).astype(kind.dtype)
    y, total = compile_function(scaled(kind))(x)
    assert y.dtype == kind.dtype and np.array_equal(y, 3 * x)
    assert total == 18


def test_arguments_are_checked() -> None:
    compiled = compile_function(scaled(Kind.F64))
    for wrong in (np.zeros(3, np.float32), np.zeros((2, 2)), np.zeros(6)[::2], [1.0, 2.0]):
        with pytest.raises(TypeError, match="argument 0 of scaled"):
            compiled(wrong)
    with pytest.raises(TypeError, match="takes 1 arguments, not 2"):
        compiled(np.zeros(3), 1.0)


def test_an_error_carries_the_users_place() -> None:
    compiled = compile_function(element())
    assert compiled(np.arange(3.0), -1) == (2.0,)
    for k in (3, -4):
        with pytest.raises(IndexError) as caught:
            compiled(np.arange(3.0), k)
        assert caught.value.__workbench_span__ == Span("<user>", 7, 4, 8, "element")


def test_an_invalid_function_is_refused() -> None:
    b = Builder("f")
    x = b.param(F64, "x")
    other = Builder("g").param(F64, "y")
    with pytest.raises(VerificationError):
        compile_function(b.finish([b.one("add", [x, other], F64)]))


def test_no_numba_traceback_reaches_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.core.errors import TypingError

    def refuse(function: object, args: object, result: object) -> None:
        raise TypingError("no conversion\n  and many lines")

    monkeypatch.setattr(compiling, "compile_python", refuse)
    with pytest.raises(CompilationError, match="no conversion") as caught:
        compile_function(scaled(Kind.F64))
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert "def scaled" in caught.value.source and isinstance(caught.value.cause, TypingError)


# ---------------------------------------------------------------------- the disk cache
def test_a_second_compilation_comes_from_the_disk(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compile_function(scaled(Kind.F64))
    assert len(list(own_cache.glob("*.bin"))) == 1

    def never(*args: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(compiling, "compile_python", never)
    y, total = compile_function(scaled(Kind.F64))(np.ones(2))
    assert total == 6.0


def test_programs_of_one_name_are_not_mixed_up(own_cache: Path) -> None:
    code = ("import sys; import numpy as np; from tests.engines.numba.test_compile import *; "
            "f = compile_function(scaled(Kind.F64, float(sys.argv[1]))); print(f(np.ones(1))[1])")
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(own_cache.parent)}
    for factor in ("2.0", "5.0", "2.0"):
        run = subprocess.run([sys.executable, "-c", code, factor], env=environment, capture_output=True, text=True,
                             timeout=100, cwd=Path(__file__).parents[3])
        assert run.stdout.strip() == factor, run.stderr
    assert len(list(own_cache.glob("*.bin"))) == 2
    results = [compile_function(scaled(Kind.F64, factor))(np.ones(1))[1] for factor in (5.0, 7.0, 2.0)]
    assert results == [5.0, 7.0, 2.0]


def test_what_others_can_write_is_not_used(own_cache: Path) -> None:
    compile_function(scaled(Kind.F64))
    assert cache.directory() == own_cache and own_cache.stat().st_mode & 0o777 == 0o700
    own_cache.chmod(0o777)
    assert cache.directory() is None
    assert compile_function(scaled(Kind.F64))(np.ones(2))[1] == 6.0
    own_cache.chmod(0o700)


def test_the_key_depends_on_the_source_and_the_types() -> None:
    keys = {cache.key(source, types) for source in ("a", "b") for types in ("f8", "f4")}
    assert len(keys) == 4


def test_a_broken_file_is_compiled_anew(own_cache: Path) -> None:
    compile_function(scaled(Kind.F64))
    (file,) = own_cache.glob("*.bin")
    file.write_bytes(b"not a pickle")
    assert compile_function(scaled(Kind.F64))(np.ones(2))[1] == 6.0


# ---------------------------------------------------------------------- machine code
def stencil() -> Function:
    b = Builder("stencil")
    n = b.param(INT, "n", (0, 0))
    array = ArrayType(Kind.F64, (n,))
    u, v = b.param(array, "u"), b.param(array, "v")
    out = b.slot(array, v, "v")
    start = b.param(INT, "start")
    i = b.begin_for(integer(0), emit(b, "sub", n, integer(2)))
    k = emit(b, "add", i, start)
    total = emit(b, "add", emit(b, "load", u, k), emit(b, "load", u, emit(b, "add", k, integer(1))))
    b.write(out, emit(b, "store", b.read(out), total, i))
    b.end_for()
    return passes.finalize(b.finish([b.read(out)]))


def test_indices_do_not_wrap_and_loops_are_vectorised() -> None:
    compiled = compile_function(stencil())
    assert "<4 x double>" in compiled.llvm() or "<2 x double>" in compiled.llvm()
    assert compiled.assembly()
    u = np.arange(8.0)
    assert np.array_equal(compiled(u, np.zeros(8), 1)[0][:6], u[1:7] + u[2:8])


def test_fresh_machine_code_is_shown_also_for_a_program_from_the_disk(own_cache: Path) -> None:
    compile_function(stencil())
    assert "define" in compile_function(stencil()).llvm()


def test_signatures_are_only_remembered_while_we_compile() -> None:
    from numba.core.types.functions import BaseFunction
    compile_function(scaled(Kind.F64))
    assert BaseFunction.get_call_type is pipeline._resolve


def test_growable_lists() -> None:
    b = Builder("grow")
    n = b.param(INT, "n")
    kept = b.slot(ArrayType(Kind.F64, (), True), emit(b, "list", kind=Kind.F64), "kept")
    i = b.begin_for(integer(0), n)
    square = emit(b, "cast", emit(b, "mul", i, i), kind=Kind.F64)
    b.write(kept, emit(b, "store", b.read(kept), square, i))
    b.end_for()
    inside = emit(b, "load", b.read(kept), emit(b, "sub", n, integer(1)))
    beyond = emit(b, "load", b.read(kept), emit(b, "mul", n, integer(50)))
    compiled = compile_function(passes.finalize(b.finish([inside, beyond])))
    assert compiled(1000) == (999.0**2, 0.0)
    assert "def grow_zeros(" in compiled.source


def test_a_raise_in_a_loop_keeps_its_message() -> None:
    b = Builder("f")
    x, n = b.param(F64, "x"), b.param(INT, "n")
    i = b.begin_for(integer(0), n)
    effect(b, "check", emit(b, "lt", i, integer(5)), exception="ValueError", message="too many 'steps'")
    b.end_for()
    compiled = compile_function(passes.finalize(b.finish([x])))
    assert compiled(1.0, 5) == (1.0,)
    with pytest.raises(ValueError, match="too many 'steps'"):
        compiled(1.0, 6)


def test_warming_up_happens_once() -> None:
    thread = engines.warm_up()
    thread.join(60)
    assert not thread.is_alive() and engines.warm_up() is thread
