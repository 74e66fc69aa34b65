"""How the tests of the front end run a program: traced, interpreted (no pass, no compilation), against plain Python."""
from __future__ import annotations

import copy
from typing import Any

import numpy as np

from tests.fuzz.interpreted import interpret, output, traced
from workbench.ir import Op, print_function, walk


def agrees(function: Any, *args: Any) -> Any:
    """The interpreted value, after asserting that it, its type, and what is written are what plain Python gives."""
    ours, theirs = copy.deepcopy(args), copy.deepcopy(args)
    expected = function(*theirs)
    found = interpret(function, ours)
    same(found, expected)
    for mine, plain in zip(ours, theirs, strict=True):
        if isinstance(mine, np.ndarray):
            np.testing.assert_array_equal(mine, plain)
    return found


def output_of(program: Any, results: list[Any]) -> Any:
    """What the program returns, of the interpreter's results."""
    return output(program, results)


def same(found: Any, expected: Any) -> None:
    """Equality of values, kinds and shapes, bit for bit but for rounding of sums."""
    if isinstance(expected, (tuple, list)):
        assert type(found) is type(expected) and len(found) == len(expected)
        for one, other in zip(found, expected):
            same(one, other)
        return
    assert type(found) is type(expected), f"{found!r}, not {expected!r}"
    if isinstance(expected, (np.ndarray, np.generic)):
        assert found.dtype == expected.dtype and found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=0.0)


def loops(function: Any, *args: Any) -> list[Op]:
    """The loops of the program, outer before inner."""
    return [op for op in walk(traced(function, args).function.block) if op.prim in ("for", "while")]


def carried(loop: Op) -> dict[str, str]:
    """Names and kinds of what a loop carries (without the counter of a counted loop)."""
    params = loop.regions[0].params[1 if loop.prim == "for" else 0:]
    return {p.name: p.kind.value for p in params}


def primitives(loop: Op) -> set[str]:
    """The operations inside a loop."""
    return {op.prim for region in loop.regions for op in walk(region)}


def text(function: Any, *args: Any) -> str:
    """The program as it is printed."""
    return print_function(traced(function, args).function)
