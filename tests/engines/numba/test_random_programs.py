"""Compiled programs agree with the interpreter on random programs, errors included."""

from __future__ import annotations

import numpy as np
import pytest

from tests.passes.random_ir import Generator, arguments, copies
from tests.passes.test_random_programs import agree, outcome
from workbench import passes
from workbench.engines.numba import compile_function


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", "0")


@pytest.mark.parametrize("start", range(0, 12, 6))
@pytest.mark.parametrize("arrays", [False, True], ids=["scalars", "arrays"])
def test_compiled_agrees_with_interpreted(start: int, arrays: bool) -> None:
    for seed in range(start, start + 6):
        function = Generator(seed, arrays=arrays, lists=seed % 3 == 0).finish()
        compiled = compile_function(passes.finalize(function))
        for n, m in ((5, 3), (2, 2)):
            args = arguments(seed, n, m)
            try:
                results: list | str = list(compiled(*copies(args)))
            except IndexError:
                results = "IndexError"
            assert agree(outcome(function, args), results, exact=False), f"seed {seed}, sizes {n}, {m}"


def test_emitted_source_runs_as_python_too() -> None:
    for seed in range(40, 46):
        function = Generator(seed, arrays=True, lists=True).finish()
        compiled = compile_function(passes.finalize(function))
        namespace: dict = {}
        exec(compiled.source, namespace)
        args = arguments(seed)
        with np.errstate(all="ignore"):
            plain = namespace[function.name](*copies(args))
        assert agree(list(plain), list(compiled(*copies(args))), exact=False)
