"""`wb.vjp` and `wb.linearize` inside a traced program: what they give is a linear map that the program may call, in a
loop, too. The program they differentiate runs once, where they are called, and keeps what the map needs.

Invariant: the map is that of the program as it was then. What it reads of arrays that others can see are copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.frontend import calls
from workbench.frontend.activation import Activation
from workbench.frontend.outputs import Leaf, Tree, leaves
from workbench.frontend.tracer import Tracer
from workbench.ir import Constant, Value, bound
from workbench.ir.calls import own_results, taken_params
from workbench.operators.evaluated import conforming, derivative_of, flatten
from workbench.operators.inner import InnerProgram, inlined, traced
from workbench.operators.structure import inexact
from workbench.passes import optimize
from workbench.passes.silence import silenced
from workbench.records import dataclass
from workbench.transforms import Split, jvp, later, linearize, vjp
from workbench.transforms.replay import Replay


@dataclass(frozen=True, eq=False)
class LinearMap:
    """A pullback or pushforward inside a traced program. `takes` are the trees of its arguments, `gives` those of what
    it gives: a tuple of them where it `gives_several`. `what` it takes belongs to `of`."""

    program: InnerProgram
    tracer: Tracer
    frames: tuple[Any, ...]  # the regions in which it was made
    takes: tuple[Tree, ...]
    gives: tuple[Tree, ...]
    gives_several: bool
    what: str
    of: str

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call it."""
        t = act.t
        if t is not self.tracer or any(a is not b for a, b in zip(self.frames, (*t.frames, *(None,) * len(self.frames)),
                                                                  strict=False)):
            t.fail(f"a function of {self.what}s that was made in an iteration, a branch or another derivative, and is "
                   "called outside of it", "make it where it is called")
        if len(args) != len(self.takes) or named:
            what = "arguments" if self.what == "tangent" else "result"
            raise TypeError(f"{len(self.takes)} {what} and {len(args) + len(named)} {self.what}s")
        flat: dict[int, Value] = {}
        for tree, given in zip(self.takes, args, strict=True):
            if given is not None:
                flatten(act, tree, given, flat)
        results = self.run(act, flat)
        places = {position: k for k, position in enumerate(positions(self.gives))}
        made = tuple(derivative_of(act, tree, results, places) for tree in self.gives)
        return made if self.gives_several else made[0]

    def run(self, act: Activation, flat: dict[int, Value]) -> list[Value]:
        """Emit the map; what it gives for the positions of `gives`."""
        raise NotImplementedError

    def seed(self, act: Activation, leaf: Leaf, flat: dict[int, Value], dims: Sequence[Value]) -> Value:
        """What the map is given for a leaf, with these dimensions."""
        t = act.t
        given = flat.get(leaf.position)
        if given is None:
            zero = Constant(0, leaf.kind)
            return t.emit("full", zero, *dims) if leaf.rank >= 0 else zero
        if given.rank != len(dims):
            t.fail(f"a {self.what} of {given.rank} axes for {self.of} of {len(dims)}",
                   f"pass a {self.what} of its shape")
        if given.kind is not leaf.kind:
            if given.kind.is_complex and not leaf.kind.is_complex:
                t.fail(f"a complex {self.what} for {self.of} that is real", "pass its real part")
            given = t.emit("cast", given, kind=leaf.kind)
        return conforming(act, given, dims, self.what, self.of)


@dataclass(frozen=True, eq=False)
class Apart(LinearMap):
    """A map whose program ran when it was made. `env`: the values of the first part."""

    split: Split
    env: dict[Value, Value]

    def run(self, act: Activation, flat: dict[int, Value]) -> list[Value]:
        """Emit the second part."""
        t = act.t
        env = dict(self.env)
        for leaf, seed in zip(_unique(self.takes), self.split.seeds, strict=True):
            env[seed] = self.seed(act, leaf, flat, [env.get(d, d) for d in seed.dims])
        replay = Replay(t.builder, env)
        span = t.span
        replay.ops(self.split.second)
        t.builder.span = span
        return [replay.get(v) for v in self.split.given]


