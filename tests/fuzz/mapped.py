"""A program under `wb.vmap`: values, effects and gradients of a batch are those of its items, one by one.

The items are the program's own arguments and others near them, stacked along their first or their last axis. Plain
Python's loop over views of the batch says what values and effects must be; the gradient of the first item is the
oracle's, those of the others are the program's own derivative's. A weighted sum over the batch is differentiated, too.
"""
from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import workbench as wb
from tests.corpus.oracle import Gradient
from tests.corpus.structure import copy_arguments, is_float_leaf, leaves, map_leaves
from tests.fuzz.compare import derivative_tolerance, off, value_tolerance
from tests.fuzz.expected import PROGRAM_ERRORS, Expected, wrt
from tests.fuzz.generate import FuzzProgram
from tests.programs.calling import close
from workbench.ir import DifferentiationError

FEW, MANY = 3, 66  # items: MANY is more than one block of them
MANY_SHARE = 5  # one batch in so many has MANY
UNUSABLE, REFUSED = "another item raises", "refused"


class Batch:
    """A program's arguments as a batch along an axis; what is not a float is the same for all items."""

    def __init__(self, args: tuple[Any, ...], size: int, axis: int) -> None:
        self.size, self.axis = size, axis
        self.stacked = map_leaves(args, lambda path, leaf: self._stack(leaf) if is_float_leaf(leaf) else leaf)
        self.axes = tuple(map_leaves(arg, lambda path, leaf: axis if is_float_leaf(leaf) else None) for arg in args)

    def _stack(self, leaf: Any) -> Any:
        factors = [np.asarray(leaf).dtype.type(1.0 - 0.11 * (k % 7)) for k in range(self.size)]
        return np.stack([leaf * factor for factor in factors], self.axis)

    def item(self, k: int, stacked: Any = None) -> Any:
        """The arguments of item k, views where they are arrays."""
        def part(path: Any, leaf: Any) -> Any:
            return leaf[(..., k) if self.axis == -1 and leaf.ndim > 1 else k] if is_float_leaf(leaf) else leaf
        return map_leaves(self.stacked if stacked is None else stacked, part)

    def fresh(self) -> Any:
        return copy_arguments(self.stacked)


def weakness(program: FuzzProgram, ref: Expected, function: Callable[..., Any], args: tuple[Any, ...],
             turn: int) -> str:
    """What is wrong with a batch (`turn` says of which kind), "" where nothing is; REFUSED where it is not compiled,
    UNUSABLE where there is nothing to compare with."""
    batch = Batch(args, MANY if turn % MANY_SHARE == 0 else FEW, -1 if turn % 2 else 0)
    plain = batch.fresh()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            values = [function(*batch.item(k, plain)) for k in range(batch.size)]
        except (*PROGRAM_ERRORS, TypeError, RuntimeWarning):
            return UNUSABLE
    try:
        return _values(program, function, batch, plain, values) or _gradients(program, ref, function, batch)
    except DifferentiationError:
        return REFUSED


def _values(program: FuzzProgram, function: Callable[..., Any], batch: Batch, plain: Any, values: list[Any]) -> str:
    ours = batch.fresh()
    found = wb.vmap(function, batch.axes, engine="numba")(*ours)
    if not close(np.asarray(found, float), np.asarray(values, float), value_tolerance(program)):
        return f"values {found}, one by one {values}"
    if not close(ours, plain, value_tolerance(program)):
        return f"effects {ours}\none by one {plain}"
    return ""


def _gradients(program: FuzzProgram, ref: Expected, function: Callable[..., Any], batch: Batch) -> str:
    positions, tolerance = wrt(batch.item(0)), derivative_tolerance(program)
    derivative = wb.grad(function, positions, engine="numba")
    alone = batch.fresh()
    one_by_one = [_by_path(derivative(*batch.item(k, alone)), positions) for k in range(batch.size)]
    together = wb.vmap(derivative, batch.axes, engine="numba")(*batch.fresh())
    weights = np.linspace(1.0, -0.7, batch.size)

    mapped = wb.vmap(function, batch.axes)

    def total(*args: Any) -> Any:
        return np.sum(mapped(*args) * weights)
    summed = wb.grad(total, positions, engine="numba")(*batch.fresh())
    for k, wanted in enumerate(one_by_one):
        if k == 0 and ref.status == "sound":
            wanted = {path: leaf for path, leaf in ref.gradient.items() if path in wanted}
        for what, gradient, axis, factor in (("batched gradient", together, 0, 1.0),
                                             ("gradient of a sum", summed, batch.axis, weights[k])):
            found = {path: np.take(leaf, k, axis) for path, leaf in _by_path(gradient, positions).items()}
            wrong = off(found, {path: factor * leaf for path, leaf in wanted.items()}, tolerance)
            if wrong:
                return f"{what}, item {k} of {batch.size}, axis {batch.axis}: {wrong}"
    return ""


def _by_path(gradient: Any, positions: tuple[int, ...]) -> Gradient:
    return {path: np.asarray(leaf) for position, part in zip(positions, gradient, strict=True)
            for path, leaf in leaves(part, (position,)) if leaf is not None}
