"""What a gate is to do for a specialisation: its guards, inputs and results in the terms of `engines.numba.gates`.

Gradients without effects have gates; calls of others are Python's all the way. Invariant: a gate tests every guard, in
an order in which none is asked of what an earlier one should have kept out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import CellType
from typing import Any

from workbench.engines.numba import gate_code, gates
from workbench.frontend import Guard, Leaf, Path
from workbench.operators import calling
from workbench.operators.specialisation import Specialisation

_KINDS = {"is": gate_code.IS, "type": gate_code.HAS_TYPE, "fits": gate_code.FITS, "equal": gate_code.EQUALS,
          "array": gate_code.IS_ARRAY}
_CONSTANTS = (bool, int, float, complex, str, bytes, type(None))


def gate(made: Specialisation, arity: int, with_value: bool, several: bool, missed: Callable[..., Any],
         failed: Callable[..., Any], unsettled: Callable[..., Any],
         finished: Callable[..., Any]) -> tuple[Any, ...] | None:
    """The parts of a specialisation's gate, None where it has none. The functions are those of `gates.Gate`."""
    traced, program = made.traced, made.program
    if made.request.mode != "grad" or made.single or traced.effects or traced.written or program.repeats:
        return None
    conditions, rest = _conditions(program.guards)
    data = [gates.Datum(_place(item.path), item.kind.dtype, item.rank) if not item.packed else gates.Datum(None)
            for item in traced.inputs]
    holds = calling.guard_function(rest, arity) if rest else None
    pick = made.pick if any(datum.place is None for datum in data) else None
    return gates.Gate(arity, conditions, data, made.compiled.entry, _results(made, with_value, several), missed, failed,
                      unsettled, finished, functools.partial(_entered, made.door, made.pick), holds, pick).parts()


def _entered(door: calling.Door, pick: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The data of a call, as its program takes them. (What holds no specialisation may be kept by one.)"""
    return door.enter(pick(args))[0]


def _results(made: Specialisation, with_value: bool, several: bool) -> gates.Results:
    """What is returned; in Python where it is more than results as they are."""
    count, value = made.compiled.results, made.traced.output
    leaves = [tree for tree in made.gradients if isinstance(tree, Leaf) and tree.view is None]
    places = [leaf.position for leaf in leaves]
    numbers = [leaf for leaf in leaves if leaf.rank < 0 and not leaf.python]
    plain = isinstance(value, Leaf) and value.rank < 0 and value.source is None and value.first is None
    if (made.request.has_aux or not places or len(places) < len(made.gradients) or (several and numbers)
            or places != list(range(places[0], places[0] + len(places))) or (with_value and not plain)):
        return gates.Results(count, made.count, in_python=True)
    own = value if with_value and isinstance(value, Leaf) else None
    return gates.Results(count, made.count, places[0], places[-1] + 1, several, own.position if own else None,
                         own.kind.dtype.type if own and not own.python else None,
                         numbers[0].kind.dtype.type if numbers else None)


def _conditions(guards: Sequence[Guard]) -> tuple[list[gates.Condition], list[Guard]]:
    """The guards that machine code tests, and those that Python tests afterwards."""
    conditions: list[gates.Condition] = []
    rest: list[Guard] = []
    for guard in guards:
        place, kind = _place(guard.path), _KINDS.get(guard.kind)
        if (place is None or kind is None or (kind == gate_code.EQUALS and type(guard.expected) not in _CONSTANTS)
                or (rest and place.attribute)):
            rest.append(guard)
        elif kind == gate_code.IS_ARRAY:
            dtype, ones, writeable = guard.expected
            shape = writeable + sum(2 << k for k, is_one in enumerate(ones) if is_one)
            conditions.append(gates.Condition(place, kind, dtype, len(ones), shape))
        else:
            conditions.append(gates.Condition(place, kind, guard.expected))
    return conditions, rest


def _place(path: Path) -> gates.Place | None:
    """A path as machine code follows it; None where that takes Python."""
    if len(path.steps) > 1 or any(step != "attribute" for step, _ in path.steps):
        return None
    attribute = path.steps[0][1] if path.steps else ""
    kind, owner, *key = path.root
    if kind == "arg":
        return gates.Place(gate_code.ARGUMENT, owner, "", attribute)
    if kind == "dict":
        exact = type(owner) is dict and type(key[0]) is str
        return gates.Place(gate_code.ENTRY, owner, key[0], attribute) if exact else None
    if kind == "cell":
        return gates.Place(gate_code.CELL, owner, "", attribute) if type(owner) is CellType else None
    return gates.Place(gate_code.OBJECT, owner, "", attribute)
