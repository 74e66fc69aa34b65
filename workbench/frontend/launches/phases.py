"""A kernel's syntax as what a block does: between barriers, all threads in turn.

A kernel with barriers (or shared arrays) becomes a function of the block. What stands between two barriers is a phase:
an inner function, which is called for each thread. Conditions and loops around barriers are the block's own, which is
right where they are uniform; what is not is refused. A name that lives across a barrier is recomputed in each phase
where it is made of the numbers of the thread alone, else kept in an array with an element for each thread.
(Work-item loops: Jääskeläinen et al., pocl, 2015.)

Invariant: positions are the user's own; `meets` has every pair of phases that some path joins without a barrier.
"""

from __future__ import annotations

import ast
import copy
import types
import weakref
from collections.abc import Sequence
from typing import NoReturn

from workbench.frontend.launches.between import Tree, reach
from workbench.frontend.launches.liveness import Names, flow
from workbench.frontend.launches.trees import (
    Mark,
    Places,
    assign,
    box,
    call,
    function_of,
    located,
    named,
    without,
)
from workbench.frontend.launches.uniform import Reader, assigned, leaving, read
from workbench.frontend.syntax import every_node
from workbench.ir import DifferentiationError, Span
from workbench.records import dataclass


@dataclass(frozen=True, eq=False)
class Phases:
    """A kernel as a function of the block (of a thread, where `alone`: it has no barriers); `meets`: pairs of phases
    that no barrier keeps apart."""

    node: ast.FunctionDef
    alone: bool
    meets: frozenset[tuple[int, int]] = frozenset()


@dataclass(eq=False)
class _Phase:
    number: int
    nodes: list[ast.stmt]
    exposed: Names = frozenset()
    definite: Names = frozenset()
    assigned: Names = frozenset()


_Known = dict[frozenset[int], tuple[ast.FunctionDef, Phases]]
_known: weakref.WeakKeyDictionary[types.FunctionType, _Known] = weakref.WeakKeyDictionary()


def phases_of(function: types.FunctionType, node: ast.FunctionDef, kept: frozenset[int] = frozenset()) -> Phases:
    """The phases of a kernel. kept: lines of `while` loops around barriers that stay loops; others are unrolled.

    Raises DifferentiationError for a barrier that not all threads of a block may reach."""
    made = _known.setdefault(function, {})
    if kept not in made or made[kept][0] is not node:
        made[kept] = (node, _Splitter(function, node, kept).split())
    return made[kept][1]


