"""Where in a loop a formula is largest.

Invariant: `greatest` is exact where a formula only grows or only shrinks with the index, or is a convex function of it;
else it is no less than the most.
"""

from __future__ import annotations

from workbench.cost.formula import Apply, Atom, Formula, Sum, Symbol, is_nonnegative, maximum, of


def greatest(formula: Formula, index: Symbol, first: int, turns: Formula) -> Formula:
    """The most that a formula is while the index runs from `first` to turns - 1."""
    if not formula.depends_on(index):
        return formula
    if first:
        formula = formula.bind({index: _index(index) + first})
        turns = turns - first
    last = turns - 1
    ways = direction(formula, index)
    if ways == {1}:
        return formula.bind({index: last})
    if ways == {-1}:
        return formula.bind({index: 0})
    if is_convex(formula, index):
        return maximum(formula.bind({index: 0}), formula.bind({index: last}))
    total = of(0)
    for monomial, coefficient in formula.terms.items():
        term = Formula({monomial: coefficient})
        way = direction(term, index)
        total = total + (term if not way else term.bind({index: 0}) if way == {-1} else term.bind({index: last}))
    return total


def direction(formula: Formula, index: Symbol) -> set[int]:
    """The ways in which a formula may change where the index grows: up (1), down (-1); none where it does not."""
    found: set[int] = set()
    for monomial, coefficient in formula.terms.items():
        for atom, _ in monomial:
            ways = _of_atom(atom, index)
            rest = Formula({frozenset((a, p) for a, p in monomial if a != atom): 1})
            if ways and not is_nonnegative(rest):
                return {1, -1}
            found |= ways if coefficient > 0 else {-way for way in ways}
    return found


def _of_atom(atom: Atom, index: Symbol) -> set[int]:
    if isinstance(atom, Symbol):
        return {1} if atom == index else set()
    if isinstance(atom, Sum):
        return {1, -1} if atom.body.depends_on(index) or atom.turns.depends_on(index) else set()
    if not any(arg.depends_on(index) for arg in atom.args):
        return set()
    if atom.function in ("max", "min"):
        return direction(atom.args[0], index) | direction(atom.args[1], index)
    if atom.function in ("positive", "capacity"):
        return direction(atom.args[0], index)
    if atom.function == "floordiv" and is_nonnegative(atom.args[1]) and not atom.args[1].depends_on(index):
        return direction(atom.args[0], index)
    return {1, -1}


def is_convex(formula: Formula, index: Symbol) -> bool:
    """Whether a formula is surely a convex function of the index, from 0 on."""
    for monomial, coefficient in formula.terms.items():
        moving = [(atom, p) for atom, p in monomial if atom == index or _of_atom(atom, index)]
        rest = Formula({frozenset(part for part in monomial if part not in moving): coefficient})
        if not moving:
            continue
        atom, power = moving[0]
        linear = atom == index and power == 1
        if len(moving) > 1 or not (linear or (is_nonnegative(rest) and (
                atom == index or (power == 1 and _is_convex_maximum(atom, index))))):
            return False
    return True


def _is_convex_maximum(atom: Atom, index: Symbol) -> bool:
    return isinstance(atom, Apply) and atom.function == "max" and all(is_convex(arg, index) for arg in atom.args)


def _index(index: Symbol) -> Formula:
    return Formula({frozenset(((index, 1),)): 1})
