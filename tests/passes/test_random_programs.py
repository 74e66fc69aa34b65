"""Every pass keeps the meaning of random programs, and the verifier holds after each."""

from __future__ import annotations

import numpy as np
import pytest

from tests.passes.random_ir import Generator, arguments, copies, same
from workbench import interpret, passes
from workbench.ir import Function, Kind, Op, Rewriter, print_function, verify

SIZES = ((5, 3), (1, 2), (2, 2))


def outcome(function: Function, args: list) -> list | str:
    """Results, or the name of the error raised."""
    with np.errstate(all="ignore"):
        try:
            return interpret.run(function, copies(args))
        except IndexError:
            return "IndexError"


def agree(a: list | str, b: list | str, exact: bool) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    if exact:
        return all(map(same, a, b))
    return all(np.allclose(x, y, rtol=1e-11, atol=1e-12, equal_nan=True) for x, y in zip(a, b, strict=True))


def check(function: Function, transformed: Function, seed: int, exact: bool) -> None:
    for n, m in SIZES:
        args = arguments(seed, n, m)
        assert agree(outcome(function, args), outcome(transformed, args), exact), f"seed {seed}, sizes {n}, {m}"


@pytest.mark.parametrize("start", range(0, 200, 20))
@pytest.mark.parametrize("step", [passes.Simplify(), passes.DeadCode(), passes.Bounds(), passes.Expand()],
                         ids=lambda step: step.name)
def test_scalar_passes_keep_results_bit_for_bit(step: passes.Pass, start: int) -> None:
    for seed in range(start, start + 20):
        function = Generator(seed, lists=seed % 2 == 0).finish()
        check(function, verify(step(verify(function))), seed, exact=True)


@pytest.mark.parametrize("start", range(0, 160, 20))
def test_finalized_programs_agree(start: int) -> None:
    for seed in range(start, start + 20):
        function = Generator(seed, arrays=True, lists=seed % 3 == 0).finish()
        with passes.watching(lambda name, stage: verify(stage)):
            final = passes.finalize(function)
        check(function, final, seed, exact=False)  # sums are added in another order


def test_passes_are_deterministic() -> None:
    texts = {print_function(passes.finalize(Generator(7, arrays=True).finish())) for _ in range(3)}
    assert len(texts) == 1


def test_the_comparison_notices_a_wrong_pass() -> None:
    class Wrong(Rewriter):
        def rewrite_op(self, op: Op) -> None:
            wrong = op.prim == "tanh" and op.result.kind is Kind.F64
            self.copy_op(Op("sin", op.operands, op.results, op.attrs, (), op.span) if wrong else op)

    caught = 0
    for seed in range(20):
        function = Generator(seed).finish()
        wrong = Wrong().run(function)
        try:
            check(function, wrong, seed, exact=True)
        except AssertionError:
            caught += 1
    assert caught >= 10
