"""Calling compiled code: from Python arguments to flat data, and from flat results to Python values.

For each specialisation small Python functions are generated that check the guards and pick the data in straight-line
code. The rest (structures, arrays that are copied in, writes to containers) is ordinary code. (Most calls of gradients
go by machine code instead: see `gating`.)

Invariant: a written argument holds at every exit, errors included, what the program itself would have left in it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType, MemberDescriptorType
from typing import Any

import numpy as np

from workbench.engines.cuda.arrays import is_stand_in, itself
from workbench.frontend import (
    Effect,
    Guard,
    Input,
    Leaf,
    Path,
    Traced,
    array_signature,
    build,
    exactly,
    fits,
    layout_of,
    python_scalar,
)

MISS = object()
_COLLECTING = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
_CHECKS: dict[str, Any] = {  # what tests of guards call
    "array_signature": array_signature, "layout_of": layout_of, "exactly": exactly, "fits": fits, "ndarray": np.ndarray}


def guard_function(guards: Sequence[Guard], count: int) -> Callable[[tuple[Any, ...]], bool]:
    """One function that checks the number of arguments and all guards."""
    space = dict(_CHECKS)
    tests = [f"len(args) == {count}", *(_test(guard, number, space) for number, guard in enumerate(guards))]
    body = " and\n            ".join(tests) or "True"
    text = (f"def holds(args):\n    try:\n        return ({body})\n"
            "    except (LookupError, AttributeError, ValueError, TypeError):\n        return False\n")
    exec(compile(text, "<workbench call>", "exec"), space)
    return space["holds"]  # type: ignore[no-any-return]


def path_expression(path: Path, space: dict[str, Any], number: str) -> str:
    """Python that fetches what a path leads to."""
    kind = path.root[0]
    if kind == "arg":
        text = f"args[{path.root[1]}]"
    elif kind == "dict":
        space[f"d{number}"] = path.root[1]
        text = f"d{number}[{path.root[2]!r}]"
    elif kind == "cell":
        space[f"c{number}"] = path.root[1]
        text = f"c{number}.cell_contents"
    else:
        space[f"o{number}"] = path.root[1]
        text = f"o{number}"
    for index, (step, key) in enumerate(path.steps):
        if step == "attribute":
            text += f".{key}"
        elif step == "apply":
            space[f"f{number}_{index}"] = key
            text = f"f{number}_{index}({text})"
        elif type(key) in (int, str):
            text += f"[{key!r}]"
        else:
            space[f"k{number}_{index}"] = key
            text += f"[k{number}_{index}]"
    return text


def _test(guard: Guard, number: int, space: dict[str, Any]) -> str:
    where = path_expression(guard.path, space, f"g{number}")
    expected = f"e{number}"
    space[expected] = guard.expected
    if guard.kind == "is":
        return f"{where} is {expected}"
    if guard.kind == "type":
        return f"type({where}) is {expected}"
    if guard.kind == "fits":
        return f"(type({where}) is {expected} and fits({where}))"
    if guard.kind == "absent" and guard.path.root[0] == "dict" and not guard.path.steps:
        return f"{guard.path.root[2]!r} not in dg{number}"
    if guard.kind.startswith("lacks") or guard.kind == "absent":
        space[expected] = guard
        return f"{expected}.holds(args)"
    if guard.kind == "length":
        return f"len({where}) == {expected}"
    if guard.kind in ("packed", "unpacked"):
        space[expected] = guard
        return f"{expected}.holds(args)"
    if guard.kind == "keys":
        return f"tuple({where}) == {expected} and set(map(type, {where})) <= {{str}}"
    if guard.kind == "exact":
        return f"exactly({where}) == {expected}"
    if guard.kind == "one":
        return f"{where} is {path_expression(guard.expected, space, f'h{number}')}"
    if guard.kind == "distinct":
        each = [f"id({path_expression(path, space, f'h{number}_{k}')})" for k, path in enumerate(guard.expected)]
        return f"len({{{', '.join(each)}}}) == {len(each)}"
    if guard.kind == "members":
        return f"{expected}.hold()"
    if guard.kind in ("placed", "apart"):
        space[expected] = guard
        return f"{expected}.holds(args)"
    if guard.kind.startswith("least"):
        return f"{where}.shape[{guard.expected[0]}] >= {guard.expected[1]}"
    if guard.kind.startswith("below"):
        return f"{where}.shape[{guard.expected[0]}] < {guard.expected[1]}"
    if guard.kind.startswith("size"):
        return f"{where}.shape[{guard.expected[0]}] == {guard.expected[1]}"
    if guard.kind.startswith("same"):
        axis, other, other_axis = guard.expected
        return f"{where}.shape[{axis}] == {path_expression(other, space, f'h{number}')}.shape[{other_axis}]"
    if guard.kind == "layout":
        return f"layout_of({where}) == {expected}"
    if guard.kind == "array":
        return f"type({where}) is ndarray and array_signature({where}) == {expected}"
    space[f"t{number}"] = type(guard.expected)
    return f"(type({where}) is t{number} and {where} == {expected})"


def filled(function: FunctionType, names: tuple[str, ...], args: tuple[Any, ...],
           named: dict[str, Any]) -> tuple[Any, ...] | None:
    """All arguments of a call of a function whose parameters have these names and may all be given by position, with
    its defaults of now; None where its signature is to be asked, which takes long."""
    code, defaults = function.__code__, function.__defaults__ or ()
    if (function.__dict__ or code.co_flags & _COLLECTING or code.co_kwonlyargcount or code.co_argcount != len(names)
            or code.co_varnames[:code.co_argcount] != names or (named and code.co_posonlyargcount)):
        return None
    left = len(names) - len(args)
    values = list(args)
    for k, name in enumerate(names[len(args):]):
        if name in named:
            values.append(named[name])
        elif left - k <= len(defaults):
            values.append(defaults[k - left])
        else:
            return None
    by_name = sum(name in named for name in names[len(args):])
    return tuple(values) if by_name == len(named) and left >= 0 else None


def picker(inputs: Sequence[Input]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """A function that picks the flat data out of the arguments (arrays as they are)."""
    space: dict[str, Any] = {}
    space["array"], space["float64"] = np.array, np.float64
    parts = [path_expression(item.path, space, f"p{k}") for k, item in enumerate(inputs)]
    parts = [f"array({part}, float64)" if item.packed else part for part, item in zip(parts, inputs, strict=True)]
    text = f"def pick(args):\n    return ({''.join(p + ', ' for p in parts)})\n"
    exec(compile(text, "<workbench call>", "exec"), space)
    return space["pick"]  # type: ignore[no-any-return]


class Door:
    """Takes arrays in and out: what compiled code needs is contiguous, aligned, of the right dtype."""

    def __init__(self, inputs: Sequence[Input], written: frozenset[int]) -> None:
        self.arrays = [(item.position, item.kind.dtype) for item in inputs if item.rank >= 0]
        self.written = written

    def enter(self, data: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[tuple[Any, Any]]]:
        """The data with unsuitable arrays copied, and pairs (user's array, copy) to be written back."""
        back: list[tuple[Any, Any]] = []
        changed: dict[int, Any] = {}
        for position, dtype in self.arrays:
            array = data[position]
            flags = array.flags
            if not (flags.c_contiguous and flags.aligned and array.dtype == dtype) and not is_stand_in(array):
                copy = np.array(array, dtype=dtype, order="C")
                changed[position] = copy
                if position in self.written:
                    back.append((array, copy))
        if changed:
            data = tuple(changed.get(k, v) for k, v in enumerate(data))
        return data, back


def apply_effects(effects: Sequence[Effect], args: tuple[Any, ...], leaf: Callable[[Leaf], Any]) -> None:
    """Write the attributes and entries that the program wrote."""
    for effect in effects:
        if effect.kind == "place":
            effect.path.put(build(effect.tree, leaf))
            continue
        owner = effect.path.fetch(args)
        content = build(effect.tree, leaf)
        if effect.kind == "attributes":
            for name, value in content.items():
                _set(owner, name, value)
        elif isinstance(owner, list):
            owner[:] = content
        else:
            owner.clear()
            owner.update(content)


def _set(owner: Any, name: str, value: Any) -> None:
    held = inspect.getattr_static(owner, name, MISS)  # (no `cached_property` or `__getattr__` is to run)
    if isinstance(held, MemberDescriptorType):
        held = getattr(owner, name, MISS)
    if held is not value:
        setattr(owner, name, value)


def leaf_reader(traced: Traced, data: tuple[Any, ...], results: Sequence[Any]) -> Callable[[Leaf], Any]:
    """How a leaf of the program's output is read from the flat results."""
    def read(leaf: Leaf) -> Any:
        if leaf.source is not None:
            return itself(data[leaf.source])
        value = results[leaf.position if leaf.first is None else leaf.first]
        return value if leaf.rank >= 0 else python_scalar(value, leaf)
    return read
