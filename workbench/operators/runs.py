"""The composed operators in recorded runs: one run of the tape, swept once for each unit tangent or cotangent.

Invariant: what is given back is what the compiled programs give, in the same structures, kinds and shapes.

Source: Griewank & Walther, Evaluating Derivatives (2008), section 6.1.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE
from workbench.engines.tape.structures import Items, Leaf, Tree, leaves, rebuilt
from workbench.engines.tape.tape import Tape, located
from workbench.frontend import python_function
from workbench.operators import strategy
from workbench.operators.derivative import Derivative
from workbench.operators.fields import Curl, Divergence
from workbench.operators.jacobian import Jacobian
from workbench.operators.second_order import DiagHessian, Hessian, Hvp, Laplacian, SecondOrder, second

Call = Callable[..., Any]
Path = tuple[Any, ...]


def run(call: Call, operator: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What an operator gives; `call` calls what may meet active numbers."""
    return _RUNS[type(operator)](call, operator, args, named)


class _Run:
    """A recorded run. takes, gives: the leaves under wrt and of the result."""

    def __init__(self, call: Call, function: Any, wrt: Sequence[int], args: tuple[Any, ...], named: dict[str, Any],
                 has_aux: bool) -> None:
        self.call = call
        self.function = function
        self.wrt = wrt
        self.tape = Tape(function, (*args, *named.values()), tuple(named), wrt, has_aux)
        self.count = len(args) + len(named)
        self.trees = [self.tape.leaves[k] for k in wrt]
        for k, tree in zip(wrt, self.trees, strict=True):
            if not any(True for _ in leaves(tree)):
                raise located(function, f"argument {k} holds no float: {args[k]!r:.60}", "give it as a float")
        self.takes = [leaf for tree in self.trees for leaf in leaves(tree)]
        self.gives = list(leaves(self.tape.result))
        if not self.gives:
            raise located(function, "the function returns no float: it has no derivative")
        self.aux = self.tape.value[1] if has_aux else None

    # ------------------------------------------------------------------ sweeps
    def push(self, seeds: dict[int, Any]) -> list[Any]:
        """The tangents of what the run gives, for tangents by leaf."""
        tangents: list[Any] = [None] * self.count
        for k, tree in zip(self.wrt, self.trees, strict=True):
            tangents[k] = _filled(tree, seeds)
        return _flat(self.tape.result, self.tape.tangent(tangents))

    def pull(self, seeds: dict[int, Any]) -> list[Any]:
        """The cotangents of what the run takes, for cotangents by leaf."""
        full = {id(leaf): np.zeros(leaf.part.nodes.shape, leaf.part.dtype) for leaf in self.gives} | seeds
        self.tape.backward(_filled(self.tape.result, full))
        return [x for k, tree in zip(self.wrt, self.trees, strict=True)
                for x in _flat(tree, self.tape.gradient(k))]

    def sizes(self) -> tuple[int, int]:
        """How many numbers go in and come out."""
        return tuple(sum(leaf.part.nodes.size for leaf in each) for each in (self.takes, self.gives))  # type: ignore

    # ------------------------------------------------------------------ blocks
    def blocks(self, mode: str, holomorphic: bool = False) -> dict[tuple[int, int], Any]:
        """The Jacobian's blocks by what comes out and what goes in."""
        if not holomorphic and any(leaf.part.is_complex for leaf in self.takes) and any(
                leaf.part.is_complex for leaf in self.gives):
            raise located(self.function, "the Jacobian of a complex function by complex numbers",
                          "pass holomorphic=True if it is holomorphic; else differentiate by the real and the "
                          "imaginary part")
        if holomorphic and not all(leaf.part.is_complex for leaf in (*self.takes, *self.gives)):
            raise located(self.function, "holomorphic=True, of a function that is not one of complex numbers with "
                          "complex results", "leave it out")
        is_reverse = mode == strategy.REVERSE
        made = {}
        for leaf in self.gives if is_reverse else self.takes:
            rows = self.rows(leaf, is_reverse, 1.0)
            if leaf.part.is_complex and not holomorphic:
                rows = [a + 1j * b for a, b in zip(rows, self.rows(leaf, is_reverse, 1j), strict=True)]
            for other, row in zip(self.takes if is_reverse else self.gives, rows, strict=True):
                out, given = (leaf, other) if is_reverse else (other, leaf)
                if holomorphic and is_reverse:
                    row = self.call(np.conj, row)
                made[id(out), id(given)] = self.formed(row, out, given, is_reverse)
        return made

    def rows(self, leaf: Leaf, is_reverse: bool, one: complex) -> list[Any]:
        """For each unit of a leaf what the sweep gives, stacked (of a number, not)."""
        sweep = self.pull if is_reverse else self.push
        swept = [sweep({id(leaf): unit}) for _, unit in _units(leaf, one)]
        if leaf.part.nodes.ndim == 0:
            return swept[0]
        others = self.takes if is_reverse else self.gives
        if not swept:
            return [np.zeros((0, *other.part.nodes.shape), other.part.dtype) for other in others]
        return [self.call(np.array if other.part.nodes.ndim == 0 else np.stack, [row[k] for row in swept])
                for k, other in enumerate(others)]

    def formed(self, row: Any, out: Leaf, given: Leaf, is_reverse: bool) -> Any:
        """A block of its own shape and kind."""
        kind = np.result_type(given.part.dtype, 1j) if out.part.is_complex else given.part.dtype
        shape = (*out.part.nodes.shape, *given.part.nodes.shape)
        if not shape:
            return row if given.kind is None or not _is_plain(row) else given.kind(row)
        if not is_reverse and given.part.nodes.ndim:
            row = self.call(np.moveaxis, row, 0, -1)
        row = self.call(np.reshape, row, shape)
        return row if row.dtype == kind else self.call(row.astype, kind)

    def nested(self, found: Callable[[Leaf, Leaf], Any], several: bool) -> Any:
        """Blocks as the result nested in the arguments."""
        return _shaped(self.tape.result, lambda out: self.arguments(lambda leaf: found(out, leaf), several))

    def arguments(self, found: Callable[[Leaf], Any], several: bool) -> Any:
        """Something for each leaf that is differentiated by, in the structure of the arguments."""
        made = tuple(_shaped(tree, found) for tree in self.trees)
        return made if several else made[0]

    def picked(self, mode: str) -> list[list[Any]]:
        """For each leaf that is taken, the derivatives of the number at the same place of the result, by rows."""
        is_reverse = mode == strategy.REVERSE
        firsts, seconds = (self.gives, self.takes) if is_reverse else (self.takes, self.gives)
        places = [(leaf, where) for leaf in seconds for where in np.ndindex(leaf.part.nodes.shape)]
        shapes, others = ([leaf.part.nodes.shape for leaf in each] for each in (firsts, seconds))
        vector = [(len(places),)]
        if shapes != others and (shapes, others) not in (([()] * len(places), vector), (vector, [()] * len(places))):
            raise located(self.function, "a vector field is needed: its result must have the shape of what it is "
                          "differentiated by", "return an array of the shape of the argument")
        found, remaining = [], iter(places)
        for leaf in firsts:
            picked = []
            for _, unit in _units(leaf, 1.0):
                results = (self.pull if is_reverse else self.push)({id(leaf): unit})
                other, where = next(remaining)
                value = results[next(k for k, each in enumerate(seconds) if each is other)]
                picked.append(value[where] if where else value)
            found.append(picked)
        return found


