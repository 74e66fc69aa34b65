"""What a random program may mention at one point: names of numbers and arrays, bounded expressions, filled-in forms.

Invariant: every expression is finite and changes by at most a linear amount when it is assigned back, so that no loop
of a few iterations can overflow; every index is within the array's length, whatever path was taken.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from random import Random
from typing import Any

from tests.fuzz.forms import Form
from tests.fuzz.views import Box

SMOOTH = ("math.sin({0})", "math.tanh({0})", "math.cos({0})", "{0} / (1.5 + {1} * {1})", "{0} * math.cos({1})",
          "0.5 * {0} + 0.3 * {1}", "math.exp(-{0} * {0})", "math.sqrt(1.0 + {0} * {0})", "math.log(2.0 + {0} * {0})",
          "0.4 * {0} - math.sin({1}) * {2}", "math.atan({0} - {1})", "math.tanh({0} * {1}) + 0.2 * {2}",
          "math.tanh({0}) ** 3", "-{0} * 0.7", "(1.1 + math.sin({0})) ** {C}", "math.atan2({0}, 1.5 + {1} * {1})",
          "math.hypot({0}, 1.0)", "(2.0 + math.cos({0})) ** math.tanh({1})", "+{0} - -{1} / 3", "np.tanh({0})")
KINKED = ("max({0}, {1})", "min({0}, 0.5 * {1})", "abs({0})", "({0} if {1} > {2} else math.sin({1}))",
          "max({0}, {1}, 0.25)", "np.maximum({0}, 0.3 * {1})")
OF_ARRAYS = ("np.sum({a})", "math.tanh(0.2 * np.dot({a}, {a}))", "np.mean({a})", "np.max({a})", "np.sum(np.sin({a}))",
             "np.sum({a}[::-1] * np.cos({a}))")
_PLACE = re.compile(r"\{(\w+)\}")


class Unavailable(Exception):
    """A form needs something that the scope does not hold."""


@dataclass(frozen=True)
class Vector:
    """A float array: its length, or None where only the first two elements are sure; kind "d" or "f" (float32)."""

    length: int | None
    kind: str = "d"


@dataclass
class Scope:
    """Names that are defined on every path to here.

    scalars: readable scalars; targets: those that may be assigned; counters: name -> exclusive upper bound; `indices`:
    arrays of indices, name -> (count, bound); `small`: arrays of length 0 or 1; `waves`: complex arrays;
    `fixed`: arrays that tuples hold, which cannot be assigned; `boxes`: arrays of any shape (`layouts`).
    """

    random: Random
    scalars: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    arrays: dict[str, Vector] = field(default_factory=dict)
    matrices: dict[str, tuple[int, int]] = field(default_factory=dict)
    small: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    integers: list[str] = field(default_factory=list)
    integer_targets: list[str] = field(default_factory=list)
    masks: dict[str, int] = field(default_factory=dict)
    indices: dict[str, tuple[int, int]] = field(default_factory=dict)
    complexes: list[str] = field(default_factory=list)
    waves: dict[str, int] = field(default_factory=dict)
    fixed: list[str] = field(default_factory=list)
    boxes: dict[str, Box] = field(default_factory=dict)

    def inner(self) -> Scope:
        """A copy for a block whose new names end with it."""
        held = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "random"}
        return replace(self, **{name: value.copy() for name, value in held.items()})

    def add_scalar(self, name: str, *, assignable: bool = True) -> None:
        if name not in self.scalars:
            self.scalars.append(name)
        if assignable and name not in self.targets:
            self.targets.append(name)

    def pick(self, options: Any) -> Any:
        """One of them; raises Unavailable where there are none."""
        options = list(options)
        if not options:
            raise Unavailable
        return self.random.choice(options)

    # -- arrays ------------------------------------------------------------------------------------------------------
    @property
    def mixed(self) -> bool:
        """True where float32 is about, so that scalars are converted before they are assigned."""
        return any(vector.kind == "f" for vector in self.arrays.values())

    def array(self, least: int = 2) -> str:
        return str(self.pick(name for name, vector in self.arrays.items() if (vector.length or 2) >= least))

    def same_length(self, name: str, *, kind: bool = True) -> list[str]:
        """Arrays that certainly have the length of `name` (and its kind), itself included."""
        like = self.arrays[name]
        return [name] if like.length is None else [
            other for other, vector in self.arrays.items()
            if vector.length == like.length and (vector.kind == like.kind or not kind)]

    def sized(self) -> list[str]:
        """Arrays of known length."""
        return [name for name, vector in self.arrays.items() if vector.length is not None]

    def index(self, array: str) -> str:
        length = self.arrays[array].length or 2
        fitting = [name for name, bound in self.counters.items() if bound <= length]
        if fitting and self.random.random() < 0.6:
            return self.random.choice(fitting)
        if self.counters and self.random.random() < 0.3:
            counter = self.random.choice(list(self.counters))
            return f"({counter} + {self.random.randrange(3)}) % {length}"
        if self.integers and self.random.random() < 0.25:
            return f"({self.integer()}) % {length}"
        return str(self.random.randrange(-length, length))

    def place(self, array: str) -> str:
        return f"{array}[{self.index(array)}]"

    def element(self) -> str:
        """An element to read."""
        array = self.array()
        place = self.place(array)
        return f"float({place})" if self.arrays[array].kind == "f" else place

    # -- expressions -------------------------------------------------------------------------------------------------
    def constant(self) -> str:
        return repr(round(self.random.uniform(-1.5, 1.5), 2))

    def integer(self) -> str:
        draw = self.random.random()
        names = self.integers + list(self.counters)
        if not names or draw < 0.2:
            return str(self.random.randrange(-4, 9))
        name = self.random.choice(names)
        return name if draw < 0.7 else f"{name} {self.random.choice('+-*')} {self.random.randrange(1, 4)}"

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
            array = self.array()
            text = self.random.choice(OF_ARRAYS).format(a=array)
            return f"float({text})" if self.arrays[array].kind == "f" else text
        template = self.random.choice(KINKED if draw < 0.42 else SMOOTH)
        parts = [self.atom() if self.random.random() < 0.6 else f"({self.scalar(depth - 1)})" for _ in range(3)]
        return template.format(*parts, C=self.constant())

    def squashed(self) -> str:
        """A scalar expression within about [-1, 1]."""
        return self.random.choice(("math.sin({0})", "math.tanh({0})", "0.5 * math.cos({0})")).format(self.scalar(1))

    def condition(self) -> str:
        draw = self.random.random()
        simple = f"{self.atom()} {self.random.choice(('<', '>', '<=', '>='))} " \
                 f"{self.random.choice((self.constant(), self.atom()))}"
        if draw < 0.6:
            return simple
        if draw < 0.7:
            return f"not {simple}"
        if draw < 0.8:
            return f"-0.8 < {self.atom()} <= 0.9"
        if draw < 0.9 and (self.counters or self.integers):
            return f"({self.integer()}) % {self.random.choice((2, 3))} {self.random.choice(('==', '!='))} 1"
        return f"{simple} {self.random.choice(('and', 'or'))} {self.scalar(1)} > {self.constant()}"

    # -- forms -------------------------------------------------------------------------------------------------------
    def fill(self, form: Form, fresh: Callable[[str], str]) -> list[str]:
        """The lines of a form, its new name in the scope. Raises Unavailable where something is missing."""
        bound: dict[str, str] = {}

        def word(match: re.Match[str]) -> str:
            key = match[1]
            if key in _DRAWN:
                return str(_DRAWN[key](self, bound))
            if key not in bound:
                bound[key] = fresh(form.makes[:1] or "l") if key[0] == "v" else str(_BOUND[key](self, bound, form))
            return bound[key]

        keys = {match[1] for match in _PLACE.finditer(form.text)}
        if "n" in keys:
            bound["a"] = bound["n"] = self.named(bound)
        if "y" in keys:
            bound["a"] = bound["y"] = str(self.pick(n for n in self.sized() if self.arrays[n].kind == "f"))
        for first, needing in (("a", "abdpgILiD"), ("m", "mwutrjRH")):
            if keys & set(needing) and first not in bound:
                bound[first] = _BOUND[first](self, bound, form)
        lines = _PLACE.sub(word, form.text).split("\n")
        if form.makes:
            self._register(form, bound)
        return lines

    def _register(self, form: Form, bound: dict[str, str]) -> None:
        name, makes = bound["v"], form.makes
        size: Any = None
        if form.size is not None:
            of_matrix = "{m}" in form.text
            base = self.matrices[bound["m"]] if of_matrix else self.arrays[bound["a"]].length if "a" in bound else 0
            if base is None:
                raise Unavailable
            size = form.size(base)
        kind = self.arrays[bound["a"]].kind if "a" in bound and makes == "array" else "d"
        if makes == "scalar":
            self.add_scalar(name)
        elif makes == "reading":
            self.add_scalar(name, assignable=False)
        elif makes == "integer":
            self.integers.append(name)
        elif makes in ("array", "single"):
            if size < 2:
                raise Unavailable
            self.arrays[name] = Vector(size, "f" if makes == "single" else kind)
        elif makes == "even" and (self.arrays[bound["a"]].length or 1) % 2:
            raise Unavailable
        elif makes in ("matrix", "even"):
            self.matrices[name] = size
        elif makes == "mask":
            self.masks[name] = size
        elif makes == "small":
            self.small[name] = size
        elif makes == "resmall":
            self.small[name] = self.small[bound["e"]]
        elif makes == "complex":
            self.complexes.append(name)
        elif makes == "wave":
            self.waves[name] = size
        elif makes == "gathered":
            count = self.indices[bound["I"]][0] if bound["I"] in self.indices else 3
            self.arrays[name] = Vector(count, self.arrays[bound["a"]].kind)
        elif makes == "index":
            self.indices[name] = (3, self.arrays[bound["a"]].length or 2)
        elif makes == "reindex":
            self.indices[name] = self.indices.get(bound["I"], (3, self.arrays[bound["a"]].length or 2))

    def index_list(self, bound: dict[str, str]) -> str:
        length = self.arrays[bound["a"]].length or 2
        return str([self.random.randrange(-length, length) for _ in range(3)])

    def index_array(self, bound: dict[str, str]) -> str:
        length = self.arrays[bound["a"]].length or 2
        fitting = [name for name, (_, limit) in self.indices.items() if limit <= length]
        return self.random.choice(fitting) if fitting and self.random.random() < 0.6 else \
            f"np.array({self.index_list(bound)})"

    def mask(self, bound: dict[str, str]) -> str:
        length = self.arrays[bound["a"]].length
        fitting = [name for name, size in self.masks.items() if size == length]
        return self.random.choice(fitting) if fitting and self.random.random() < 0.7 else \
            f"({bound['a']} > {self.constant()})"

    def mask_of(self, bound: dict[str, str], axis: int) -> str:
        """A mask for an axis of a matrix: what other arrays say, a name's, one place, or as the program has it."""
        name, length = bound["m"], self.matrices[bound["m"]][axis]
        across = "[:, {}]" if axis == 0 else "[{}]"
        place = self.random.randrange(self.matrices[name][1 - axis])
        options = [f"({name}{across.format(place)} > {self.constant()})",
                   f"({name}{across.format(place)} < {self.atom()})",
                   f"(np.arange({name}.shape[{axis}]) != ({self.integer()}) % {length})",
                   f"(np.arange({length}) == ({self.integer()}) % {length})",
                   f"np.array({[self.random.random() < 0.6 for _ in range(length)]})"]
        options += [name for name, size in self.masks.items() if size == length] * 2
        options += [f"({name} > {self.constant()})" for name in self.sized() if self.arrays[name].length == length][:2]
        return self.random.choice(options)

    def named(self, bound: dict[str, str], *, like: str = "") -> str:
        """An array whose name can be assigned, of the length and kind of another."""
        names = [name for name in (self.same_length(bound[like]) if like else self.sized()) if name not in self.fixed]
        return str(self.pick(names))

    def vector(self, length: int) -> str:
        return str(self.pick(n for n, v in self.arrays.items() if v.length == length and v.kind == "d"))