@dataclass(frozen=True, eq=False)
class Again(LinearMap):
    """A map that runs its program again (it calls what has a rule, or calls itself). `operands`: copies of what the
    program was given."""

    operands: tuple[Value, ...]

    def run(self, act: Activation, flat: dict[int, Value]) -> list[Value]:
        """Emit the program and its derivative; what it prints was printed."""
        function = own_results(optimize(silenced(self.program.function)))
        taken = taken_params(function)
        operands = [act.t.emit("copy", v) if k in taken else v for k, v in enumerate(self.operands)]
        env = bound(function, operands)
        takes, gives = _unique(self.takes), positions(self.gives)
        if self.what == "tangent":
            made = jvp(function, [leaf.position for leaf in takes], gives)
            models = [function.data_params[leaf.position] for leaf in takes]
        else:
            made = vjp(function, gives, [leaf.position for leaf in takes])
            models = [function.results[leaf.position] for leaf in takes]
        seeds = []
        for leaf, model in zip(takes, models, strict=True):
            dims = [env.get(d, d) for d in model.dims]
            if not all(isinstance(d, Constant) or d in env.values() for d in dims) and leaf.position in flat:
                dims = list(flat[leaf.position].dims)  # (known when the program has run: its own checks compare)
            seeds.append(self.seed(act, leaf, flat, dims))
        return inlined(act, made, [*operands, *seeds])[len(function.results):]


def nested_vjp(act: Activation, function: Any, primals: tuple[Any, ...]) -> Any:
    """`vjp(function, *primals)` inside a traced program."""
    program = traced(act, function, primals, {})
    trees = tuple(inexact(program.argument_tree(act, k)) for k in range(len(primals)))
    return mapped(act, function, program, {}, (inexact(program.output),), trees, True)


def nested_linearize(act: Activation, function: Any, primals: tuple[Any, ...]) -> Any:
    """`linearize(function, *primals)` inside a traced program."""
    program = traced(act, function, primals, {})
    trees = tuple(inexact(program.argument_tree(act, k)) for k in range(len(primals)))
    return mapped(act, function, program, {}, trees, (inexact(program.output),), False)


def mapped(act: Activation, function: Any, program: InnerProgram, named: dict[str, Any], takes: tuple[Tree, ...],
           gives: tuple[Tree, ...], is_reverse: bool) -> Any:
    """The value of a program, that of a function which was called with `named` arguments too, and its pullback or
    pushforward."""
    t = act.t
    frames = tuple(t.frames)
    words = ("cotangent", "a result") if is_reverse else ("tangent", "an argument")
    wrt, outputs = positions(takes), positions(gives)
    split = None
    if wrt and outputs:
        body = own_results(optimize(program.function))
        split = later(body, outputs, wrt) if is_reverse else linearize(body, wrt, outputs)
    if split is None:
        kept = tuple(t.emit("copy", v) if v.is_array else v for v in program.operands)
        value = calls.call(act, function, program.args, named)
        return value, Again(program, t, frames, takes, gives, is_reverse, *words, kept)
    env = bound(split.whole, program.operands)
    replay = Replay(t.builder, env)
    span = t.span
    replay.ops(split.first)
    t.builder.span = span
    results = [replay.get(r) for r in split.results]
    read = split.read()
    kept_env = dict(env)
    for value in (*split.whole.params, *split.results):
        if value.is_array and value in read:  # others may write it before the map runs
            kept_env[value] = t.emit("copy", replay.get(value))
    program.effects(act, results)
    return program.value(act, results), Apart(program, t, frames, takes, gives, is_reverse, *words, split, kept_env)


def _unique(trees: Sequence[Tree]) -> list[Leaf]:
    """The leaves of trees, each once."""
    return list({leaf.position: leaf for tree in trees for leaf in leaves(tree)}.values())


def positions(trees: Sequence[Tree]) -> list[int]:
    """Their positions."""
    return [leaf.position for leaf in _unique(trees)]