def _units(leaf: Leaf, one: complex) -> Iterator[tuple[Path, Any]]:
    """The units of a leaf, by place."""
    for where in np.ndindex(leaf.part.nodes.shape):
        unit = np.zeros(leaf.part.nodes.shape, leaf.part.dtype)
        unit[where] = one
        yield where, unit if unit.ndim else unit[()]


def _filled(tree: Tree, seeds: dict[int, Any]) -> Any:
    """The structure of a tree with what there is for its leaves."""
    return _shaped(tree, lambda leaf: seeds.get(id(leaf)))


def _shaped(tree: Tree, of_leaf: Callable[[Leaf], Any]) -> Any:
    if isinstance(tree, Items):
        return rebuilt(tree.model, tree.keys, [_shaped(child, of_leaf) for child in tree.children])
    return None if tree is None else of_leaf(tree)


def _flat(tree: Tree, value: Any) -> list[Any]:
    """What a value of a tree's structure holds for its leaves."""
    if isinstance(tree, Leaf):
        return [value]
    if tree is None:
        return []
    keys = tree.keys if tree.keys is not None else range(len(tree.children))
    parts = [value[k] if isinstance(value, (tuple, list, dict)) else getattr(value, str(k)) for k in keys]
    return [x for child, part in zip(tree.children, parts, strict=True) for x in _flat(child, part)]


def _is_plain(x: Any) -> bool:
    return type(x) not in ACTIVE and isinstance(x, (float, complex, np.generic))


