"""How arguments of everyday programs are drawn, and the list that each module keeps of its programs."""
from __future__ import annotations

import copy
from typing import Any

from tests.corpus.program import Program, program


class Programs(list[Program]):
    """Programs in the order of their definition."""

    def example(self, draw: Any, wrt: Any = 0) -> Any:
        """A decorator: the function is one of them."""
        def register(function: Any) -> Any:
            self.append(program(function, draw, wrt, oracle="difference"))
            return function
        return register


def numbers(*bounds: tuple[float, float]) -> Any:
    """Floats, each between two bounds."""
    return lambda rng: tuple(float(rng.uniform(a, b)) for a, b in bounds)


def array(*shape: int, lo: float = -1.0, hi: float = 1.0) -> Any:
    """One array."""
    return lambda rng: (rng.uniform(lo, hi, shape),)


def several(*draws: Any) -> Any:
    """The arguments of all."""
    return lambda rng: tuple(x for draw in draws for x in draw(rng))


def R(low: float, high: float, *shape: int) -> Any:
    """A float, or an array of a shape, between two bounds."""
    return lambda rng: rng.uniform(low, high, shape) if shape else float(rng.uniform(low, high))


def drawn(*makers: Any) -> Any:
    """One argument each: what a function draws, or a fresh copy of what is given."""
    return lambda rng: tuple(make(rng) if callable(make) else copy.deepcopy(make) for make in makers)
