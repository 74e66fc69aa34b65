"""Bessel functions. By the order they have no derivative here; by the argument: Abramowitz & Stegun (1964), 9.1.27-28
and 9.6.26-27.
"""

from __future__ import annotations

from typing import Any

from workbench.rules.entries import foreign
from workbench.rules.expr import apply
from workbench.rules.primitive import Unknown

_ORDER = Unknown("the derivative of a Bessel function by its order is not known in closed form")
_POSITIVE = ((0.3, 4.0),)


def _bessel(letter: str, before: float, after: float) -> None:
    """Of one kind: order 0, order 1, and any order; the derivative is before f(v-1) + after f(v+1)."""
    general = f"{letter}v"

    def by_argument(y: Any, v: Any, x: Any) -> Any:
        return before * apply(general, v - 1.0, x) + after * apply(general, v + 1.0, x)

    foreign(f"{letter}0", (lambda y, x: 2.0 * after * apply(f"{letter}1", x),), _POSITIVE)
    foreign(f"{letter}1", (lambda y, x: before * apply(f"{letter}0", x) + after * apply(general, 2.0, x),), _POSITIVE)
    foreign(general, (_ORDER, by_argument), ((0.3, 2.0), (0.3, 4.0)), f"__pyx_fuse_1{general}")


_bessel("j", 0.5, -0.5)
_bessel("y", 0.5, -0.5)
_bessel("i", 0.5, 0.5)
_bessel("k", -0.5, -0.5)