class _Splitter:
    def __init__(self, function: types.FunctionType, node: ast.FunctionDef, kept: frozenset[int]) -> None:
        self.function = function
        self.node = node
        self.as_loops = kept
        self.reader = Reader(function, node)
        self.phases: list[_Phase] = []
        self.places: list[tuple[list[ast.stmt], int, _Phase]] = []
        self.block_names: set[str] = set()

    def refuse(self, node: ast.AST, reason: str, hint: str) -> NoReturn:
        """Refuse, at a place of the kernel."""
        span = Span(self.function.__code__.co_filename, getattr(node, "lineno", 0), getattr(node, "col_offset", 0),
                    getattr(node, "end_col_offset", 0) or 0, self.function.__qualname__)
        raise DifferentiationError(reason, span, hint)

    def split(self) -> Phases:
        """The phases."""
        self.node = Places(self.reader, self.node.name, self.as_loops).visit(copy.deepcopy(self.node))
        reader = self.reader = Reader(self.function, self.node)
        if not reader.barriers(self.node) and not reader.calls("shared.array"):
            return Phases(self.node, True)
        self.block_names = self.needed()
        tree: list[Tree] = []
        body = self.block(self.node.body, False, tree)
        self.live()
        for nodes, position, phase in self.places:
            nodes[position] = self.called(phase)
        made = copy.copy(self.node)
        made.body = [*self.kept_arrays(), *body] or [ast.Pass()]
        made.decorator_list = []
        ast.fix_missing_locations(ast.copy_location(made, self.node))
        meets: set[tuple[int, int]] = set()
        reach(tree, frozenset(), meets)
        return Phases(made, False, frozenset(meets))

    # ------------------------------------------------------------------ what the block does itself
    def needed(self) -> set[str]:
        """The names that conditions and loops around barriers are made of, and shared arrays."""
        names: set[str] = set()
        reader = self.reader
        for node in every_node(self.node):
            if isinstance(node, ast.Assign) and self.is_shared(node.value):
                names.update(assigned(node))
        self.heads(self.node.body, False, names)
        grown = True
        while grown:
            before = len(names)
            for node in every_node(self.node):
                if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and names.intersection(
                        assigned(node)):
                    names.update(assigned(node), read(node))
            names &= reader.locals - (reader.params - set(assigned(self.node)))
            grown = len(names) > before
        return names

    def heads(self, nodes: Sequence[ast.stmt], later: bool, names: set[str]) -> None:
        """The names in conditions and bounds that decide about barriers."""
        for k, node in enumerate(nodes):
            after = later or any(self.reader.barriers(n) for n in nodes[k + 1:])
            if not isinstance(node, (ast.If, ast.While, ast.For)) or not (
                    self.reader.barriers(node) or (self.decides(node) and after)):
                continue
            head = node.iter if isinstance(node, ast.For) else node.test
            if self.reader.uniform(head):
                names.update(read(head))
            if isinstance(node, ast.For):
                names.update(assigned(node.target))
            self.heads(node.body, after or not isinstance(node, ast.If), names)
            self.heads(node.orelse, after, names)

    def is_shared(self, node: ast.AST) -> bool:
        """`cuda.shared.array(...)`."""
        return isinstance(node, ast.Call) and self.reader.meaning(node.func) == "shared.array"

    def decides(self, node: ast.stmt) -> bool:
        """Whether a condition that is uniform decides about `return`, `break` or `continue` of a loop around."""
        return isinstance(node, ast.If) and self.reader.uniform(node.test) and any(True for _ in leaving([node]))

    def block(self, nodes: Sequence[ast.stmt], later: bool, tree: list[Tree]) -> list[ast.stmt]:
        """Statements of the block. later: a barrier may come after them."""
        made: list[ast.stmt] = []
        waiting: list[ast.stmt] = []

        def close() -> None:
            if waiting:
                phase = _Phase(len(self.phases), list(waiting))
                self.phases.append(phase)
                self.places.append((made, len(made), phase))
                made.append(waiting[0])  # (its place)
                tree.append(Tree("phase", phase=phase.number))
                waiting.clear()

        for k, node in enumerate(nodes):
            after = later or any(self.reader.barriers(n) for n in nodes[k + 1:])
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            if self.reader.is_barrier(node):
                close()
                tree.append(Tree("barrier"))
            elif self.reader.barriers(node) or (self.decides(node) and after):
                close()
                made.append(self.compound(node, after, tree))
            elif isinstance(node, (ast.Return, ast.Break, ast.Continue)) and (
                    after or not waiting):
                close()
                made.append(node)
                tree.append(Tree("return" if isinstance(node, ast.Return) else "leave"))
            elif self.block_names.intersection(assigned(node)):
                self.must_be_of_block(node)
                close()
                made.append(node)
            else:
                self.must_stay(node, after)
                waiting.append(node)
        close()
        return made

    def compound(self, node: ast.stmt, later: bool, tree: list[Tree]) -> ast.stmt:
        """A condition or loop around barriers, or one that all threads leave by."""
        head = getattr(node, "iter", None) or getattr(node, "test", None)
        inside = self.reader.barriers(node)
        if not isinstance(node, (ast.If, ast.For, ast.While)) or head is None:
            self.refuse(inside[0], "a barrier in a statement of this kind", "put it into an `if` or a loop")
        if not self.reader.uniform(head):
            self.refuse(inside[0], "a barrier that not all threads of a block may reach: the condition or the bounds "
                        f"in line {node.lineno} may differ from thread to thread",
                        "call cuda.syncthreads() outside, and put what the threads do into the condition")
        made = copy.copy(node)
        loop = isinstance(node, (ast.For, ast.While))
        if loop:
            for statement in leaving(node.body):
                if not self.leaves_together(node.body, statement):
                    self.refuse(inside[0], "a barrier that not all threads of a block may reach: some may leave the "
                                f"loop in line {statement.lineno}", "leave loops around barriers together")
        arms: list[list[Tree]] = [[], []]
        made.body = self.block(node.body, later or loop, arms[0])
        made.orelse = self.block(node.orelse, later, arms[1])
        if loop:
            tree += [Tree("loop", [arms[0]]), *arms[1]]
        else:
            tree.append(Tree("if", arms))
        if isinstance(made, ast.While) and node.lineno not in self.as_loops and not made.orelse and not any(
                True for _ in leaving(node.body)):
            return self.unrolled(node, made)
        return made

    def unrolled(self, node: ast.stmt, loop: ast.While) -> ast.stmt:
        """A loop as a test and a turn, which are called as often as the test says, where that is known."""
        rebound = sorted(self.block_names.intersection(assigned(node)))
        test = function_of("test", [ast.Return(loop.test)])
        body = function_of("turn", loop.body)  # (its phases are put in later: into the same list)
        if rebound:
            loop.body.insert(0, ast.Nonlocal(rebound))
            self.places = [(nodes, position + (nodes is loop.body), phase) for nodes, position, phase in self.places]
        done = ast.Expr(call(Mark("turns", (self.node.name, node.lineno)), named("test"), named("turn")))
        return located(ast.If(ast.Constant(True), [test, body, done], []), node)

    def leaves_together(self, nodes: Sequence[ast.stmt], wanted: ast.stmt) -> bool:
        """Whether all conditions around a statement are uniform."""
        for node in nodes:
            if node is wanted:
                return True
            if any(n is wanted for n in every_node(node)):
                head = getattr(node, "iter", None) or getattr(node, "test", None)
                if head is None or not self.reader.uniform(head):
                    return False
                return any(self.leaves_together(part, wanted) for part in (
                    getattr(node, "body", []), getattr(node, "orelse", [])))
        return False

    def must_be_of_block(self, node: ast.stmt) -> None:
        """Refuse what binds a name that decides about barriers, but differs from thread to thread."""
        varying = [n for n in assigned(node) if n in self.reader.varying]
        if varying:
            shared = [n for n in every_node(node) if self.is_shared(n)]
            if shared:
                self.refuse(node, "a shared array that not all threads of a block make", "make it first")
            self.refuse(node, f"{varying[0]}, which decides about a barrier, differs from thread to thread",
                        "compute it of blockIdx, blockDim and arguments")
        if not all(isinstance(n, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Pass, ast.If, ast.For, ast.While))
                   for n in every_node(node) if isinstance(n, ast.stmt)) or any(
                isinstance(n, (ast.Subscript, ast.Attribute)) and isinstance(n.ctx, ast.Store)
                for n in every_node(node)) or not set(assigned(node)) <= self.block_names:
            self.refuse(node, "a name that decides about a barrier is bound among statements of the threads",
                        "bind it in a statement by itself")

    def must_stay(self, node: ast.stmt, later: bool) -> None:
        """Refuse a `return` of some threads where a barrier may come."""
        for statement in leaving([node]):
            if isinstance(statement, ast.Return) and later:
                after = [b for b in self.reader.barriers(self.node) if getattr(b, "lineno", 0) > statement.lineno]
                barrier = after[0] if after else self.reader.barriers(self.node)[0]
                self.refuse(barrier, "a barrier that not all threads of a block may reach: some may have returned in "
                            f"line {statement.lineno}", "let all threads go on, and put what they do into a condition")

    # ------------------------------------------------------------------ what lives across barriers
    def live(self) -> None:
        """Find what phases read and bind, which names are recomputed and which are kept."""
        self.private = (self.reader.locals & set(assigned(self.node))) - self.block_names
        for phase in self.phases:
            exposed: set[str] = set()
            definite = flow(phase.nodes, frozenset(), exposed)
            phase.exposed = frozenset(exposed) & self.private
            phase.definite = definite & self.private
            phase.assigned = frozenset(n for node in phase.nodes for n in assigned(node)) & self.private
        self.recomputed = self.recomputable()
        made_by_hand = {n for node in self.recomputed for n in assigned(node)}
        self.rows = self.local_arrays()
        across = {n for q in self.phases for n in q.exposed for p in self.phases if n in p.assigned}
        self.kept = sorted(across - made_by_hand - set(self.rows))
        for name in self.kept:
            if name in self.reader.params:
                self.refuse(self.node, f"the parameter {name} is bound anew in a kernel with barriers",
                            "give the new value another name")
        if any(isinstance(n, ast.Return) for p in self.phases[:-1] for s in p.nodes for n in every_node(s)):
            last = next(n for p in self.phases[:-1] for s in p.nodes for n in every_node(s)
                        if isinstance(n, ast.Return))
            self.refuse(last, "a `return` of some threads before statements of the whole block",
                        "put what the threads do into a condition")

    def top_level(self) -> list[ast.stmt]:
        """The statements of the kernel itself."""
        return list(self.node.body)

    def bindings(self, name: str) -> int:
        """How many statements bind a name."""
        return sum(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
                   for n in every_node(self.node))

    def recomputable(self) -> list[ast.stmt]:
        """Statements that bind names to what is made of the numbers of the thread, wherever they are done."""
        found: list[ast.stmt] = []
        stable = set(self.reader.params - set(assigned(self.node)))
        for node in self.top_level():
            if not isinstance(node, ast.Assign) or len(node.targets) != 1:
                continue
            target = node.targets[0]
            if not isinstance(target, ast.Name) and not (isinstance(target, ast.Tuple) and all(
                    isinstance(e, ast.Name) for e in target.elts)):
                continue
            names, needs = assigned(node), set(read(node.value)) & self.reader.locals
            if any(self.bindings(n) > 1 for n in names) or not self.reader.pure(node.value) or not needs <= stable:
                continue
            if any(n in self.reader.params for n in names):
                continue
            stable.update(names)
            if not set(names) & self.block_names:
                found.append(node)
        return found

    def local_arrays(self) -> dict[str, ast.Assign]:
        """Arrays of a thread's own that live across barriers."""
        found: dict[str, ast.Assign] = {}
        exposed = {n for p in self.phases for n in p.exposed}
        for node in every_node(self.node):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and self.reader.meaning(
                    node.value.func) == "local.array" and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if name in exposed and self.bindings(name) == 1:
                    if not all(self.reader.uniform(a) for a in node.value.args):
                        self.refuse(node, "a local array whose size differs from thread to thread", "fix its size")
                    found[name] = node
        return found

    # ------------------------------------------------------------------ the new tree
    def kept_arrays(self) -> list[ast.stmt]:
        """What the block makes for its threads."""
        made = [assign(box(name), call(Mark("kept", (name, self.node.lineno)))) for name in self.kept]
        for name, node in self.rows.items():
            assert isinstance(node.value, ast.Call)
            statement = assign(box(name), call(Mark("rows"), *node.value.args, keywords=node.value.keywords))
            made.append(ast.copy_location(statement, node))
        return made

    def called(self, phase: _Phase) -> ast.stmt:
        """The inner function of a phase, and its call, as one statement: an `if` that is always done."""
        nodes: list[ast.stmt] = []
        used = {n for node in phase.nodes for n in (*read(node), *assigned(node))}
        before: list[ast.stmt] = []
        for node in reversed(self.recomputed):
            if used.intersection(assigned(node)) and not any(n is node for n in phase.nodes):
                before.insert(0, node)
                used.update(read(node.value))  # type: ignore[attr-defined]
        nodes += before
        for name in sorted(used & set(self.rows)):
            nodes.append(assign(name, call(Mark("row"), named(box(name)))))
        for name in self.kept:
            if name in phase.exposed or (name in phase.assigned and name not in phase.definite):
                nodes.append(assign(name, call(Mark("load", (name, self.node.lineno)), named(box(name)))))
        skipped = set(map(id, self.rows.values()))
        nodes += [without(node, skipped) for node in phase.nodes]
        for name in self.kept:
            if name in phase.assigned:
                nodes.append(ast.Expr(call(Mark("store", (name, self.node.lineno)), named(box(name)), named(name))))
        title = f"{self.node.name}_phase{phase.number}"
        function = function_of(title, nodes or [ast.Pass()])
        done = ast.Expr(call(Mark("phase", phase.number), named(title)))
        return located(ast.If(ast.Constant(True), [function, done], []), phase.nodes[0])
