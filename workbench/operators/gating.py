"""What a gate is to do for a specialisation: its guards, inputs and results in the terms of `engines.numba.gates`.

Programs of Python's numbers, without effects, have gates; calls of others are Python's all the way. Invariant: a gate
tests every guard, in an order in which none is asked of what an earlier one should have kept out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import CellType
from typing import Any

from workbench.engines.numba import gate_code, gates
from workbench.frontend import Guard, Leaf, Path
from workbench.operators import calling
from workbench.operators.specialisation import Specialisation

_KINDS = {"is": gate_code.IS, "type": gate_code.HAS_TYPE, "fits": gate_code.FITS, "equal": gate_code.EQUALS}
_CONSTANTS = (bool, int, float, complex, str, bytes, type(None))


def gate(made: Specialisation, arity: int, with_value: bool, several: bool, missed: Callable[..., Any],
         failed: Callable[..., Any], settled: Callable[..., Any]) -> Callable[..., Any] | None:
    """The gate of a specialisation, None where it has none. The functions are those of `gates.Gate`."""
    traced, value = made.traced, _place_of(made.traced.output)
    places = _gradients(made)
    if (made.request.mode != "grad" or made.request.has_aux or made.single or traced.effects or traced.written
            or value is None or not places or len(places) < len(made.gradients)
            or any(item.rank >= 0 or not item.python for item in traced.inputs)):
        return None
    tests, rest = _tests(made.program.guards)
    data = [_place(item.path) for item in traced.inputs]
    found = [place for place in data if place is not None]
    given = found == [gates.Place(gate_code.ARGUMENT, k) for k in range(arity)]
    first, end = places[0], places[-1] + 1
    results = gates.Results(made.compiled.results, first, end, several, value if with_value else None,
                            in_python=places != list(range(first, end)))
    return gates.Gate(
        arity, tests, made.compiled.entry, results, missed, failed, settled, None if given else found,
        calling.guard_function(rest, arity) if rest else None, None if None not in data else made.pick).made()


def returned(made: Specialisation, results: Sequence[Any], args: tuple[Any, ...], with_value: bool,
             several: bool) -> Any:
    """What a call behind a gate gives, of the program's results."""
    places = _gradients(made)
    if not all(results[k] - results[k] == 0.0 for k in places):  # x - x is 0 for every finite x
        results = made.looked_into(made.pick(args), (), results)
    gradient = tuple(results[k] for k in places) if several else results[places[0]]
    return (results[_place_of(made.traced.output) or 0], gradient) if with_value else gradient


def _gradients(made: Specialisation) -> list[int]:
    """Where the derivatives that are Python's numbers are among the results."""
    return [place for place in map(_place_of, made.gradients) if place is not None]


def _place_of(tree: Any) -> int | None:
    """Where a leaf that is one of Python's numbers is among the results."""
    return tree.position if isinstance(tree, Leaf) and tree.rank < 0 and tree.python else None


def _tests(guards: Sequence[Guard]) -> tuple[list[gates.Condition], list[Guard]]:
    """The guards that machine code tests, and those that Python tests afterwards."""
    tests: list[gates.Condition] = []
    rest: list[Guard] = []
    for guard in guards:
        place = _place(guard.path)
        kind = _KINDS.get(guard.kind)
        if (place is None or kind is None or (kind == gate_code.EQUALS and type(guard.expected) not in _CONSTANTS)
                or (rest and place.attribute)):
            rest.append(guard)
        else:
            tests.append(gates.Condition(place, kind, guard.expected))
    return tests, rest


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
