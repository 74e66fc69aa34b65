"""How the program tests call the derivative operators: fresh arguments each time, results as leaves by path."""
from __future__ import annotations

from typing import Any

import numpy as np

from tests.corpus.oracle import Gradient
from tests.corpus.program import Arguments, Program, Sampler
from tests.corpus.structure import float_leaves, is_float_leaf, leaves, map_leaves


def draw(sample: Sampler, seed: int) -> Arguments:
    """One fresh tuple of arguments."""
    return sample(np.random.default_rng(seed))


def by_path(program: Program, derivative: Any) -> Gradient:
    """A gradient (one structure, or a tuple of them if `wrt` is a tuple) as leaves keyed like the oracle's."""
    parts = derivative if isinstance(program.wrt, tuple) else (derivative,)
    assert len(parts) == len(program.positions), f"{len(parts)} gradients for {len(program.positions)} positions"
    found: Gradient = {}
    for position, part in zip(program.positions, parts):
        for path, leaf in leaves(part, (position,)):
            if leaf is not None:
                found[path] = np.asarray(leaf)
    return found


def assert_structure_kept(program: Program, args: Arguments, derivative: Any) -> None:
    """Every leaf of a gradient has the kind and the path of its argument's leaf; the rest is None."""
    parts = derivative if isinstance(program.wrt, tuple) else (derivative,)
    for position, part in zip(program.positions, parts):
        argument = dict(leaves(args[position]))
        result = dict(leaves(part))
        assert set(argument) == set(result), f"{program.name}: gradient of argument {position} has another structure"
        assert type(args[position]) is type(part) or is_float_leaf(args[position])
        for path, leaf in argument.items():
            if not is_float_leaf(leaf):
                assert result[path] is None, f"{program.name}: leaf {path} is not a float, its gradient must be None"
            elif isinstance(leaf, np.ndarray):
                assert isinstance(result[path], np.ndarray) and result[path].dtype == leaf.dtype
            else:
                assert type(result[path]) is type(leaf), f"{program.name}: leaf {path} is {type(result[path])}"


def random_direction(program: Program, args: Arguments, seed: int) -> Gradient:
    """A random tangent for every float leaf under `wrt`."""
    rng = np.random.default_rng(seed + 1000)
    return {path: rng.normal(size=np.shape(leaf)) for path, leaf in float_leaves(args).items()
            if path[0] in program.positions}


def tangents(args: Arguments, direction: Gradient) -> Arguments:
    """The direction in the structure of the arguments: zeros where it says nothing, None where nothing can vary."""

    def tangent(path: Any, leaf: Any) -> Any:
        if not is_float_leaf(leaf):
            return None
        value = direction.get(path, np.zeros(np.shape(leaf)))
        return np.array(value, dtype=leaf.dtype) if isinstance(leaf, np.ndarray) else type(leaf)(value)

    return map_leaves(args, tangent)


def in_structure_of_gradient(program: Program, args: Arguments, direction: Gradient) -> Any:
    """The direction as a cotangent for the result of `wb.grad`."""
    all_tangents = tangents(args, direction)
    picked = tuple(all_tangents[position] for position in program.positions)
    return picked if isinstance(program.wrt, tuple) else picked[0]


def inner(first: Gradient, second: Gradient) -> float:
    """Σ over leaves of ⟨first, second⟩."""
    return float(sum(np.sum(first[path] * second[path]) for path in first))


def close(found: Any, expected: Any, tolerance: float) -> bool:
    """Equality of leaves to a relative tolerance; what is not a float, or infinite, must be equal (a NaN: a NaN)."""
    left, right = dict(leaves(found)), dict(leaves(expected))
    if set(left) != set(right):
        return False
    for path, leaf in right.items():
        if not is_float_leaf(leaf):
            same = np.array_equal(left[path], leaf) if isinstance(leaf, np.ndarray) else left[path] == leaf
            if not same:
                return False
        elif np.shape(left[path]) != np.shape(leaf):
            return False
        elif np.size(leaf) and not _are_near(np.asarray(left[path]), np.asarray(leaf), tolerance):
            return False
    return True


def _are_near(found: Any, expected: Any, tolerance: float) -> bool:
    finite = expected[np.isfinite(expected)]
    scale = 1e-3 + np.max(np.abs(finite), initial=0.0)
    with np.errstate(invalid="ignore"):
        alike = (found == expected) | (np.isnan(found) & np.isnan(expected))
        gap = np.where(alike, 0.0, np.abs(found - expected))
    return bool(np.max(gap) <= tolerance * scale)
