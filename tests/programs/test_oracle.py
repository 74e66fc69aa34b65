"""Tests of the tester: the oracle on derivatives known by hand, and complex step against differences."""
from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from tests.corpus import PROGRAMS, Program
from tests.corpus.oracle import disagreement, expected_gradient, gradient, plain, ridders, writes_shared_memory
from tests.corpus.structure import copy_arguments, float_leaves, overlapping
from tests.programs.calling import draw


def product_of_all(tree: Any) -> Any:
    return tree["a"][0] * tree["a"][1][1] * tree["b"]


def doubles_then_reads(u: Any, v: Any) -> Any:
    u *= 2.0
    return np.sum(u * v)


def test_known_derivatives() -> None:
    assert gradient(lambda x: x ** 3, (2.0,), (0,), "complex")[(0,)] == pytest.approx(12.0, rel=1e-14)
    assert gradient(math.exp, (0.5,), (0,), "difference")[(0,)] == pytest.approx(math.exp(0.5), rel=1e-10)
    found = gradient(lambda a: a[0] * a[1], (np.array([3.0, 4.0]),), (0,), "complex")[(0,)]
    assert found == pytest.approx([4.0, 3.0], rel=1e-14)


@pytest.mark.parametrize("method", ["complex", "difference"])
def test_leaves_of_a_structure(method: str) -> None:
    tree = {"a": (2.0, np.array([5.0, 7.0])), "b": 3.0, "n": 4}
    found = gradient(product_of_all, (tree,), (0,), method)
    assert set(found) == {(0, "a", 0), (0, "a", 1), (0, "b")}
    assert found[(0, "a", 0)] == pytest.approx(21.0, rel=1e-8)
    assert found[(0, "a", 1)] == pytest.approx([0.0, 6.0], abs=1e-7)
    assert found[(0, "b")] == pytest.approx(14.0, rel=1e-8)


@pytest.mark.parametrize("method", ["complex", "difference"])
def test_shared_memory_that_is_written_is_one_variable(method: str) -> None:
    a = np.array([1.0, 3.0])
    both = gradient(doubles_then_reads, (a, a), (0, 1), method)
    for position in (0, 1):
        assert both[(position,)] == pytest.approx(8.0 * a, rel=1e-7), "d/da of Σ(2a)²"
    apart = gradient(doubles_then_reads, (a, a.copy()), (0, 1), method)
    assert apart[(0,)] == pytest.approx(2.0 * a, rel=1e-7)
    read_only = gradient(lambda u, v: np.sum(u * v * v), (a, a), (0, 1), method)
    assert read_only[(0,)] == pytest.approx(a * a, rel=1e-7)
    assert read_only[(1,)] == pytest.approx(2.0 * a * a, rel=1e-7)


def test_copies_keep_overlaps() -> None:
    base = np.arange(12.0).reshape(3, 4)
    views = (base[1:, ::2], base.T[::-1], base[0], base)
    for to_complex in (False, True):
        copy = copy_arguments(views, to_complex=to_complex)
        assert all(np.array_equal(old, new) for old, new in zip(views, copy))
        copy[3][:] += 1.0
        assert all(np.array_equal(old + 1.0, new) for old, new in zip(views, copy))
    assert not np.shares_memory(base, copy_arguments(views)[0])
    assert overlapping(views) and not overlapping(copy_arguments(views, shared=False))


def test_writes_shared_memory_sees_only_writes() -> None:
    a = np.array([1.0, 2.0])
    assert writes_shared_memory(doubles_then_reads, (a, a))
    assert not writes_shared_memory(doubles_then_reads, (a, a.copy()))
    assert not writes_shared_memory(lambda u, v: np.sum(u * v), (a, a))
    assert a.tolist() == [1.0, 2.0]


def test_differences_stay_on_one_side_of_a_near_branch() -> None:
    found = gradient(lambda x: 3.0 * x if x < 1.0 else 100.0 * x, (1.0 - 2e-4,), (0,), "difference")
    assert found[(0,)] == pytest.approx(3.0, rel=1e-6)
    assert ridders(math.sin)[0] == pytest.approx(1.0, rel=1e-10)


@pytest.mark.parametrize("factor, sign", [(1.0 + 1e-7, 1.0), (1.0, -1.0), (0.0, 1.0)])
def test_disagreement_is_reported(factor: float, sign: float) -> None:
    right = {(0,): np.array([1.0, 2.0]), (1, "b"): np.asarray(3.0)}
    assert disagreement(dict(right), right, 1.0, "complex") is None
    wrong = {**right, (1, "b"): np.asarray(3.0 * factor * sign)}
    message = disagreement(wrong, right, 1.0, "complex")
    assert message is not None and "b" in message
    assert disagreement({(0,): right[(0,)]}, right, 1.0, "complex") is not None
    nan = {**right, (0,): np.array([1.0, np.nan])}
    assert disagreement(nan, right, 1.0, "complex") is not None


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("program", PROGRAMS, ids=[entry.name for entry in PROGRAMS])
def test_corpus_entry_is_sound(program: Program) -> None:
    """Each entry runs in plain Python, and its complex step agrees with differences at every point."""
    samples = [(program.make_args, seed) for seed in (0, 1, 2)] + [(s, 7 + i) for i, s in enumerate(program.small)]
    for sample, seed in samples:
        args = draw(sample, seed)
        value = plain(program.function, args).value
        assert np.ndim(value) == 0 and np.isrealobj(value) and math.isfinite(value)
        found = expected_gradient(program, sample, seed)
        assert set(found) == {path for path in float_leaves(args) if path[0] in program.positions}
        if program.oracle == "complex":
            plain_function = getattr(program.function, "py_func", program.function)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                differences = gradient(plain_function, args, program.positions, "difference")
            wrong = disagreement(found, differences, float(value), "difference")
            assert wrong is None, f"{program.name}, point {seed}: {wrong}"


def test_the_corpus_is_large_enough_and_varied() -> None:
    assert len({entry.name for entry in PROGRAMS}) == len(PROGRAMS) >= 160
    for theme, least in {"control": 25, "loop": 30, "mutation": 30, "aliasing": 60, "structure": 25, "call": 25,
                         "array": 60, "realistic": 50, "jitted": 8}.items():
        assert sum(theme in entry.tags for entry in PROGRAMS) >= least, theme
