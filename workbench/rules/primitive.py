"""What a primitive is, and the table of them.

A primitive is one record: the callables that mean it, its type rule, its derivative, how NumPy computes it and how
Numba spells it, what it costs, and where its domain is. Elementwise primitives state partial derivatives once, as
lambdas `(y, *x)` on overloaded operands; structured ones (and the non-holomorphic complex ones) give `vjp` and `jvp`.

Conventions. A partial of `None` is an exact zero, and `partials=()` says that all are. A derivative that is not stated
is not known: it is refused, never taken for zero. Complex partials are holomorphic derivatives: forward mode multiplies
by them, reverse mode by their conjugates. A `vjp` is the whole adjoint under Re<.,.>: it conjugates by itself.
Where a primitive has a `vjp`, that is used, whatever else it has. Of a primitive with several results, `y` and `y_bar`
are tuples (None for a cotangent that is zero), and `jvp` gives a tuple of tangents.

Source: Griewank & Walther, Evaluating Derivatives (2008), ch. 3; Giles, "Collected matrix derivative results" (2008).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, NoReturn

import numpy as np

from workbench.deferred import Meanings
from workbench.ir import Builder, DifferentiationError, Kind, Type, Value
from workbench.records import dataclass
from workbench.rules.costs import amounts

Partial = Callable[..., Any]
Attrs = Mapping[str, Any]
Types = tuple[Type, ...]
Spelling = Callable[[Sequence[Kind], Kind], tuple[str, int]]
Cost = amounts.Cost
TypeRule = Callable[[Sequence[Value], Attrs], Types]

BOOL = frozenset({Kind.BOOL})
INT = frozenset({Kind.INT})
FLOAT = frozenset(kind for kind in Kind if kind.is_float)
COMPLEX = frozenset(kind for kind in Kind if kind.is_complex)
INEXACT = FLOAT | COMPLEX
REAL = INT | FLOAT
NUMBER = INT | INEXACT
ANY = NUMBER | BOOL

# Python's operator precedences, as far as spellings need them
ATOM, POWER, UNARY, TIMES, PLUS, SHIFT, BITAND, BITXOR, BITOR, COMPARE, NOT, AND, OR, TERNARY = range(14, 0, -1)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A partial derivative that is not known: using it is refused, at the line of the operation."""

    reason: str

    def __call__(self, y: Any, *xs: Any) -> NoReturn:
        span = next((x.builder.span for x in (*xs, y) if hasattr(x, "builder")), None)
        raise DifferentiationError(self.reason, span, "hold it fixed, or differentiate by the other arguments")


@dataclass(frozen=True, slots=True)
class Sample:
    """Inputs for a test: operands as NumPy values, attributes, and which operands may be differentiated."""

    operands: tuple[Any, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """One primitive; see the module's text for the conventions.

    kinds: per operand, the kinds it takes (the last entry serves further operands).
    domain: per operand of an elementwise primitive, the interval that tests draw from.
    samples: of a structured primitive, `(rng, kind) -> list[Sample]`.
    results: how many results there are; `numpy` gives a tuple where they are several.
    integral: positions at which integers stay integers beside inexact operands (where only integers are taken they do).
    adjoint: of what the transforms differentiate by themselves, what becomes of cotangents, for the documentation.
    numba: spelling for real operands, `numba_complex` for complex ones (format strings over the operands, or a function
    of their kinds and the result's that gives one and its precedence); precedence: of the spelling, as in Python;
    kernels: functions that the spelling calls.
    flops: floating-point operations for each element of the result (of a reduction or product: of what it reads; of a
    decomposition: times the cube of the size); transcendental: they are of a library's function.
    cost: of what is not one operation on numbers, all that it does (see `workbench.rules.costs`).
    workspace: of what a kernel computes, the bytes that it holds beside operands and results while it runs, at most: a
    function of the operands' extents (see `workspaces`).
    singular: a partial may be infinite where a cotangent is zero, which is zero then.
    instead: what operands of another kind mean: another primitive (its name), or a value that is there.
    exact: of integers, the operation in exact arithmetic, None where it is not folded; simpler: see `identities`.
    analytic: the complex step works through `numpy` (False where it branches on a real value).
    """

    name: str
    numpy: Callable[..., Any]
    types: TypeRule
    arity: int | None = None
    elementwise: bool = False
    kinds: tuple[frozenset[Kind], ...] = (ANY,)
    callables: tuple[Any, ...] = ()
    partials: tuple[Partial | None, ...] | None = None
    vjp: Callable[..., Any] | None = None
    jvp: Callable[..., Any] | None = None
    adjoint: str = ""
    integral: tuple[int, ...] = ()
    numba: str | Spelling | None = None
    numba_complex: str | Spelling | None = None
    precedence: int = ATOM
    kernels: tuple[Callable[..., Any], ...] = ()
    flops: int = 0
    cost: Cost | None = None
    workspace: Callable[..., Any] | None = None
    transcendental: bool = False
    singular: bool = False
    analytic: bool = True
    results: int = 1
    instead: Callable[[Builder, Sequence[Value], Attrs], str | Value | None] | None = None
    exact: Callable[..., int | None] | None = None
    simpler: Callable[[Builder, Sequence[Value]], Value | None] | None = None
    domain: tuple[tuple[float, float], ...] = ()
    samples: Callable[[np.random.Generator, Kind], list[Sample]] | None = None

    def result_types(self, operands: Sequence[Value], attrs: Mapping[str, Any]) -> tuple[Type, ...]:
        """Types of the results. Raises TypeError for operands that the primitive does not take."""
        if self.arity is not None and len(operands) != self.arity:
            raise TypeError(f"{self.name} takes {self.arity} operands, not {len(operands)}")
        return self.types(operands, attrs)

    @property
    def differentiable(self) -> bool:
        """True where some derivative is not zero."""
        return self.vjp is not None or any(p is not None for p in self.partials or ())

    def is_known(self, position: int) -> bool:
        """True where the derivative by this operand is known (zero included)."""
        return not self.partials or not isinstance(self.partials[position], Unknown)

    def takes(self, position: int, kind: Kind) -> bool:
        """True where an operand of this kind is taken at this position."""
        return kind in self._kinds(position)

    def is_whole(self, position: int) -> bool:
        """True where an operand is an integer or truth value while others may be inexact."""
        return not self._kinds(position) & INEXACT and any(kinds & INEXACT for kinds in self.kinds)

    def _kinds(self, position: int) -> frozenset[Kind]:
        return self.kinds[min(position, len(self.kinds) - 1)]


_TABLE: dict[str, Primitive] = {}
_BY_CALLABLE: Meanings[Primitive] = Meanings()


def register(primitive: Primitive) -> Primitive:
    """Enter a primitive into the table.

    Raises ValueError where its name, or one of its callables, is taken."""
    if primitive.name in _TABLE:
        raise ValueError(f"there is already a primitive {primitive.name!r}")
    for callable_ in primitive.callables:
        known = _BY_CALLABLE.get(callable_)
        if known is not None:
            raise ValueError(f"{callable_!r} already means {known.name}")
        _BY_CALLABLE[callable_] = primitive
    _TABLE[primitive.name] = primitive
    return primitive


def get(name: str) -> Primitive:
    """The primitive of a name. Raises KeyError."""
    return _TABLE[name]


def by_callable(obj: object) -> Primitive | None:
    """The primitive that a Python callable means, if any."""
    try:
        return _BY_CALLABLE.get(obj)
    except TypeError:  # not hashable
        return None


def table() -> Mapping[str, Primitive]:
    """All primitives by name."""
    return dict(_TABLE)