# ---------------------------------------------------------------------- operators
def _positional(function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """All arguments that can be passed by position, by position."""
    bound = inspect.signature(python_function(function)).bind(*args, **named)
    bound.apply_defaults()
    return bound.args, bound.kwargs


def _jacobian(call: Call, operator: Jacobian, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    done = _Run(call, operator.function, operator.wrt, *_positional(operator.function, args, named), operator.has_aux)
    mode = operator.mode
    if mode == "auto":
        mode = strategy.chosen("jacobian", *done.sizes(), operator.deterministic)
    blocks = done.blocks(mode, operator.holomorphic)
    made = done.nested(lambda out, leaf: blocks[id(out), id(leaf)], operator.several)
    return (made, done.aux) if operator.has_aux else made


def _first(operator: SecondOrder, args: tuple[Any, ...]) -> tuple[Derivative, str]:
    """The gradient, and the way that is taken; what is differentiated again is a gradient in any case."""
    mode = strategy.FORWARD_OVER_REVERSE if operator.mode == "auto" else operator.mode
    wrt = operator.wrt if operator.several else operator.wrt[0]
    return Derivative(operator.function, "grad", wrt, engine="tape", has_aux=operator.has_aux), mode


def _second(call: Call, operator: SecondOrder, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[_Run, str]:
    gradient, mode = _first(operator, args)
    args, named = _positional(operator.function, args, named)
    done = _Run(call, gradient, operator.wrt, args, named, operator.has_aux)
    if not isinstance(operator, Hvp) and any(leaf.part.is_complex for leaf in done.takes):
        raise located(operator.function, f"{operator.operator} by complex numbers",
                      "differentiate by the real and the imaginary part")
    return done, second(mode)


def _hessian(call: Call, operator: Hessian, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    done, mode = _second(call, operator, args, named)
    blocks = done.blocks(mode)
    made = done.nested(lambda out, leaf: blocks[id(out), id(leaf)], operator.several)
    return (made, done.aux) if operator.has_aux else made


def _hvp(call: Call, operator: Hvp, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if "v" in named:
        args, named = (*args, named["v"]), {k: x for k, x in named.items() if k != "v"}
    *primals, v = args
    done, _ = _second(call, operator, tuple(primals), named)
    tangents: list[Any] = [None] * done.count
    given = v if operator.several else (v,)
    if len(given) != len(operator.wrt):
        raise TypeError(f"{len(operator.wrt)} arguments and {len(given)} tangents")
    for k, tangent in zip(operator.wrt, given, strict=True):
        tangents[k] = tangent
    made = done.tape.tangent(tangents)
    return (made, done.aux) if operator.has_aux else made


def _diagonal(call: Call, operator: DiagHessian, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    done, mode = _second(call, operator, args, named)
    found = {id(leaf): picked for leaf, picked in zip(done.takes, done.picked(mode), strict=True)}

    def of_leaf(leaf: Leaf) -> Any:
        values, shape = found[id(leaf)], leaf.part.nodes.shape
        if not shape:
            return values[0]
        return call(np.reshape, call(np.array, values, leaf.part.dtype), shape)
    made = done.arguments(of_leaf, operator.several)
    return (made, done.aux) if operator.has_aux else made


def _laplacian(call: Call, operator: Laplacian, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    done, mode = _second(call, operator, args, named)
    made = _summed([v for picked in done.picked(mode) for v in picked], done)
    return (made, done.aux) if operator.has_aux else made


def _summed(values: list[Any], done: _Run) -> Any:
    total = done.takes[0].part.dtype.type(0) if done.takes[0].kind is None else 0.0
    for value in values:
        total = total + value
    return total


def _divergence(call: Call, operator: Divergence, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    done = _field(call, operator, args, named)
    mode = strategy.FORWARD if operator.mode == "auto" else operator.mode
    made = _summed([v for picked in done.picked(mode) for v in picked], done)
    return (made, done.aux) if operator.has_aux else made


def _field(call: Call, operator: Any, args: tuple[Any, ...], named: dict[str, Any]) -> _Run:
    done = _Run(call, operator.function, operator.wrt, *_positional(operator.function, args, named), operator.has_aux)
    if any(leaf.part.is_complex for leaf in (*done.takes, *done.gives)):
        raise located(operator.function, f"the {operator.operator} of a complex field",
                      "differentiate its real and imaginary part")
    return done


def _curl(call: Call, operator: Curl, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    done = _field(call, operator, args, named)
    rows, columns = ([(leaf, where) for leaf in each for where in np.ndindex(leaf.part.nodes.shape)]
                     for each in (done.gives, done.takes))
    if (len(rows), len(columns)) != (3, 3) or any(leaf.part.nodes.ndim > 1 for leaf in (*done.gives, *done.takes)):
        raise located(operator.function, "the curl of a field that is not in three dimensions", "use wb.jacobian")
    blocks = done.blocks(strategy.FORWARD if operator.mode == "auto" else operator.mode)

    def entry(i: int, j: int) -> Any:
        (out, n), (leaf, k) = rows[i], columns[j]
        block = blocks[id(out), id(leaf)]
        return block[(*n, *k)] if (*n, *k) else block
    parts = [entry(2, 1) - entry(1, 2), entry(0, 2) - entry(2, 0), entry(1, 0) - entry(0, 1)]
    remaining = iter(parts)
    made = _shaped(done.tape.result,
                   lambda leaf: next(remaining) if not leaf.part.nodes.ndim else call(np.array, parts))
    return (made, done.aux) if operator.has_aux else made


_RUNS: dict[type, Callable[[Call, Any, tuple[Any, ...], dict[str, Any]], Any]] = {
    Jacobian: _jacobian, Hessian: _hessian, Hvp: _hvp, DiagHessian: _diagonal, Laplacian: _laplacian,
    Divergence: _divergence, Curl: _curl,
}
