"""Second derivatives inside traced programs: derivatives of derivatives, each one program.

The gradient runs once where a loop of Hessian-vector products is asked for: its pushforward is what the loop calls.

Source: Griewank & Walther, Evaluating Derivatives (2008), section 5.4 (second-order adjoints).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from workbench.frontend.activation import Activation
from workbench.frontend.arrays import read
from workbench.frontend.library.shaping import size_of
from workbench.frontend.outputs import Leaf, leaves
from workbench.frontend.values import Scalar
from workbench.ir import Value
from workbench.operators import linear, strategy
from workbench.operators.containers import opened
from workbench.operators.evaluated import derivative_of, flatten, shaped
from workbench.operators.expansions import nested_laplacian
from workbench.operators.jacobian import Call, Jacobian, Linearised, Operator, blocks_of
from workbench.operators.nesting import by_position, nested_gradient, position_of
from workbench.operators.units import array_of
from workbench.records import dataclass


@dataclass(frozen=True)
class Gradient:
    """`grad` or `value_and_grad` of a function, as a callable of programs that are traced."""

    function: Any
    wrt: tuple[Any, ...]
    several: bool
    with_value: bool = False
    has_aux: bool = False
    deterministic: bool = False

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call it."""
        positions = tuple(position_of(act, self.function, w) for w in self.wrt)
        return nested_gradient(act, self.function, positions, self.several, self.with_value, self.has_aux, args, named,
                               self.deterministic)


@dataclass(frozen=True)
class SecondOrder(Operator):
    """What the operators of second order have in common."""

    def call(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Call, str]:
        """The call of the first derivative, which is differentiated again; and the way that is taken."""
        mode = self.mode
        if mode == "auto":
            mode = strategy.chosen(self.operator, self._inputs(act, args), 1, self.deterministic)
        first = Jacobian(self.function, self.wrt, self.several, strategy.FORWARD, self.has_aux, of_number=True) if (
            mode == strategy.FORWARD_OVER_FORWARD) else Gradient(self.function, self.wrt, self.several, False,
                                                                 self.has_aux, self.deterministic)
        call = Call(act, first, self.wrt, args, named, self.has_aux)
        if self.operator != "hvp" and any(leaf.kind.is_complex for tree in call.takes for leaf in leaves(tree)):
            act.t.fail(f"{self.operator} by complex numbers", "differentiate by the real and the imaginary part")
        return call, mode

    def _inputs(self, act: Activation, args: tuple[Any, ...]) -> int | None:
        """How many numbers there are under wrt, where these are plain numbers."""
        positions = [position_of(act, self.function, w) for w in self.wrt]
        given = [args[k] for k in positions if k < len(args)]
        are_numbers = all(isinstance(v, (Scalar, float, np.floating)) for v in given)
        return len(given) if are_numbers and len(given) == len(positions) else None

    def diagonal(self, act: Activation, call: Call, mode: str) -> tuple[Linearised, dict[int, Value]]:
        """The second derivative by each number twice, stacked by the positions of what the call takes."""
        t = act.t
        done = call.linearised(second(mode))
        given = [leaf for tree in call.takes for leaf in leaves(tree)]
        pairs = {leaf.position: out.position for leaf, out in zip(given, leaves(call.gives), strict=True)}
        if mode == strategy.REVERSE_OVER_REVERSE:  # (from cotangents of the gradient to those of the arguments)
            pairs = {given: taken for taken, given in pairs.items()}
        order = {position: k for k, position in enumerate(linear.positions(done.map.gives))}

        def taken(results: list[Value], leaf: Leaf, where: list[Value]) -> list[Value]:
            found = results[order[pairs[leaf.position]]]
            return [t.emit("load", found, *where) if where else found]
        found = {position: value for position, (value,) in done.units(act).each(taken, self.operator).items()}
        if mode == strategy.REVERSE_OVER_REVERSE:
            found = {pairs[position]: value for position, value in found.items()}
        return done, found


def second(mode: str) -> str:
    """The mode in which the first derivative is differentiated."""
    return strategy.REVERSE if mode == strategy.REVERSE_OVER_REVERSE else strategy.FORWARD


