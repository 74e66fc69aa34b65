"""What a random program may mention at one point: names of scalars, arrays and counters, and bounded expressions.

Invariant: every expression is finite and changes by at most a linear amount when it is assigned back, so that no loop
of a few iterations can overflow; every index is within the array's length, whatever path was taken.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

SMOOTH = ("math.sin({0})", "math.tanh({0})", "math.cos({0})", "{0} / (1.5 + {1} * {1})", "{0} * math.cos({1})",
          "0.5 * {0} + 0.3 * {1}", "math.exp(-{0} * {0})", "math.sqrt(1.0 + {0} * {0})", "math.log(2.0 + {0} * {0})",
          "0.4 * {0} - math.sin({1}) * {2}", "math.atan({0} - {1})", "math.tanh({0} * {1}) + 0.2 * {2}")
KINKED = ("max({0}, {1})", "min({0}, 0.5 * {1})", "abs({0})", "({0} if {1} > {2} else math.sin({1}))")
OF_ARRAYS = ("np.sum({a})", "math.tanh(0.2 * np.dot({a}, {a}))", "np.mean({a})", "np.max({a})", "np.sum(np.sin({a}))",
             "np.sum({a}[::-1] * np.cos({a}))")


@dataclass
class Scope:
    """Names that are defined on every path to here.

    scalars: readable scalars; targets: those that may be assigned; arrays: name -> length, or None where only the
    first two elements are sure to exist; counters: name -> exclusive upper bound.
    """

    random: Random
    scalars: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    arrays: dict[str, int | None] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)

    def inner(self) -> Scope:
        """A copy for a block whose new names end with it."""
        return Scope(self.random, list(self.scalars), list(self.targets), dict(self.arrays), dict(self.counters))

    def add_scalar(self, name: str, *, assignable: bool = True) -> None:
        if name not in self.scalars:
            self.scalars.append(name)
        if assignable and name not in self.targets:
            self.targets.append(name)

    def constant(self) -> str:
        return repr(round(self.random.uniform(-1.5, 1.5), 2))

    def array(self) -> str:
        return self.random.choice(list(self.arrays))

    def same_length(self, name: str) -> list[str]:
        """Arrays that certainly have the length of `name`, itself included."""
        length = self.arrays[name]
        return [name] if length is None else [other for other, size in self.arrays.items() if size == length]

    def sized(self) -> list[str]:
        """Arrays of known length."""
        return [name for name, length in self.arrays.items() if length is not None]

    def index(self, array: str) -> str:
        length = self.arrays[array] or 2
        fitting = [name for name, bound in self.counters.items() if bound <= length]
        if fitting and self.random.random() < 0.6:
            return self.random.choice(fitting)
        if self.counters and self.random.random() < 0.3:
            counter = self.random.choice(list(self.counters))
            return f"({counter} + {self.random.randrange(3)}) % {length}"
        return str(self.random.randrange(-length, length))

    def element(self) -> str:
        array = self.array()
        return f"{array}[{self.index(array)}]"

    def atom(self) -> str:
        draw = self.random.random()
        if draw < 0.5 and self.scalars:
            return self.random.choice(self.scalars)
        if draw < 0.85:
            return self.element()
        return self.constant() if draw < 0.93 or not self.counters else self.random.choice(list(self.counters))

    def scalar(self, depth: int = 2) -> str:
        """A scalar expression whose value is bounded by that of its atoms."""
        draw = self.random.random()
        if depth == 0 or draw < 0.2:
            return self.atom()
        if draw < 0.32:
            return self.random.choice(OF_ARRAYS).format(a=self.array())
        template = self.random.choice(KINKED if draw < 0.42 else SMOOTH)
        return template.format(*(self.atom() if self.random.random() < 0.6 else f"({self.scalar(depth - 1)})"
                                 for _ in range(3)))

    def squashed(self) -> str:
        """A scalar expression within about [-1, 1]."""
        return self.random.choice(("math.sin({0})", "math.tanh({0})", "0.5 * math.cos({0})")).format(self.scalar(1))

    def condition(self) -> str:
        draw = self.random.random()
        simple = f"{self.atom()} {self.random.choice('<>')} {self.random.choice((self.constant(), self.atom()))}"
        if draw < 0.6:
            return simple
        if draw < 0.7:
            return f"not {simple}"
        if draw < 0.8:
            return f"-0.8 < {self.atom()} <= 0.9"
        if draw < 0.9 and self.counters:
            return f"{self.random.choice(list(self.counters))} % 2 == {self.random.randrange(2)}"
        return f"{simple} {self.random.choice(('and', 'or'))} {self.scalar(1)} > {self.constant()}"
