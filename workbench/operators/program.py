"""From a request to a compiled program: trace, transform, finalize, compile; and which result is what.

    traced -> optimize -> primal -> jvp or vjp -> optimize -> ir -> finalize -> the engine's compiler

Invariant: the results of a derivative's program are those of the primal, then a derivative for each input that is
differentiated by (forward mode: for each output).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

from workbench.engines import UNCOMPILED, Compiler, Executable, Origin
from workbench.engines.collecting import uncollected
from workbench.frontend import Guard, Input, Leaf, Node, Path, Traced, Tree, leaves, python_function, span_of
from workbench.frontend.trace import trace
from workbench.ir import DifferentiationError, Function, fingerprint, walk
from workbench.operators import direction, strategy
from workbench.operators.readers import MoreInputs
from workbench.operators.stages import Collected, Stages
from workbench.operators.structure import gradient_tree, has_leaf, refuse_integer
from workbench.passes import are_as_shipped, finalize, is_watched, optimize
from workbench.records import dataclass
from workbench.transforms import forward_gradient, jvp, plan_of, vjp
from workbench.transforms.plan import Plan
from workbench.views.stages import PassStages

LATER = ("vjp", "push")  # modes of what runs when the program has run
MAX_READINGS = 20


@dataclass(frozen=True)
class Request:
    """What is asked: "value", "grad", "jvp", "vjp" or "push" (a pushforward, of a program that has run), with respect
    to which parameters. deterministic: cotangents are added up in the program's order, backwards, and functions are
    those of the C library. way: of "grad", "reverse", "forward", or "auto": the program decides (`direction`)."""

    mode: str
    wrt: tuple[int, ...] = ()
    has_aux: bool = False
    deterministic: bool = False
    way: str = strategy.REVERSE


def program_of(function: Any, names: tuple[str, ...], request: Request, args: tuple[Any, ...],
               keywords: tuple[str, ...], compiler: Compiler, begun: Program | None = None) -> Program:
    """The compiled program of a function for a call with `args`, the last of which go by `keywords`. begun: the same
    program, which has been traced already.

    Raises DifferentiationError, or what the function itself raises on the way whatever its numbers are."""
    for _ in range(MAX_READINGS):  # what users' rules read from outside is found when they are read
        try:
            with uncollected():
                program = begun or Program(function, names, request, args, keywords, compiler)
                _ = program.compiled
                return program
        except MoreInputs:
            begun = None
    raise DifferentiationError("reading the rules of what it calls does not come to an end",
                               span_of(python_function(function)))


class Program:
    """One program, which is traced at once, and transformed and compiled when that is asked for. `gradients` are trees
    of the arguments under `wrt` whose leaves are results."""

    def __init__(self, function: Any, names: tuple[str, ...], request: Request, args: tuple[Any, ...],
                 keywords: tuple[str, ...], compiler: Compiler) -> None:
        self.request = request
        self.compiler = compiler
        self.names = names
        self.span = span_of(python_function(function))
        self.stages = Stages.of(getattr(function, "__name__", "f"), request.mode)
        with self.stages.passes("inner"):  # (of derivatives inside of it)
            self.traced: Traced = trace(function, args, names, request.wrt, keywords)
        self.inputs = {item.path.key: item for item in self.traced.inputs}
        self.outputs = [leaf for leaf in leaves(self._loss_tree()) if leaf.kind.is_inexact]
        self.wrt_inputs = self._wrt_inputs(args)
        self.count = len(self.traced.function.results)
        if request.mode == "grad":
            self._need_scalar()
        self._candidates: dict[str, direction.Candidate] = {}
        self._plan: Plan | None = None
        self.gradients = [self._gradient_tree(args, k, self.place) for k in request.wrt]

    # ------------------------------------------------------------------ what is differentiated
    def _loss_tree(self) -> Tree:
        tree = self.traced.output
        if self.request.has_aux:
            if not (isinstance(tree, Node) and tree.type is tuple and len(tree.children) == 2):
                raise self.error("with has_aux=True the function must return (value, anything)")
            return tree.children[0]
        return tree

    def _gradient_tree(self, args: tuple[Any, ...], k: int, place: Any) -> Tree:
        return gradient_tree(args[k], Path(("arg", k)), self.inputs, place, self.traced.views, self.traced.same)

    def _wrt_inputs(self, args: tuple[Any, ...]) -> list[Input]:
        found: list[Input] = []
        for k in self.request.wrt:
            tree = self._gradient_tree(args, k, lambda item: item.position)
            empty = isinstance(args[k], (list, tuple, dict)) and not args[k]
            if not has_leaf(tree) and not empty and self.request.mode not in LATER:
                refuse_integer(args[k], self.names[k], self.span)
            for leaf in leaves(tree):
                item = self.traced.inputs[leaf.position]
                if item not in found:
                    found.append(item)
        return found

    def _need_scalar(self) -> None:
        """Raise where the result is not one real float."""
        every = leaves(self._loss_tree())
        inside = isinstance(self._loss_tree(), Node)
        if len(every) == 1 and every[0].rank < 0 and every[0].kind.is_float and not inside:
            return
        if not every:
            value = self.traced.output
            shown = "nothing" if getattr(value, "value", value) is None else "a number that is no float"
            if isinstance(getattr(value, "value", None), float):
                shown = "a constant: no input reaches its result"
            raise self.error(f"grad needs a function that returns one real float; it returns {shown}")
        raise self.error(f"grad needs a function that returns one real float; it returns {_described(every, inside)}",
                         "sum it up, or use wb.jacobian or wb.vjp")

    def place(self, item: Input) -> int:
        """Which result is the derivative with respect to an input."""
        return self.count + self.wrt_inputs.index(item)

    def error(self, message: str, hint: str = "") -> DifferentiationError:
        """A refusal at the function."""
        return DifferentiationError(message, self.span, hint)

    @property
    def guards(self) -> tuple[Guard, ...]:
        """What is taken for granted; what users' rules do is known when it is compiled."""
        return (*self.traced.guards, *self.traced.late.values())

    # ------------------------------------------------------------------ stages
    @property
    def compiled(self) -> Executable:
        """What runs."""
        return self._compiled[0]

    @property
    def repeats(self) -> bool:
        """Whether Python may have to run the function again for its effects."""
        return self._compiled[1]

    @functools.cached_property
    def _compiled(self) -> tuple[Executable, bool]:
        """The compiled program, from the disk where the same was traced before; and whether it may have to be repeated
        by Python. (What has effects on containers is not looked for: it must be known whether it may raise. Nor is what
        goes through passes of other packages, or is watched.)"""
        stages = self.stages
        anew = self.traced.effects or stages.is_shown or is_watched() or not are_as_shipped()
        known = None if anew else fingerprint(self.traced.function)
        request = dataclasses.replace(self.request, wrt=tuple(item.position for item in self.wrt_inputs))
        origin = Origin(known[0], f"{request} {[leaf.position for leaf in self.outputs]}", known[1]) if known else None
        found = self.compiler.recall(origin) if origin else None
        if found is not None:
            return found, False
        if stages.is_shown:
            self._watched(stages)
        final = self.final
        made = self._executable(self.way)
        if stages.is_shown:
            stages.show_text("source.py", made.source)
        if origin:
            self.compiler.remember(origin, made)
        return made, (bool(self.traced.effects) or _prints(final)) and _may_raise(final)

    def _watched(self, stages: Stages) -> None:
        """Make all programs once more, while somebody looks on."""
        stages.show("traced", self.traced.function)
        with stages.passes("primal"):
            primal = optimize(self.traced.function)
        way = self.way
        candidate = direction.Candidate(lambda: self._transform(primal, way), self._lowered(way))
        if self.request.mode in ("grad", "vjp"):
            stages.show_text("plan.txt", self.plan())
        stages.show(self.request.mode, candidate.transformed)
        with stages.passes(self.request.mode):
            _ = candidate.ir
        with stages.passes("lowering"):
            final = candidate.final
        stages.show("lowered", final)

    def collected(self) -> PassStages:
        """Every stage of the compilation, made once more."""
        stages = Collected()
        self._watched(stages)
        stages.show_text("source.py", self.compiled.source)
        return PassStages(f"{self.traced.function.name}-{self.request.mode}", tuple(stages.found))

    @functools.cached_property
    def primal(self) -> Function:
        """The program, simplified."""
        return optimize(self.traced.function)

    @functools.cached_property
    def ir(self) -> Function:
        """The transformed program before it is lowered."""
        return self.candidate(self.way).ir

    @functools.cached_property
    def final(self) -> Function:
        """What is emitted."""
        return self.candidate(self.way).final

    @functools.cached_property
    def way(self) -> str:
        """Which way a gradient goes, "reverse" or "forward"; of other modes, "reverse"."""
        named = self.request.way
        if self.request.mode != "grad" or named == strategy.REVERSE:
            return strategy.REVERSE
        if named == strategy.FORWARD:
            if not self.is_by_numbers:
                raise self.error("forward mode gives gradients by real numbers alone",
                                 "use wb.jacobian(f, mode='forward'), or reverse mode")
            return strategy.FORWARD
        if self.request.deterministic or not self.leaves_no_trace or not (
                self.is_by_numbers and direction.may_be_forward(self.primal, len(self.wrt_inputs))):
            return strategy.REVERSE
        reverse, forward = self.candidate(strategy.REVERSE), self.candidate(strategy.FORWARD)
        return strategy.FORWARD if direction.is_forward(self.primal, reverse, forward) else strategy.REVERSE

    @property
    def is_by_numbers(self) -> bool:
        """Whether it is differentiated by real numbers alone, of which each may have a tangent."""
        return all(item.rank < 0 and item.kind.is_float for item in self.wrt_inputs)

    def candidate(self, way: str) -> direction.Candidate:
        """The program that goes one way."""
        if way not in self._candidates:
            self._candidates[way] = self._candidate(way)
        return self._candidates[way]

    def _candidate(self, way: str) -> direction.Candidate:
        return direction.Candidate(lambda: self._transform(self.primal, way), self._lowered(way))

    def _lowered(self, way: str) -> Callable[[Function], Function]:
        """What makes of a simplified program what the engine compiles."""
        return functools.partial(self.compiler.finalize, exact=self._exact(way))

    def _executable(self, way: str) -> Executable:
        return self.compiler.compile(self.candidate(way).final, quiet=self.request.mode in LATER, primal=self.primal,
                                     deterministic=self.request.deterministic, exact=self._exact(way))

    @functools.cached_property
    def in_reverse(self) -> Executable:
        """The program of reverse mode for the same data: what is asked where forward mode finds what is not finite."""
        return self._executable(strategy.REVERSE)

    def _transform(self, primal: Function, way: str) -> Function:
        mode = self.request.mode
        if mode == "value":
            return primal
        wrt = [item.position for item in self.wrt_inputs]
        outputs = [leaf.position for leaf in self.outputs]
        if mode in ("jvp", "push"):
            return jvp(primal, wrt, outputs)
        if mode == "vjp":
            return vjp(primal, wrt, outputs, backwards=self.request.deterministic, told=self._noted)
        if way == strategy.FORWARD:
            return forward_gradient(primal, wrt, outputs[0])
        return vjp(primal, wrt, outputs, seeds="one", backwards=self.request.deterministic, told=self._noted)

    def _exact(self, way: str) -> int | None:
        """How many results are no cotangents; None where sums of cotangents keep their order. (The sums and products
        of cotangents of derivatives inside a program that is no derivative itself may be regrouped, too.)"""
        if way == strategy.FORWARD:
            return None
        exact = {"value": 0, "grad": self.count, "vjp": self.count}.get(self.request.mode)
        return None if self.request.deterministic else exact

    # ------------------------------------------------------------------ what is to be known of it
    def plan(self) -> str:
        """How the reverse sweep has each value that it needs, at what price and why, as a table."""
        if self.planned is None:
            return "forward mode: nothing is kept (mode='reverse' has a plan of what it keeps)"
        return self.planned.report()

    @functools.cached_property
    def planned(self) -> Plan | None:
        """The plan itself, of `primal`'s values; None where a gradient goes forward. Raises DifferentiationError for
        what is no gradient or pullback."""
        if self.request.mode not in ("grad", "vjp"):
            raise self.error("only reverse mode has a plan of what it keeps")
        if self.way == strategy.FORWARD:
            return None
        if self._plan is not None:
            return self._plan
        wrt, outputs = [item.position for item in self.wrt_inputs], [leaf.position for leaf in self.outputs]
        return plan_of(self.primal, wrt, outputs, self.request.deterministic)

    def _noted(self, plan: Plan) -> None:
        """Keep the plan of a program that is made to be looked at: it will be asked for."""
        if self.compiler is UNCOMPILED:
            self._plan = plan

    @property
    def leaves_no_trace(self) -> bool:
        """True where a call that is refused half-way has changed nothing, so that the program may run again."""
        silent = not any(op.prim in ("print", "draw") for op in walk(self.primal.block))
        return silent and not self.traced.written and not self.traced.effects

    def exported(self, example: Sequence[Any]) -> str:
        """The program and its primal as the text of a stand-alone file with a self-check, for data like `example`."""
        if self.request.mode == "value":
            return self.compiler.export_value(self.final, tuple(example), self.compiled.entry)
        if self.request.mode not in ("grad", "vjp"):
            raise self.error("a tangent alone is not exported")
        return self.compiler.export(
            finalize(self.primal), self.final,
            wrt=[item.position for item in self.wrt_inputs], outputs=[leaf.position for leaf in self.outputs],
            gradients=[self.place(item) for item in self.wrt_inputs], examples=tuple(example),
            seeded=self.request.mode == "grad")


def _described(every: Sequence[Leaf], inside: bool) -> str:
    """What a function returns that is not one real float."""
    first = every[0]
    if len(every) > 1:
        return f"{len(every)} numbers and arrays"
    if inside:
        return "a structure"
    return f"an array of {first.rank} dimensions" if first.rank >= 0 else f"a {first.kind.value} number"


def _may_raise(function: Function) -> bool:
    """True where an operation is left that can raise."""
    return any(op.prim in ("check", "call") or (op.prim == "index" and op.attrs.get("checked"))
               for op in walk(function.block))


def _prints(function: Function) -> bool:
    """True where something is printed."""
    return any(op.prim == "print" for op in walk(function.block))