@dataclass(frozen=True)
class Hessian(SecondOrder):
    """The Hessian of a function."""

    operator: ClassVar[str] = "hessian"

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call it."""
        call, mode = self.call(act, args, named)
        return Jacobian(call.function, self.wrt, self.several, second(mode), self.has_aux).of(act, call)


@dataclass(frozen=True)
class Hvp(SecondOrder):
    """The Hessian of a function times a tangent, its last argument."""

    operator: ClassVar[str] = "hvp"

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call it."""
        if "v" in named:
            args = (*args, named["v"])
        primals, v = args[:-1], args[-1]
        call, mode = self.call(act, primals, {name: value for name, value in named.items() if name != "v"})
        flat: dict[int, Value] = {}
        tangents = entries(act, v) if self.several else [v]
        if len(tangents) != len(call.takes):
            raise TypeError(f"{len(call.takes)} arguments and {len(tangents)} tangents")
        for tree, tangent in zip(call.takes, tangents, strict=True):
            flatten(act, tree, tangent, flat)
        if mode == strategy.REVERSE_OVER_REVERSE:
            return self._pulled(act, call, flat)
        value, dots = call.pushed(flat)
        results = list(dots.values())
        made = derivative_of(act, call.gives, results, {position: k for k, position in enumerate(dots)})
        return (made, value[1]) if self.has_aux else made

    def _pulled(self, act: Activation, call: Call, tangents: dict[int, Value]) -> Any:
        """As the gradient of the gradient's product with the tangent."""
        done = call.linearised(strategy.REVERSE)
        given = [leaf for tree in call.takes for leaf in leaves(tree)]
        seeds = {out.position: tangents[leaf.position] for out, leaf in zip(leaves(call.gives), given, strict=True)}
        results = done.map.run(act, seeds)
        places = {position: k for k, position in enumerate(linear.positions(call.takes))}
        made = tuple(derivative_of(act, tree, results, places) for tree in call.takes)
        found = made if self.several else made[0]
        return (found, done.aux) if self.has_aux else found


def entries(act: Activation, v: Any) -> list[Any]:
    """The entries of a tuple or list."""
    found = opened(act.t, v)
    if found is None or found.keys is not None:
        raise TypeError("for several arguments, a tuple of tangents is needed")
    return found.parts


@dataclass(frozen=True)
class DiagHessian(SecondOrder):
    """The diagonal of the Hessian, in the structure of the argument."""

    operator: ClassVar[str] = "diag_hessian"

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call it."""
        call, mode = self.call(act, args, named)
        done, found = self.diagonal(act, call, mode)

        def entry(leaf: Leaf) -> Any:
            value = found[leaf.position]
            if leaf.rank < 0:
                return Scalar(value, leaf.python)
            return array_of(act, value, call.program.operands[leaf.position].dims)
        made = tuple(shaped(act.t, tree, entry, lambda static: None) for tree in call.takes)
        result = made if self.several else made[0]
        return (result, done.aux) if self.has_aux else result


@dataclass(frozen=True)
class Laplacian(SecondOrder):
    """The sum of the second derivatives by each number twice."""

    operator: ClassVar[str] = "laplacian"

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call it."""
        way: Way = LAPLACIANS.get(self.mode, _of_diagonal)
        value, aux = way(self, act, args, named)
        return (value, aux) if self.has_aux else value


Way = Callable[[Laplacian, Activation, tuple[Any, ...], dict[str, Any]], tuple[Any, Any]]


def _of_diagonal(laplacian: Laplacian, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """By Hessian-vector products of which one number each is wanted."""
    call, mode = laplacian.call(act, args, named)
    done, found = laplacian.diagonal(act, call, mode)
    return summed(act, found.values(), call.takes), done.aux


def _of_hessian(laplacian: Laplacian, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """By all of the Hessian."""
    call, _ = replace(laplacian, mode=strategy.FORWARD_OVER_REVERSE).call(act, args, named)
    done = call.linearised(strategy.FORWARD)
    blocks = blocks_of(act, done, strategy.FORWARD)
    t, found = act.t, []
    given = [leaf for tree in call.takes for leaf in leaves(tree)]
    pairs = {leaf.position: out.position for leaf, out in zip(given, leaves(call.gives), strict=True)}
    for position, out in pairs.items():
        block = blocks[out, position]
        if isinstance(block, Scalar):
            found.append(block.value)
            continue
        n = size_of(t, call.program.operands[position].dims)
        square = array_of(act, read(t, block), (n, n))
        found.append(t.scalar(t.environment.call(act, np.trace, (square,), {})))
    return summed(act, found, call.takes), done.aux


def summed(act: Activation, values: Iterable[Value], takes: Sequence[Any]) -> Any:
    """The sum of numbers and of all entries of arrays: a Python number where only such are differentiated by."""
    t = act.t
    parts = [t.emit("sum", v, axes=tuple(range(v.rank))) if v.is_array else v for v in values]
    total = parts[0]
    for part in parts[1:]:
        total = t.emit("add", total, part)
    return Scalar(total, all(leaf.python for tree in takes for leaf in leaves(tree)))


def _carried(laplacian: Laplacian, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """By forward mode: the sum is carried through the program, with all first derivatives."""
    args, named = by_position(laplacian.function, args, named)
    positions = tuple(position_of(act, laplacian.function, w) for w in laplacian.wrt)
    if any(k >= len(args) for k in positions):
        act.t.fail("the argument under wrt is not among those that are passed by position",
                   "pass it by position in the inner call")
    value, total = nested_laplacian(act, laplacian.function, positions, args, named, laplacian.has_aux, of_number=True)
    return total, value[1] if laplacian.has_aux else None


#: The ways to a Laplacian that are more than a way to the Hessian's diagonal.
LAPLACIANS: dict[str, Way] = {
    "hessian": _of_hessian, strategy.COLLAPSED: _carried,
}
