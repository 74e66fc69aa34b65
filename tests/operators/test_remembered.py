"""What becomes of a traced program is noted on the disk: the next process differentiates and emits nothing again."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.engines.numba import NumbaCompiler
from workbench.frontend.trace import trace
from workbench.ir import Function, fingerprint
from workbench.operators import Derivative, program

RNG = np.random.default_rng(3)


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("WORKBENCH_CACHE")
    return tmp_path / "ad-workbench"


def loop(x, n):
    for k in range(n):
        x = math.sin(x) * (k + 0.5)
    return x * x


def arrays(a, b):
    c = np.exp(a) @ b
    return np.sum(c * c), c


def never(*args: Any, **named: Any) -> Any:
    raise AssertionError("transformed again")


def test_nothing_is_transformed_again(fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = RNG.normal(size=(2, 3)), RNG.normal(size=3)
    asked: list[tuple[Any, ...]] = [
        (loop, "grad", (0,), False, (0.7, 3)), (loop, "value", (), False, (0.7, 3)),
        (arrays, "grad", (0, 1), True, (a, b))]

    def run() -> list[Any]:
        made = [Derivative(f, mode, wrt, has_aux=aux, engine="numba") for f, mode, wrt, aux, _ in asked]
        return [(d(*args), d.source, d.source_map) for d, (*_, args) in zip(made, asked, strict=True)]
    first = run()
    with monkeypatch.context() as patch:
        patch.setattr(program, "optimize", never)
        patch.setattr(NumbaCompiler, "compile", never)
        again = run()
    for (value, *texts), (other, *others) in zip(first, again, strict=True):
        assert texts == others
        np.testing.assert_equal(other, value)
    derivative = Derivative(loop, "grad", engine="numba")
    derivative(0.7, 3)
    assert derivative.ir and "mul" in str(derivative.ir)  # (made when it is asked for)


def test_other_requests_are_other_programs(fresh_cache: Path) -> None:
    a, b = RNG.normal(size=(2, 3)), RNG.normal(size=3)
    for wrt in ((0,), (1,), (0, 1)):
        for deterministic in (False, True):
            _, found = wb.value_and_grad(lambda a, b: arrays(a, b)[0], wrt, deterministic=deterministic)(a, b)
            c = np.exp(a) @ b
            wanted = [2.0 * c[:, None] * b * np.exp(a), 2.0 * c @ np.exp(a)]
            for part, k in zip(found, wrt, strict=True):
                np.testing.assert_allclose(part, wanted[k], rtol=1e-13)
    value, push = wb.linearize(loop, 0.7, 3)
    assert value == pytest.approx(loop(0.7, 3), rel=1e-15)
    assert push(1.0, None) == pytest.approx(wb.grad(loop)(0.7, 3), rel=1e-14)


def test_lost_or_broken_files_are_made_again(fresh_cache: Path) -> None:
    wanted = wb.grad(loop)(0.4, 2)
    files = sorted(fresh_cache.glob("*.bin"), key=lambda path: path.stat().st_size)
    for spoil in (Path.unlink, lambda path: path.write_bytes(b"not a pickle")):
        for path in files:
            spoil(path)
            assert wb.grad(loop)(0.4, 2) == wanted
    assert len(list(fresh_cache.glob("*.bin"))) == len(files)


PROGRAM = """
{above}
import traceback
import workbench as wb


def f(x, n):
    for _ in range(n):
        x = x * {factor}  # {remark}
    return 1.0 / x


derivative = wb.grad(f)
print(derivative(2.0, 2))
print([line for line in derivative.source.splitlines() if "x * " in line][0].strip())
try:
    derivative(0.0, 1)
except ZeroDivisionError as error:
    print(traceback.extract_tb(error.__traceback__)[-1].lineno)
"""


def test_another_process(fresh_cache: Path, tmp_path: Path) -> None:
    def said(name: str, above: str = "", factor: float = 3.0, remark: str = "grows") -> list[str]:
        path = tmp_path / name
        path.write_text(PROGRAM.format(above=above, factor=factor, remark=remark))
        done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=100,
                              env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()
    first = said("a.py")
    assert first == [str(-1.0 / 4.0 / 9.0), "# 9: x = x * 3.0  # grows", "10"]
    count = len(list(fresh_cache.glob("*.bin")))
    (tmp_path / "b").mkdir()
    assert said("b/a.py") == first  # the same program elsewhere
    assert len(list(fresh_cache.glob("*.bin"))) == count
    assert said("a.py", remark="shrinks") == [first[0], "# 9: x = x * 3.0  # shrinks", "10"]
    assert said("a.py", "# one line more\n", 2.0) == [str(-1.0 / 4.0 / 4.0), "# 10: x = x * 2.0  # grows", "11"]


# ---------------------------------------------------------------------- fingerprints
def traced(function: Any, *args: Any) -> Function:
    names = tuple(function.__code__.co_varnames[:function.__code__.co_argcount])
    return trace(function, args, names, (0,)).function


def test_fingerprints_tell_programs_apart() -> None:
    def same(x):
        return x * 2.0

    assert fingerprint(traced(same, 1.5)) == fingerprint(traced(same, 2.5))
    others = [fingerprint(traced(f, *args)) for f, *args in (
        (same, 1.5), (lambda x: x * 2.0, 1.5), (lambda y: y * 2.0, 1.5), (lambda x: x * 3.0, 1.5),
        (lambda x: 2.0 * x, 1.5), (same, np.float32(1.5)), (same, np.ones(2)), (same, np.ones((2, 2))),
        (lambda x: x * -0.0, 1.5), (lambda x: x * 0.0, 1.5), (loop, 1.5, 2))]
    assert None not in others and len(set(others)) == len(others)


def test_what_calls_has_no_fingerprint() -> None:
    def calls(x):
        return wb.checkpoint(lambda t: t * t)(x)

    def prints(x):
        print(x)
        return x * x
    assert fingerprint(traced(calls, 1.5)) is None and fingerprint(traced(prints, 1.5)) is None