Bound = dict[str, str]
_DRAWN: dict[str, Callable[[Scope, Bound], str]] = {
    "i": lambda scope, bound: scope.index(bound["a"]), "s": lambda scope, bound: scope.scalar(1),
    "q": lambda scope, bound: scope.squashed(), "x": lambda scope, bound: scope.atom(),
    "c": lambda scope, bound: scope.condition(), "k": lambda scope, bound: scope.integer(),
    "C": lambda scope, bound: scope.constant(),
    "r": lambda scope, bound: str(scope.random.randrange(-1, scope.matrices[bound["m"]][0])),
    "j": lambda scope, bound: str(scope.random.randrange(-1, scope.matrices[bound["m"]][1])),
}
_BOUND: dict[str, Callable[[Scope, Bound, Form], str]] = {
    "a": lambda scope, bound, form: scope.array(form.least),
    "b": lambda scope, bound, form: scope.pick(scope.same_length(bound["a"])),
    "d": lambda scope, bound, form: scope.pick(scope.same_length(bound["a"], kind=False)),
    "p": lambda scope, bound, form: scope.place(bound["a"]),
    "e": lambda scope, bound, form: scope.pick(scope.small),
    "m": lambda scope, bound, form: scope.pick(scope.matrices),
    "w": lambda scope, bound, form: scope.pick(
        n for n, shape in scope.matrices.items() if shape == scope.matrices[bound["m"]]),
    "u": lambda scope, bound, form: scope.vector(scope.matrices[bound["m"]][1]),
    "t": lambda scope, bound, form: scope.vector(scope.matrices[bound["m"]][0]),
    "g": lambda scope, bound, form: scope.mask(bound), "I": lambda scope, bound, form: scope.index_array(bound),
    "L": lambda scope, bound, form: scope.index_list(bound),
    "R": lambda scope, bound, form: scope.mask_of(bound, 0), "H": lambda scope, bound, form: scope.mask_of(bound, 1),
    "D": lambda scope, bound, form: "np.float32" if scope.arrays[bound["a"]].kind == "f" else "np.float64",
    "A": lambda scope, bound, form: scope.named(bound), "B": lambda scope, bound, form: scope.named(bound, like="A"),
    "K": lambda scope, bound, form: scope.pick(scope.integer_targets),
    "T": lambda scope, bound, form: scope.pick(scope.targets),
    "z": lambda scope, bound, form: scope.pick(scope.complexes),
    "Z": lambda scope, bound, form: scope.pick(scope.waves),
}
