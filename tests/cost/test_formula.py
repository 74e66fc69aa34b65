"""Formulas against plain arithmetic: random ones, for small sizes, and sums over loops added up one by one."""
from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from workbench.cost import evaluation
from workbench.cost.evaluation import evaluate
from workbench.cost.formula import (
    Formula,
    Symbol,
    capacity,
    floordiv,
    maximum,
    minimum,
    of,
    of_size,
    positive,
    summed,
    symbol,
    zero,
)
from workbench.cost.writing import threshold, written

N, M = symbol("n"), symbol("m")
INDEX = Symbol("i")
HERE = Formula({frozenset(((INDEX, 1),)): 1})
SIZES = tuple(itertools.product((0, 1, 2, 5), (0, 1, 3)))


def drawn(rng: random.Random, depth: int, leaves: list[Formula]) -> Formula:
    """A random formula."""
    if depth == 0 or rng.random() < 0.25:
        return rng.choice([*leaves, of(rng.randint(-2, 3))])
    a, b = drawn(rng, depth - 1, leaves), drawn(rng, depth - 1, leaves)
    return rng.choice((lambda: a + b, lambda: a - b, lambda: a * b, lambda: maximum(a, b), lambda: minimum(a, b),
                       lambda: positive(a - b), lambda: zero(a - b), lambda: floordiv(a, rng.randint(1, 3))))()


@pytest.mark.parametrize("seed", range(8))
def test_sums_over_loops_are_exact(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        turns = maximum(drawn(rng, 2, [N, M]), 0)
        body = drawn(rng, 3, [N, M, HERE])
        total = summed(INDEX, turns, body)
        for n, m in SIZES:
            sizes = {"n": n, "m": m}
            added = sum(evaluate(body, {**sizes, "i": k}) for k in range(evaluate(turns, sizes)))
            assert evaluate(total, sizes) == added, (written(turns), written(body), sizes)


@pytest.mark.parametrize("seed", range(4))
def test_binding_is_evaluating_in_two_steps(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        formula = drawn(rng, 4, [N, M])
        bound = formula.bind({Symbol("n", 0, True): M * 2 + 1})
        assert evaluate(bound, {"m": 3}) == evaluate(formula, {"n": 7, "m": 3})


def test_many_sizes_at_once() -> None:
    formula = N * (N - 1) / 2 + maximum(N - M, 0) * floordiv(M, 2) + capacity(N)
    sizes = np.array([0, 1, 5, 200]), np.array([3, 3, 1, 7])
    together = evaluate(formula, {"n": sizes[0], "m": sizes[1]})
    assert together.tolist() == [evaluate(formula, {"n": n, "m": m}) for n, m in zip(*map(np.ndarray.tolist, sizes))]


def test_formulas_read_as_a_person_would_write_them() -> None:
    assert written(2 * N * M + 3 * N) == "2·m·n + 3·n"
    assert written(summed(INDEX, N, HERE)) == "n²/2 − n/2"
    assert written(of(0)) == "0"
    assert written(maximum(N - 2, 0) * 4) == "4·n − 8"
    assert threshold(maximum(N - 2, 0) * 4) == 2
    assert written(minimum(N, M)) == "min(m, n)"


def test_a_symbol_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="m"):
        evaluate(N + M, {"n": 1})


def test_equal_formulas_are_equal_however_they_are_made() -> None:
    assert (N + 1) * (N - 1) == N * N - 1
    assert maximum(N, M) == maximum(M, N)
    assert hash(N + M) == hash(M + N)
    assert maximum(N * M + 3, 0) == N * M + 3


def test_sums_without_a_closed_form_are_vectorised_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    total = summed(INDEX, N, floordiv(HERE * M, 3) * maximum(HERE - M, 0))
    rng = np.random.default_rng()
    sizes = {"n": rng.integers(0, 60, 50), "m": rng.integers(1, 9, 50)}
    expected = [evaluate(total, {"n": int(n), "m": int(m)}) for n, m in zip(sizes["n"], sizes["m"], strict=True)]
    for at_once in (1 << 20, 100, 7):
        monkeypatch.setattr(evaluation, "AT_ONCE", at_once)
        assert evaluate(total, sizes).tolist() == expected


def test_a_function_of_a_size_is_evaluated_for_each_size_once() -> None:
    asked = []
    bits = of_size("bits", lambda n: asked.append(n) or n.bit_length(), N + 1)
    assert evaluate(bits * M, {"n": np.array([0, 6, 6, 7]), "m": 2}).tolist() == [2, 6, 6, 8]
    assert asked == [1, 7, 8]
    assert written(bits) == "bits(n + 1)"
    assert of_size("bits", int.bit_length, 5) == 3


def test_blocks_add_up() -> None:
    """n elements, 64 at a time: the lengths of the blocks are n in all, for every n."""
    n, k = symbol("n"), Symbol("k")
    index = of(0) + Formula({frozenset(((k, 1),)): 1})
    turns = floordiv(n + 63, 64)
    for body in (maximum(minimum(n - 64 * index, 64), 0), minimum(n - 64 * index, 64)):
        assert summed(k, turns, body) == n
        for size in (0, 1, 63, 64, 65, 128, 200):
            exact = sum(max(min(size - 64 * j, 64), 0) for j in range((size + 63) // 64))
            assert evaluate(summed(k, turns, body), {"n": size}) == exact == size
    assert summed(k, turns, maximum(minimum(n - 32 * index, 64), 0)) != n
    assert summed(k, floordiv(n, 64), maximum(minimum(n - 64 * index, 64), 0)) != n


def test_what_is_nested_deeply_is_written_in_no_time():
    total = symbol("n0")
    for k in range(1, 60):
        total = maximum(total * symbol(f"n{k}"), symbol(f"m{k}"))
    assert len(written(total)) > 500
