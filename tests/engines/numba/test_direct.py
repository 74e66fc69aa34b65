"""Programs that go to LLVM without Numba's front end give the bits that they give with it, errors included."""

from __future__ import annotations

import dataclasses
import importlib
import operator
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

import workbench as wb
from tests import corpus
from tests.corpus.program import Program
from workbench.engines.numba import pipeline, warming
from workbench.engines.numba.direct import code

PROGRAMS = {program.name: program for module in pkgutil.iter_modules(corpus.__path__)
            for value in vars(importlib.import_module(f"{corpus.__name__}.{module.name}")).values()
            if isinstance(value, list | tuple) for program in value if isinstance(program, Program)}


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", "0")


@contextmanager
def with_front_end() -> Iterator[None]:
    """Inside, programs go by Numba's front end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "TREE", "__no_tree__")
        yield


@contextmanager
def without_front_end() -> Iterator[None]:
    """Inside, no program may go by Numba's front end."""
    def refused(*args: Any) -> None:
        raise AssertionError("the program went by Numba's front end")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "LeanCompiler", refused)
        yield


def outcome(f: Callable[..., Any], args: tuple[Any, ...], **options: Any) -> Any:
    """The bits of a gradient's numbers, or the error with its place."""
    try:
        found = wb.value_and_grad(f, mode="reverse", engine="numba", deterministic=True, **options)(*args)
    except Exception as error:
        return type(error), str(error), getattr(error, "__workbench_span__", None)
    return [np.asarray(leaf).tobytes() for leaf in leaves(found)]


def leaves(tree: Any) -> list[Any]:
    if isinstance(tree, tuple | list):
        return [leaf for part in tree for leaf in leaves(part)]
    parts = tree if isinstance(tree, dict) else vars(tree) if dataclasses.is_dataclass(tree) else None
    return [tree] if parts is None else leaves(tuple(parts.values()))


@pytest.mark.sampled(1 / 12)
@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_the_corpus_gives_the_same_bits(name: str) -> None:
    program = PROGRAMS[name]

    def args() -> Any:
        return program.make_args(np.random.default_rng(5))
    direct = outcome(program.function, args(), wrt=program.wrt)
    with with_front_end():
        assert outcome(program.function, args(), wrt=program.wrt) == direct


# ---------------------------------------------------------------------- programs that must go directly
def series(x, n):
    total, term = 0.0, 1.0
    for k in range(n):
        term = term * x / (k + 1)
        total = total + term if k % 2 else total - term
    return total


def searching(x, n):
    k = 0
    while x > 1e-3 and k < n:
        x = x * 0.5 if k != 3 else x * 0.25
        k += 1
    return x * k


def exchanged(x, n):
    old, new = x.copy(), np.zeros_like(x)
    for _ in range(n):
        for i in range(1, len(x) - 1):
            new[i] = old[i] + 0.1 * (old[i - 1] * old[i + 1] - 2.0 * old[i])
        old, new = new, old
    return np.sum(old * old)


def products(w, v, x):
    hidden = np.tanh(x @ w)
    return np.sum((hidden @ v) ** 2) + np.sum(w.reshape(w.size)[:3])


def strict(x, n):
    y = 0.0
    for k in range(n):
        if x[k] < 0.0:
            raise ValueError("negative")
        y += x[k] ** 3 // 1.0 + x[k]
    return y


def decomposed(a):
    w, v = np.linalg.eigh(a)
    return np.sum(w ** 3) + np.sum(v[0] ** 4)


RNG = np.random.default_rng(8)
DIRECT: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (series, (0.7, 9)), (series, (0.7, 0)), (searching, (7.0, 40)), (exchanged, (RNG.normal(size=9), 5)),
    (exchanged, (RNG.normal(size=1), 2)),
    (products, (RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=(5, 4)))),
    (decomposed, (np.array([[2.0, 0.3], [0.3, 1.0]]),)),
    (strict, (np.array([1.5, 2.0]), 2)), (strict, (np.array([1.5, -2.0]), 2)), (strict, (np.array([1.5]), 2)),
]


@pytest.mark.parametrize(("f", "args"), DIRECT, ids=[f"{k}-{f.__name__}" for k, (f, _) in enumerate(DIRECT)])
def test_what_everyday_programs_use_needs_no_front_end(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    with without_front_end():
        direct = outcome(f, args)
    with with_front_end():
        assert outcome(f, args) == direct


def test_single_precision_too() -> None:
    x = RNG.normal(size=17).astype(np.float32)
    with without_front_end():
        direct = outcome(exchanged, (x, 4))
    with with_front_end():
        assert outcome(exchanged, (x, 4)) == direct


def test_what_is_not_known_is_left_to_the_front_end(monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[str] = []

    class Counted(pipeline.LeanCompiler):
        def define_pipelines(self) -> Any:
            went.append(self.state.func_id.func_name)
            return super().define_pipelines()
    monkeypatch.setattr(pipeline, "LeanCompiler", Counted)

    def said(x):
        print("at", x)
        return x * x
    assert wb.value_and_grad(said, mode="reverse")(3.0) == (9.0, 6.0)
    assert any(name.startswith("said") for name in went)


def test_a_mistake_in_lowering_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with with_front_end():
        right = outcome(series, (0.7, 9))
    monkeypatch.setitem(code._FLOATS, operator.sub, "fadd")
    assert outcome(series, (0.7, 9)) != right


def test_the_warm_up_goes_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """First directly: the front end is not come to before."""
    went: list[str] = []
    for compiler in ("DirectCompiler", "LeanCompiler"):
        own = getattr(pipeline, compiler)

        class Counted(own):  # type: ignore[misc, valid-type]
            def _compile_core(self) -> Any:
                result = super()._compile_core()
                went.append(type(self).__bases__[0].__name__)
                return result
        monkeypatch.setattr(pipeline, compiler, Counted)
    warming.warm()
    assert went[0] == "DirectCompiler" and "LeanCompiler" in went


@pytest.mark.sampled(1 / 12)
@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_arrays_are_given_back(name: str) -> None:
    program = PROGRAMS[name]
    gradient = wb.value_and_grad(program.function, wrt=program.wrt, mode="reverse", engine="numba")
    args = [program.make_args(np.random.default_rng(5)) for _ in range(4)]
    gradient(*args.pop())
    _nrt_python.memsys_enable_stats()
    before = rtsys.get_allocation_stats()
    while args:  # (which hold what the program has put into them)
        gradient(*args.pop())
    after = rtsys.get_allocation_stats()
    _nrt_python.memsys_disable_stats()
    assert after.mi_alloc - before.mi_alloc == after.mi_free - before.mi_free
