"""One compiled derivative: the traced program, its transformed IR, the machine code, how results are put together."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.engines.collecting import uncollected
from workbench.engines.numba import Compiled, compile_function, export, recall, remember, traced_key
from workbench.frontend import (
    Input,
    Leaf,
    Node,
    Packed,
    Path,
    Static,
    Traced,
    Tree,
    build,
    leaves,
    python_function,
    python_scalar,
    span_of,
    strided,
)
from workbench.frontend.trace import trace
from workbench.ir import DifferentiationError, Function, fingerprint, own_results, walk
from workbench.operators import calling, nonfinite, repeating
from workbench.operators.readers import MoreInputs
from workbench.operators.structure import gradient_tree, has_leaf, refuse_integer, tangent_values, zeros
from workbench.passes import finalize, optimize
from workbench.rules.random import copied
from workbench.rules.text import told
from workbench.transforms import jvp, vjp

_LATER = ("vjp", "push")  # what runs when the program has run


@dataclass(frozen=True)
class Request:
    """What is asked: "value", "grad", "jvp", "vjp" or "push" (a pushforward, of a program that has run), with respect
    to which parameters. deterministic: cotangents are added up in the program's order, backwards, and functions are
    those of the C library."""

    mode: str
    wrt: tuple[int, ...] = ()
    has_aux: bool = False
    deterministic: bool = False


class Specialisation:
    """See the module's text. `compiled` is what runs."""

    def __init__(self, function: Any, names: tuple[str, ...], request: Request, args: tuple[Any, ...],
                 keywords: tuple[str, ...] = (), observer: Callable[[str, Function], None] | None = None) -> None:
        self.request = request
        self.function = function
        self.names = names
        self.keywords = keywords
        self.target = python_function(function)
        for _ in range(MAX_READINGS):  # what users' rules read from outside is found when they are read
            try:
                with uncollected():
                    self._specialise(function, args, observer)
                return
            except MoreInputs:
                continue
        raise self._error("reading the rules of what it calls does not come to an end")

    # ------------------------------------------------------------------ building
    def _specialise(self, function: Any, args: tuple[Any, ...],
                    observer: Callable[[str, Function], None] | None) -> None:
        request = self.request
        self.traced: Traced = trace(function, args, self.names, request.wrt, self.keywords)
        self.inputs = {item.path.key: item for item in self.traced.inputs}
        self.outputs = [leaf for leaf in self._output_leaves() if leaf.kind.is_inexact]
        self.wrt_inputs = self._wrt_inputs(args)
        self.count = len(self.traced.function.results)
        if request.mode == "grad":
            self._need_scalar()
        self.compiled, self.repeats = self._compiled(observer)
        self.single = self.compiled.recipe.results == 1
        self.door = calling.Door(self.traced.inputs, self.traced.written)
        self.undone = sorted(self.traced.written) if self.repeats else []
        self.pick = calling.picker(self.traced.inputs)
        guards = (*self.traced.guards, *self.traced.late.values())
        self.traced = dataclasses.replace(self.traced, guards=guards)
        self.holds = calling.guard_function(guards, len(args))
        self.example = tuple(_small(v) for v in self.pick(args))
        self.gradients = [gradient_tree(args[k], Path(("arg", k)), self.inputs, self._place, self.traced.views,
                                        self.traced.same)
                          for k in request.wrt]

    def _compiled(self, observer: Callable[[str, Function], None] | None) -> tuple[Compiled, bool]:
        """The compiled program, from the disk where the same was traced before; and whether it may have to be repeated
        by Python. (What has effects on containers is not looked for: it must be known whether it may raise.)"""
        known = None if observer is not None or self.traced.effects else fingerprint(self.traced.function)
        request = dataclasses.replace(self.request, wrt=tuple(item.position for item in self.wrt_inputs))
        name = traced_key(known[0], f"{request} {[leaf.position for leaf in self.outputs]}") if known else None
        found = recall(name, known[1]) if known and name else None
        if found is not None:
            return found, False
        self.primal = optimize(self.traced.function, observer)
        self.ir = own_results(optimize(self._transform(self.primal), observer))
        final = self._final(observer)
        made = compile_function(final, quiet=self.request.mode in _LATER, primal=self.primal,
                                scalar=self.request.deterministic, exact=self._exact())
        if known and name:
            remember(name, made, known[1])
        return made, (bool(self.traced.effects) or _prints(final)) and _may_raise(final)

    @functools.cached_property
    def primal(self) -> Function:
        """The program, simplified."""
        return optimize(self.traced.function)

    @functools.cached_property
    def ir(self) -> Function:
        """The transformed program before it is lowered."""
        return own_results(optimize(self._transform(self.primal)))

    def _final(self, observer: Callable[[str, Function], None] | None = None) -> Function:
        """What is emitted: the sums and products of cotangents may be regrouped, those of derivatives inside a program
        that is no derivative itself, too."""
        return finalize(self.ir, observer, self._exact())

    def _exact(self) -> int | None:
        """How many results are no cotangents; None where sums of cotangents keep their order."""
        exact = {"value": 0, "grad": self.count, "vjp": self.count}.get(self.request.mode)
        return None if self.request.deterministic else exact

    def _output_leaves(self) -> list[Leaf]:
        return leaves(self._loss_tree())

    def _loss_tree(self) -> Tree:
        tree = self.traced.output
        if self.request.has_aux:
            if not (isinstance(tree, Node) and tree.type is tuple and len(tree.children) == 2):
                raise self._error("with has_aux=True the function must return (value, anything)")
            return tree.children[0]
        return tree

    def _error(self, message: str, hint: str = "") -> DifferentiationError:
        return DifferentiationError(message, span_of(self.target), hint)

    def _wrt_inputs(self, args: tuple[Any, ...]) -> list[Input]:
        found: list[Input] = []
        for k in self.request.wrt:
            tree = gradient_tree(args[k], Path(("arg", k)), self.inputs, lambda item: item.position,
                                 self.traced.views, self.traced.same)
            empty = isinstance(args[k], (list, tuple, dict)) and not args[k]
            if not has_leaf(tree) and not empty and self.request.mode not in _LATER:
                refuse_integer(args[k], self.names[k], self._error("").span)
            for leaf in leaves(tree):
                item = self.traced.inputs[leaf.position]
                if item not in found:
                    found.append(item)
        return found

    def _transform(self, primal: Function) -> Function:
        mode = self.request.mode
        if mode == "value":
            return primal
        wrt = [item.position for item in self.wrt_inputs]
        outputs = [leaf.position for leaf in self.outputs]
        if mode in ("jvp", "push"):
            return jvp(primal, wrt, outputs)
        if mode == "vjp":
            return vjp(primal, wrt, outputs, backwards=self.request.deterministic)
        return vjp(primal, wrt, outputs, seeds="one", backwards=self.request.deterministic)

    def _need_scalar(self) -> None:
        every = self._output_leaves()
        inside = isinstance(self._loss_tree(), Node)
        if len(every) == 1 and every[0].rank < 0 and every[0].kind.is_float and not inside:
            return
        if not every:
            value = self.traced.output
            shown = "nothing" if getattr(value, "value", value) is None else "a number that is no float"
            if isinstance(getattr(value, "value", None), float):
                shown = "a constant: no input reaches its result"
            raise self._error(f"grad needs a function that returns one real float; it returns {shown}")
        first = every[0]
        shown = (f"{len(every)} numbers and arrays" if len(every) > 1 else "a structure" if inside else
                 f"an array of {first.rank} dimensions" if first.rank >= 0 else f"a {first.kind.value} number")
        raise self._error(f"grad needs a function that returns one real float; it returns {shown}",
                          "sum it up, or use wb.jacobian or wb.vjp")

    def _place(self, item: Input) -> int:
        """Which result is the derivative with respect to an input."""
        return self.count + self.wrt_inputs.index(item)

    def exported(self) -> str:
        """The program and its primal as the text of a stand-alone file with a self-check."""
        wrt = [item.position for item in self.wrt_inputs]
        if self.request.mode not in ("grad", "vjp"):
            raise self._error("only a gradient or a pullback can be exported")
        gradients = [self._place(item) for item in self.wrt_inputs]
        return export(finalize(self.primal), self._final(), wrt=wrt,
                      outputs=[leaf.position for leaf in self.outputs], gradients=gradients, examples=self.example,
                      seeded=self.request.mode == "grad")

    # ------------------------------------------------------------------ running
    def run(self, args: tuple[Any, ...], extra: Sequence[Any] = (),
            private: bool = False) -> tuple[tuple[Any, ...], Sequence[Any]]:
        """Run on Python arguments (and flat extra data); gives the data and all flat results."""
        picked = self.pick(args)
        data, back = (self.door.copies(picked), []) if private else self.door.enter(picked)
        before = repeating.Before([data[k] for k in self.undone], self._sources(args)) if self.repeats else None
        try:
            result = self.compiled.entry(*data, *extra)
        except Exception as error:
            blamed = self.blamed(error)
            if before is not None and not private and not isinstance(blamed, DifferentiationError):
                before.run_again(lambda: self._as_it_is(args))
                blamed = self._contradicted(blamed)
            _hand_back(back)
            raise self.confirmed(blamed, args)  # noqa: B904
        except KeyboardInterrupt:  # what was written until now is written
            _hand_back(back)
            raise
        _hand_back(back)
        results = (result,) if self.single else () if result is None else result
        derivatives = results[self.count:]
        if not nonfinite.is_finite(derivatives):
            self.warn(data, extra, results)
        return picked, results

    def confirmed(self, error: Exception, args: tuple[Any, ...]) -> Exception:
        """What a call that has failed raises: where the evaluator has met that exception itself, not a `raise` or a
        check of numbers, and nothing was changed, Python runs the program, and what that raises is raised."""
        if told(error) in self.traced.doubtful and self.leaves_no_trace:
            self._as_it_is(args)
            return self._contradicted(error)
        return error

    def _contradicted(self, error: Exception) -> DifferentiationError:
        span = getattr(error, "__workbench_span__", None) or self._error("").span
        return DifferentiationError(f"the compiled program raises {type(error).__name__} ({error}), which Python does "
                                    "not", span, "use engine='tape'")

    def _sources(self, args: tuple[Any, ...]) -> list[Any]:
        """The random generators that are drawn from."""
        return [_source(item.path, args) for item in self.traced.inputs if _is_drawn(item.path)]

    def _as_it_is(self, args: tuple[Any, ...]) -> Any:
        """The program by Python alone."""
        positional = len(args) - len(self.keywords)
        return self.function(*args[:positional], **dict(zip(self.keywords, args[positional:], strict=True)))

    def warn(self, data: Sequence[Any], extra: Sequence[Any], results: Sequence[Any]) -> None:
        """Warn of a derivative that is not finite where the value is. (Written arguments are not as they were: then
        the operation is not looked for.)"""
        if nonfinite.is_finite([results[leaf.position] for leaf in self.outputs]):
            nonfinite.warn(self.ir, self.traced.function.name, () if self.traced.written else (*data, *extra))

    @property
    def leaves_no_trace(self) -> bool:
        """True where a call that is refused half-way has changed nothing, so that the program may run again."""
        silent = not any(op.prim in ("print", "draw") for op in walk(self.primal.block))
        return silent and not self.traced.written and not self.traced.effects

    def blamed(self, error: Exception) -> Exception:
        """An error of the compiled program, with the user's place on it."""
        error = self.compiled.translated(error)
        span = getattr(error, "__workbench_span__", None)
        if isinstance(error, DifferentiationError) and span is not None:
            return DifferentiationError(error.reason, span, error.hint)
        return error

    def value(self, args: tuple[Any, ...], data: tuple[Any, ...], results: Sequence[Any]) -> Any:
        """The function's own value, after its effects on containers."""
        read = calling.leaf_reader(self.traced, data, results)
        calling.apply_effects(self.traced.effects, args, read)
        return build(self.traced.output, read)

    def gradient(self, tree: Tree, results: Sequence[Any]) -> Any:
        """The gradient of one argument."""
        def read(leaf: Leaf) -> Any:
            value = results[leaf.position]
            if leaf.view is not None:
                return strided(value, leaf.view)
            return value if leaf.rank >= 0 else python_scalar(value, leaf)
        return build(tree, read)

    def tangents(self, given: Sequence[Any], args: tuple[Any, ...]) -> list[Any]:
        """Flat tangents of the wrt inputs, from tangents of the arguments."""
        values: dict[int, Any] = {}
        for tree, tangent, k in zip(self.gradients, given, self.request.wrt, strict=True):
            tangent_values(tree, tangent, values, self.names[k])
        flat = [values[self._place(item)] for item in self.wrt_inputs]
        for item, tangent in zip(self.wrt_inputs, flat, strict=True):
            if item.rank >= 0 and np.shape(tangent) != np.shape(item.path.fetch(args)):
                raise ValueError(f"a tangent of shape {np.shape(tangent)} for an argument of shape "
                                 f"{np.shape(item.path.fetch(args))}")
        return flat

    def output_tangent(self, results: Sequence[Any]) -> Any:
        """The tangent of the function's value, in its structure (None where it carries none)."""
        places = {leaf.position: self.count + k for k, leaf in enumerate(self.outputs)}

        def read(leaf: Leaf) -> Any:
            if leaf.position not in places:
                return None
            value = results[places[leaf.position]]
            return value if leaf.rank >= 0 else python_scalar(value, leaf)
        return build(_without_statics(self.traced.output), read)

    def snapshot(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The flat data of a call, arrays copied: what a pullback re-reads."""
        data = (copied(_source(item.path, args)) if _is_drawn(item.path) else v
                for v, item in zip(self.pick(args), self.traced.inputs, strict=True))
        return tuple(np.array(v, dtype=item.kind.dtype, order="C") if item.rank >= 0 and not _is_drawn(item.path) else v
                     for v, item in zip(data, self.traced.inputs, strict=True))

    def pull(self, kept: tuple[Any, ...], cotangents: Sequence[Any]) -> tuple[Any, ...]:
        """Cotangents of the arguments."""
        results = self._again(kept, cotangents)
        return tuple(self.gradient(tree, results) for tree in self.gradients)

    def push(self, kept: tuple[Any, ...], given: Sequence[Any], args: tuple[Any, ...]) -> Any:
        """The tangent of the value, from tangents of the arguments (None: zero)."""
        filled = [zeros(tree, args[k]) if tangent is None else tangent
                  for tree, tangent, k in zip(self.gradients, given, self.request.wrt, strict=True)]
        return self.output_tangent(self._again(kept, self.tangents(filled, args)))

    def _again(self, kept: tuple[Any, ...], extra: Sequence[Any]) -> Sequence[Any]:
        """Run on copies of what was kept, so that it can be done again."""
        sources = [copied(v) if _is_drawn(item.path) else None
                   for v, item in zip(kept, self.traced.inputs, strict=True)]
        data = tuple(item.path.steps[-1][1](source) if _is_drawn(item.path) else
                     np.array(v) if item.position in self.traced.written else v
                     for v, item, source in zip(kept, self.traced.inputs, sources, strict=True))
        result = self.compiled.entry(*data, *extra)
        return (result,) if self.single else () if result is None else result

    def cotangents(self, given: Any, results: Sequence[Any]) -> list[Any]:
        """Flat cotangents of the outputs, from a cotangent of the result's structure."""
        values: dict[int, Any] = {}
        tangent_values(_inexact(self.traced.output), given, values, "the result")
        for leaf in self.outputs:
            if leaf.rank >= 0 and np.shape(values[leaf.position]) != np.shape(results[leaf.position]):
                raise ValueError(f"a cotangent of shape {np.shape(values[leaf.position])} for a result of shape "
                                 f"{np.shape(results[leaf.position])}")
        return [values[leaf.position] for leaf in self.outputs]


def _is_drawn(path: Path) -> bool:
    """True for the state of a random generator."""
    return bool(path.steps) and path.steps[-1][0] == "apply"


def _source(path: Path, args: tuple[Any, ...]) -> Any:
    """The generator, or the seed, that a state is made of."""
    return Path(path.root, path.steps[:-1]).fetch(args)


MAX_EXAMPLE = 4096
MAX_READINGS = 20


def _hand_back(back: Sequence[tuple[Any, Any]]) -> None:
    """Write what was copied at the door into the caller's arrays."""
    for array, copy in back:
        array[...] = copy


def _may_raise(function: Function) -> bool:
    """True where an operation is left that can raise."""
    return any(op.prim in ("check", "call") or (op.prim == "index" and op.attrs.get("checked"))
               for op in walk(function.block))


def _prints(function: Function) -> bool:
    """True where something is printed."""
    return any(op.prim == "print" for op in walk(function.block))


def _small(value: Any) -> Any:
    """An input as an example worth keeping: a small array itself, of a large one its shape, dtype and one element."""
    if not isinstance(value, np.ndarray):
        return value
    if value.size <= MAX_EXAMPLE:
        return np.array(value)
    middle = value.dtype.type(value.flat[value.size // 2])
    return np.broadcast_to(middle, value.shape)


def _inexact(tree: Tree) -> Tree:
    """The tree with leaves that carry no derivative made static."""
    if isinstance(tree, Node):
        return Node(tree.type, tree.keys, tuple(_inexact(c) for c in tree.children))
    if isinstance(tree, Packed):
        return Packed(_inexact(tree.entry), tree.length)
    return tree if isinstance(tree, Leaf) and tree.kind.is_inexact else _NOTHING


def _without_statics(tree: Tree) -> Tree:
    """The tree with None for what is no number."""
    if isinstance(tree, Node):
        return Node(tree.type, tree.keys, tuple(_without_statics(c) for c in tree.children))
    if isinstance(tree, Packed):
        return Packed(_without_statics(tree.entry), tree.length)
    return tree if isinstance(tree, Leaf) else Static(None)


_NOTHING = Node(tuple, None, ())


