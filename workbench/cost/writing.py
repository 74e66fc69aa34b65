"""Formulas as a person would write them: `2·n·m + 3·n`, highest powers first.

What is written holds for sizes that are not tiny: where n is at least 1, `max(n - 1, 0)` is n - 1. `threshold` says
from which size on. (Evaluated, a formula is exact for empty arrays, too.)
"""

from __future__ import annotations

from fractions import Fraction

from workbench.cost.formula import Atom, Formula, Monomial, Number, Sum, Symbol

_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


#: Sizes from which on a formula may be simpler.
TRIED = (1, 2, 3, 4, 6, 8)


def written(formula: Formula) -> str:
    """The formula as text, for sizes from `threshold` on.

    >>> from workbench.cost.formula import maximum, symbol
    >>> n, m = symbol("n"), symbol("m")
    >>> written(3 * n + n * m * 2 + maximum(n - 2, 0))
    '2·m·n + 4·n − 2'
    """
    return _formula(_for_sizes_from(TRIED[-1], formula))


def threshold(formula: Formula) -> int:
    """The smallest size, of all dimensions, from which on the formula is what `written` says.

    >>> from workbench.cost.formula import maximum, symbol
    >>> threshold(maximum(symbol("n") - 2, 0))
    2
    """
    text = written(formula)
    return next(least for least in TRIED if _formula(_for_sizes_from(least, formula)) == text)


def _for_sizes_from(least: int, formula: Formula) -> Formula:
    """The formula where no dimension and no integer is less."""
    lifted: dict[Symbol, Formula | Number] = {
        s: Formula({frozenset(((Symbol(s.name, least), 1),)): 1})
        for s in formula.symbols if s.is_size and s.least < least}
    return formula.bind(lifted)


def _formula(formula: Formula) -> str:
    return _Writer().formula(formula)


class _Writer:
    """Writes formulas; each of their atoms once, which they share and hold several deep."""

    def __init__(self) -> None:
        self._known: dict[Atom, str] = {}

    def formula(self, formula: Formula) -> str:
        """The sum of its terms."""
        if not formula.terms:
            return "0"
        text = ""
        for monomial in sorted(formula.terms, key=self._order):
            coefficient = formula.terms[monomial]
            term = self._term(monomial, -coefficient if coefficient < 0 else coefficient)
            text += (" − " if coefficient < 0 else " + ") + term if text else ("−" if coefficient < 0 else "") + term
        return text

    def _order(self, monomial: Monomial) -> tuple[int, list[tuple[str, int]]]:
        """Higher degrees first, then by name."""
        return -sum(power for _, power in monomial), sorted((self._atom(atom), -power) for atom, power in monomial)

    def _term(self, monomial: Monomial, coefficient: Number) -> str:
        above = coefficient.numerator if isinstance(coefficient, Fraction) else coefficient
        factors = [f"{text}{str(power).translate(_POWERS) if power > 1 else ''}"
                   for text, power in sorted((self._atom(atom), power) for atom, power in monomial)]
        if above != 1 or not factors:
            factors.insert(0, _number(above))
        below = f"/{coefficient.denominator}" if isinstance(coefficient, Fraction) else ""
        return "·".join(factors) + below

    def _atom(self, atom: Atom) -> str:
        text = self._known.get(atom)
        if text is None:
            text = self._known[atom] = self._made(atom)
        return text

    def _made(self, atom: Atom) -> str:
        if isinstance(atom, Symbol):
            return atom.name.lstrip("·")  # (an index of a loop)
        if isinstance(atom, Sum):
            return f"Σ({self._atom(atom.index)} < {self.formula(atom.turns)}: {self.formula(atom.body)})"
        args = [self.formula(arg) for arg in atom.args]
        if atom.function == "floordiv":
            return f"⌊{_in_brackets(args[0])}/{_in_brackets(args[1])}⌋"
        if atom.function in ("positive", "zero"):
            return f"[{args[0]} {'>' if atom.function == 'positive' else '='} 0]"
        return f"{atom.function}({', '.join(sorted(args, key=lambda text: (text.lstrip('−').isdigit(), text)))})"


def _number(number: Number) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)


def _in_brackets(text: str) -> str:
    return f"({text})" if " " in text else text
