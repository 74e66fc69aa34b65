"""The Jacobian inside a traced program: a linear map, once, and a loop over what it takes.

Invariant: its shape is that of the result followed by that of the argument; structures are nested likewise, the
result's outside. Complex derivatives follow the convention of `wb.grad`: of a real number by z it is the derivative by
the real part and i times that by the imaginary part; of a complex function it is f'(z), where that is said to exist.

Source: Griewank & Walther, Evaluating Derivatives (2008), sections 3.1 and 3.2.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from workbench.frontend.activation import Activation
from workbench.frontend.outputs import Leaf, Node, Tree, leaves
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Scalar, describe
from workbench.ir import Constant, Kind, Op, Value, definitions
from workbench.operators import linear, strategy
from workbench.operators.evaluated import conforming, flatten, shaped
from workbench.operators.inner import traced
from workbench.operators.nesting import by_position, position_of
from workbench.operators.structure import inexact
from workbench.operators.units import Units, array_of
from workbench.records import dataclass
from workbench.transforms import jvp

_NOT_HOLOMORPHIC = "the Jacobian of a complex function by complex numbers"


@dataclass(frozen=True, eq=False)
class Linearised:
    """A function of the program, called and linearised: what it is given and gives, as trees (`takes`, one for each
    argument under wrt, and `gives`), its value, and the linear map."""

    takes: tuple[Tree, ...]
    gives: Tree
    value: Any
    aux: Any
    map: linear.LinearMap
    dims: dict[int, tuple[Value, ...]]  # of what the map takes

    def units(self, act: Activation, one: complex = 1.0, items_last: bool = False) -> Units:
        """All unit tangents, or cotangents."""
        found = {leaf.position: leaf for tree in self.map.takes for leaf in leaves(tree)}
        return Units(act, list(found.values()), self.dims, lambda flat: self.map.run(act, flat), one, items_last)


class Call:
    """A function of a traced program and the arguments it is called with, traced but not yet differentiated."""

    def __init__(self, act: Activation, function: Any, wrt: Sequence[Any], args: tuple[Any, ...],
                 named: dict[str, Any], has_aux: bool) -> None:
        self.act = act
        self.function = function
        args, self.named = by_position(function, args, named)
        self.wrt = tuple(position_of(act, function, w) for w in wrt)
        if any(k >= len(args) for k in self.wrt):
            act.t.fail("the argument under wrt is not among those that are passed by position",
                       "pass it by position in the inner call")
        self.program = program = traced(act, function, args, self.named)
        self.takes = tuple(inexact(program.argument_tree(act, k)) for k in self.wrt)
        for k, tree in zip(self.wrt, self.takes, strict=True):
            if not any(True for _ in leaves(tree)):
                act.t.fail(f"the argument under wrt is {describe(args[k])}: it has no derivative",
                           "pass floats, or name another argument in wrt")
        self.has_aux = has_aux
        output = program.output
        if has_aux:
            if not (isinstance(output, Node) and output.type is tuple and len(output.children) == 2):
                act.t.fail("with has_aux=True the function must return (value, anything)")
            output = output.children[0]
        self.gives = inexact(output)
        if not any(True for _ in leaves(self.gives)):
            act.t.fail("the function returns no float: it has no derivative")

    # ------------------------------------------------------------------ sizes
    def inputs(self) -> int | None:
        """How many numbers are differentiated by, where that is known."""
        found = {leaf.position: leaf for tree in self.takes for leaf in leaves(tree)}
        t = self.act.t
        return _total([[_known(dim, t.builder.definitions.get, t.environment.known_size)
                        for dim in map(t.builder.resolve, self.program.operands[k].dims)] for k in found])

    def outputs(self) -> int | None:
        """How many numbers are differentiated, where that is known."""
        function, t = self.program.function, self.act.t
        makers = definitions(function)

        def of_param(dim: Value) -> int | None:
            place = function.shape_params.get(dim)
            return None if place is None else size_known(t, self.program.operands[place[0]].dims[place[1]])
        found = {leaf.position: leaf for leaf in leaves(self.gives)}
        return _total([[_known(dim, makers.get, of_param) for dim in function.results[k].dims] for k in found])

    # ------------------------------------------------------------------ differentiated
    def linearised(self, mode: str) -> Linearised:
        """Call it, in the program that is traced, with its pushforward or pullback."""
        act, program = self.act, self.program
        is_reverse = mode == strategy.REVERSE
        takes, gives = self.takes, (self.gives,)
        if is_reverse:
            value, made = linear.mapped(act, self.function, program, self.named, gives, takes, True)
        else:
            value, made = linear.mapped(act, self.function, program, self.named, takes, gives, False)
        value, aux = value if self.has_aux else (value, None)
        dims: dict[int, tuple[Value, ...]] = {}
        if is_reverse:
            flat: dict[int, Value] = {}
            flatten(act, self.gives, value, flat)
            dims.update({position: v.dims for position, v in flat.items()})
        else:
            dims.update({leaf.position: program.operands[leaf.position].dims
                         for tree in takes for leaf in leaves(tree)})
        return Linearised(takes, self.gives, value, aux, made, dims)


    def pushed(self, flat: dict[int, Value]) -> tuple[Any, dict[int, Value]]:
        """Call it once along a tangent: its value, and the tangents of what it gives by position."""
        act, program = self.act, self.program
        count = len(program.function.results)
        wanted = list(dict.fromkeys(leaf.position for leaf in leaves(self.gives)))
        along = {k: conforming(act, v, program.operands[k].dims, "tangent", "argument") for k, v in flat.items()}
        results = program.inlined(act, jvp(program.function, list(along), wanted), list(along.values()))
        program.effects(act, results)
        return program.value(act, results), dict(zip(wanted, results[count:], strict=True))


_SIZES: dict[str, Callable[..., int]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "maximum": max, "minimum": min}


def size_known(t: Tracer, dim: Value) -> int | None:
    """The size of a dimension: a constant, that of an argument of the call that is specialised for, or made of such."""
    return _known(t.builder.resolve(dim), t.builder.definitions.get, t.environment.known_size)


def _known(dim: Value, maker: Callable[[Value], Op | None], of_param: Callable[[Value], int | None]) -> int | None:
    if isinstance(dim, Constant):
        return int(dim.value.real)
    op = maker(dim)
    if op is None or op.prim not in _SIZES:
        return of_param(dim)
    parts = [_known(v, maker, of_param) for v in op.operands]
    return None if None in parts else _SIZES[op.prim](*parts)


def _total(shapes: Sequence[Sequence[int | None]]) -> int | None:
    """How many numbers arrays of these shapes have, None where a size is not known."""
    known = [[size for size in shape if size is not None] for shape in shapes]
    return sum(map(math.prod, known)) if list(map(len, known)) == list(map(len, shapes)) else None


@dataclass(frozen=True)
class Operator:
    """An operator in a program that is traced: of which function, by what, which way. `operator` is its name."""

    function: Any
    wrt: tuple[Any, ...]
    several: bool
    mode: str = "auto"
    has_aux: bool = False
    deterministic: bool = False
    operator: ClassVar[str]


@dataclass(frozen=True)
class Jacobian:
    """The Jacobian of a function, as a callable of programs that are traced."""

    operator: ClassVar[str] = "jacobian"

    function: Any
    wrt: tuple[Any, ...]
    several: bool
    mode: str = "auto"
    has_aux: bool = False
    holomorphic: bool = False
    deterministic: bool = False
    of_number: bool = False  # of a function that must return one real float

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call it."""
        return self.of(act, Call(act, self.function, self.wrt, args, named, self.has_aux))

    def of(self, act: Activation, call: Call) -> Any:
        """The Jacobian of a call of the function."""
        made, aux = self.with_aux(act, call)
        return (made, aux) if self.has_aux else made

    def with_aux(self, act: Activation, call: Call) -> tuple[Any, Any]:
        """The Jacobian of a call, and what else the function returns."""
        if self.of_number and not is_number(call.gives):
            act.t.fail("the function must return one real float", "sum its result up")
        mode = self.mode
        if mode == "auto":
            mode = strategy.chosen("jacobian", call.inputs(), call.outputs(), self.deterministic)
        _refuse_complex(act.t, call, self.holomorphic)
        done = call.linearised(mode)
        blocks = blocks_of(act, done, mode, self.holomorphic)
        return nested(act, done, blocks, self.several), done.aux


def is_number(tree: Tree) -> bool:
    """True for one real float."""
    return isinstance(tree, Leaf) and tree.rank < 0 and tree.kind.is_float


def nested(act: Activation, done: Linearised, blocks: dict[tuple[int, int], Any], several: bool) -> Any:
    """Blocks, by the positions of what comes out and of what goes in, as the result nested in the arguments."""
    def by_inputs(out: Leaf) -> Any:
        made = tuple(shaped(act.t, tree, lambda leaf: blocks[out.position, leaf.position], lambda static: None)
                     for tree in done.takes)
        return made if several else made[0]
    return shaped(act.t, done.gives, by_inputs, lambda static: None)


def blocks_of(act: Activation, done: Linearised, mode: str, holomorphic: bool = False) -> dict[tuple[int, int], Any]:
    """The Jacobian's blocks by the positions of what comes out and of what goes in."""
    return (_reverse if mode == strategy.REVERSE else _forward)(act, done, holomorphic)


def _refuse_complex(t: Tracer, call: Call, holomorphic: bool) -> None:
    """Raise where a complex derivative is not defined."""
    takes = [leaf.kind.is_complex for tree in call.takes for leaf in leaves(tree)]
    gives = [leaf.kind.is_complex for leaf in leaves(call.gives)]
    if holomorphic and not all(takes + gives):
        t.fail("holomorphic=True, of a function that is not one of complex numbers with complex results",
               "leave it out: derivatives by real numbers, and of real ones, are always defined")
    if not holomorphic and any(takes) and any(gives):
        t.fail(_NOT_HOLOMORPHIC, "pass holomorphic=True if it is holomorphic; else differentiate by the real and the "
               "imaginary part")


def _forward(act: Activation, done: Linearised, holomorphic: bool) -> dict[tuple[int, int], Any]:
    """By one tangent for each number that goes in."""
    t = act.t
    gives = list({leaf.position: leaf for leaf in leaves(done.gives)}.values())

    def taken(results: list[Value], leaf: Leaf, indices: list[Value]) -> list[Value]:
        return [_cast(t, v, block_kind(out.kind, leaf.kind)) for v, out in zip(results, gives, strict=True)]
    takes = {leaf.position: leaf for tree in done.takes for leaf in leaves(tree)}
    columns = done.units(act, 1.0, True).each(taken, "forward")
    if not holomorphic and any(leaf.kind.is_complex for leaf in takes.values()):
        others = done.units(act, 1j, True).each(taken, "forward-imaginary")
        for position, leaf in takes.items():
            if leaf.kind.is_complex:
                columns[position] = [_plus_i_times(t, a, b) for a, b in zip(columns[position], others[position],
                                                                            strict=True)]
    return {(out.position, position): _block(act, column, out, _dims_out(column, leaf), leaf, done.dims[position])
            for position, leaf in takes.items() for out, column in zip(gives, columns[position], strict=True)}


def _dims_out(column: Value, leaf: Leaf) -> tuple[Value, ...]:
    return column.dims[:-1] if leaf.rank >= 0 else column.dims


def _reverse(act: Activation, done: Linearised, holomorphic: bool) -> dict[tuple[int, int], Any]:
    """By one cotangent for each number that comes out."""
    t = act.t
    takes = list({leaf.position: leaf for tree in done.takes for leaf in leaves(tree)}.values())

    def taken(results: list[Value], out: Leaf, indices: list[Value]) -> list[Value]:
        made = [_cast(t, v, block_kind(out.kind, leaf.kind)) for v, leaf in zip(results, takes, strict=True)]
        return [t.emit("conj", v) for v in made] if holomorphic else made
    gives = {leaf.position: leaf for leaf in leaves(done.gives)}
    rows = done.units(act).each(taken, "reverse")
    if not holomorphic and any(leaf.kind.is_complex for leaf in gives.values()):
        others = done.units(act, 1j).each(taken, "reverse-imaginary")
        for position, out in gives.items():
            if out.kind.is_complex:
                rows[position] = [_plus_i_times(t, a, b) for a, b in zip(rows[position], others[position], strict=True)]
    return {(position, leaf.position): _block(act, row, out, done.dims[position], leaf,
                                              row.dims[1:] if out.rank >= 0 else row.dims)
            for position, out in gives.items() for leaf, row in zip(takes, rows[position], strict=True)}


# ---------------------------------------------------------------------- blocks
def block_kind(out: Kind, given: Kind) -> Kind:
    """The kind of a derivative: as precise as what it is by, complex where one of the two is."""
    return given.complex if out.is_complex else given


def _cast(t: Tracer, value: Value, kind: Kind) -> Value:
    return value if value.kind is kind else t.emit("cast", value, kind=kind)


def _plus_i_times(t: Tracer, a: Value, b: Value) -> Value:
    """a + i b."""
    return t.emit("add", a, t.emit("mul", b, Constant(1j, b.kind)))


def _block(act: Activation, value: Value, out: Leaf, dims_out: Sequence[Value], leaf: Leaf,
           dims_in: Sequence[Value]) -> Any:
    """A block as a value of the evaluator: a number where both are."""
    if out.rank < 0 and leaf.rank < 0:
        return Scalar(value, leaf.python)
    return array_of(act, value, [*dims_out, *dims_in])
