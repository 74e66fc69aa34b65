"""`Tape`: one recorded run of a Python function, to be looked at, swept, stepped through and written as JSON."""

from __future__ import annotations

import dis
import json
import re
import warnings
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, overload

import numpy as np

from workbench.engines.tape.active import bottom
from workbench.engines.tape.arguments import Arguments, Plain
from workbench.engines.tape.calls import call_function
from workbench.engines.tape.columns import by_line
from workbench.engines.tape.edges import rows_of
from workbench.engines.tape.nested import new_recorder
from workbench.engines.tape.recorder import NAMES, scattered
from workbench.engines.tape.structures import leaves, read, result_tree, write
from workbench.frontend import python_function
from workbench.ir import DifferentiationError, Span
from workbench.records import dataclass

_UNPACKING = frozenset(dis.opmap[name] for name in ("UNPACK_SEQUENCE", "UNPACK_EX"))
_NOT_ITERABLE = re.compile(r"^'(float|complex)' object is not iterable$")

_SHOWN = 20


@dataclass(frozen=True)
class Node:
    """One recorded operation: its inputs are nodes, its partials those of its value by each of them."""

    index: int
    operation: str
    inputs: tuple[int, ...]
    value: float
    partials: tuple[float, ...]
    adjoint: float
    filename: str
    line: int


class Tape:
    """A recorded run.

    `value` is what the function returned. `tape[k]` is a `Node`; `len(tape)` their number. `backward()` sweeps from the
    result; `step_back()` and `step_forward()` move `position`, the node before which the sweep stands. A complex number
    has two nodes, its real part and after it its imaginary one."""

    def __init__(self, function: Callable[..., Any], args: Sequence[Any], keywords: Sequence[str] = (),
                 wrt: Sequence[int] | None = None, has_aux: bool = False) -> None:
        self.recorder = new_recorder()
        arguments = Arguments(self.recorder)
        plain = Plain(self.recorder)
        chosen = range(len(args)) if wrt is None else wrt
        self.has_aux = has_aux
        try:
            pairs = [arguments.active(x, k in chosen) for k, x in enumerate(args)]
            self.leaves = tuple(tree for _, tree in pairs)
            active, positional = [a for a, _ in pairs], len(args) - len(keywords)
            named = dict(zip(keywords, active[positional:], strict=True))
            output = call_function(self.recorder, function, tuple(active[:positional]), named)
            if isinstance(output, Coroutine):
                output.close()  # it is refused below: nobody will await it
            if self.recorder.refusals:
                raise self.recorder.refusals[0]
            self.result = self._result(function, output)
        except DifferentiationError:
            arguments.restore()  # a refusal leaves no trace
            raise
        except BaseException as error:
            refused = self.recorder.refusals
            if refused and not isinstance(error, KeyboardInterrupt):
                arguments.restore()
                raise refused[0] from None
            arguments.write_back(plain)
            _give_users(error, plain)
            raise
        else:
            arguments.write_back(plain)
            self.value = plain(output)
        finally:
            if self.recorder.run is not None:  # (otherwise the program has not begun)
                self.recorder.run.close(self.recorder)
        self.adjoints = self.recorder.zeros()
        self.position = len(self.recorder)
        self.cotangent: Any = 1.0  # with which the sweep begins

    def _result(self, function: Any, output: Any) -> Any:
        """The nodes of what is differentiated; refused at the function's own line, if it has one."""
        differentiated = self._differentiated(function, output)
        try:
            return result_tree(differentiated, self.recorder)
        except DifferentiationError as error:
            at_function = located(function, error.reason, error.hint)
            raise (at_function if at_function.span is not None else error) from None

    def _differentiated(self, function: Any, output: Any) -> Any:
        if not self.has_aux:
            return output
        if not isinstance(output, tuple) or len(output) != 2:
            raise located(function, "with has_aux, a pair (value, anything) is to be returned")
        return output[0]

    # ------------------------------------------------------------------ sweeps
    def backward(self, cotangent: Any = 1.0) -> Any:
        """Reverse mode from the result: adjoints of all nodes. `cotangent` has the result's structure."""
        adjoints = self._seeded(cotangent)
        self.recorder.reverse(adjoints)
        self.adjoints, self.position, self.cotangent = adjoints, 0, cotangent
        if self.recorder.outer is None:
            self._warn(adjoints, self.leaves)
        return adjoints

    def seeded(self) -> Any:
        """The adjoints with which the reverse sweep begins."""
        return self._seeded(self.cotangent)

    def _seeded(self, cotangent: Any) -> Any:
        adjoints = self.recorder.zeros()
        if type(cotangent) is float and cotangent == 1.0:
            for leaf in leaves(self.result):
                scattered(leaf.part, adjoints, np.ones(leaf.part.nodes.shape, leaf.part.dtype))
        else:
            write(self.result, cotangent, adjoints, "the cotangent")
        return adjoints

    def gradient(self, position: int = 0) -> Any:
        """The derivative by an argument, after `backward`: of its structure, None where it holds no float."""
        return read(self.leaves[position], self.adjoints)

    def tangent(self, tangents: Sequence[Any]) -> Any:
        """Forward mode: the tangent of the result along one tangent per argument (None for zero)."""
        dots = self.recorder.zeros()
        for tree, tangent in zip(self.leaves, tangents, strict=True):
            write(tree, tangent, dots, "the tangent")
        self.recorder.forward(dots)
        if self.recorder.outer is None:
            self._warn(dots, [self.result])
        return read(self.result, dots)

    def step_back(self) -> Node:
        """One node of the reverse sweep: its adjoint goes to its inputs. Raises IndexError at the beginning."""
        if self.position == 0:
            raise IndexError("the sweep stands at the beginning of the tape")
        if self.position == len(self):
            self.adjoints = self.seeded()
        self.position -= 1
        node = self[self.position]
        for source, partial in zip(node.inputs, node.partials, strict=True):
            if node.adjoint != 0.0:
                self.adjoints[source] += node.adjoint * partial
        return node

    def step_forward(self) -> Node:
        """Undo a step back. Raises IndexError at the end."""
        target = self.position + 1
        if target > len(self):
            raise IndexError("the sweep stands at the end of the tape")
        self.adjoints, self.position = self.seeded(), len(self)
        while self.position > target:
            self.step_back()
        return self[target - 1]

    def _warn(self, derivatives: np.ndarray, trees: Sequence[Any]) -> None:
        """One warning where a number of the derivative is not finite although those of the result are."""
        if np.all(np.isfinite(derivatives[_nodes(trees)])) or not np.all(
                np.isfinite(np.array(self.recorder.values)[_nodes([self.result])])):
            return
        bad = np.flatnonzero(~np.isfinite(np.array(self.recorder.weights)))
        starts = np.array(self.recorder.starts)
        index = int(np.searchsorted(starts, bad[0], side="right")) - 1 if bad.size else next(
            (b.first for b in self.recorder.blocks), 0)
        filename, line = self.recorder.place(index)
        name = NAMES[self.recorder.operations[index]]
        warnings.warn_explicit(f"the derivative of {name} is not finite although its value is: at line {line}",
                               RuntimeWarning, filename, line)

    # ------------------------------------------------------------------ looking
    def __len__(self) -> int:
        return len(self.recorder)

    @overload
    def __getitem__(self, index: int) -> Node: ...

    @overload
    def __getitem__(self, index: slice) -> list[Node]: ...

    def __getitem__(self, index: int | slice) -> Node | list[Node]:
        if isinstance(index, slice):
            return [self._node(k) for k in range(len(self))[index]]
        return self._node(range(len(self))[index])

    def _node(self, index: int) -> Node:
        r = self.recorder
        block = r.block_of(index)
        edges = [e for e in range(r.starts[index], r.starts[index + 1]) if r.sources[e] >= 0]
        inputs: Sequence[int] = [r.sources[e] for e in edges]
        partials: Sequence[float] = [r.weights[e] for e in edges]
        if block is not None:
            sources, weights = next(rows_of(block, range(index, index + 1)))
            inputs, partials = sources.tolist(), weights.tolist()
        filename, line = r.place(index)
        return Node(index, NAMES[r.operations[index]], tuple(inputs), r.values[index], tuple(partials),
                    self.adjoints[index] if r.outer is not None else float(self.adjoints[index]), filename, line)

    def __iter__(self) -> Iterator[Node]:
        return (self._node(k) for k in range(len(self)))

    def by_line(self) -> list[dict[str, Any]]:
        """Per line of the program: file, line, number of nodes, the operations and how many there are of each; the
        line with most nodes first.

        >>> Tape(lambda x: x * x + x, (2.0,)).by_line()[0]["operations"]
        {'mul': 1, 'add': 1}
        """
        made = [{"file": file, "line": line, "nodes": sum(counts.values()), "operations": counts}
                for file, line, counts in by_line(self.recorder)]
        return sorted(made, key=lambda row: -int(row["nodes"]))

    def __repr__(self) -> str:
        count, half = len(self), _SHOWN // 2
        rows = [_shown(self._node(k)) for k in range(count if count <= _SHOWN else half)]
        if count > _SHOWN:
            rows += [f"   ... {count - _SHOWN} more", *(_shown(self._node(k)) for k in range(count - half, count))]
        return "\n".join([f"Tape of {count} nodes, value {self.value!r}", *rows])

    def to_json(self) -> str:
        """The nodes, the result's nodes and the value as text; numbers that are not finite as strings."""
        def plain(x: float) -> Any:
            return float(x) if np.isfinite(x) else str(x)
        nodes = [{"operation": n.operation, "inputs": [int(k) for k in n.inputs], "value": plain(n.value),
                  "partials": [plain(p) for p in n.partials], "adjoint": plain(bottom(n.adjoint)), "file": n.filename,
                  "line": n.line} for n in self]
        results = [leaf.part.nodes.reshape(-1).tolist() for leaf in leaves(self.result)]
        return json.dumps({"nodes": nodes, "results": results})


def _give_users(error: BaseException, plain: Plain) -> None:
    """Make an exception of the program, and those that led to it, what they would have been without the tape."""
    pending: list[BaseException | None] = [error]
    known: list[BaseException] = []
    while pending:
        x = pending.pop()
        if x is None or any(x is other for other in known):
            continue
        known.append(x)
        x.args = tuple(_in_users_terms(a, plain) for a in x.args)
        if _is_of_unpacking(x):
            x.args = (_NOT_ITERABLE.sub(r"cannot unpack non-iterable \1 object", str(x.args[0])),)
        for name, value in list(vars(x).items()):
            left = plain(value)
            if left is not value:
                vars(x)[name] = left
        pending += [x.__cause__, x.__context__, *(x.exceptions if isinstance(x, BaseExceptionGroup) else ())]


def _is_of_unpacking(x: BaseException) -> bool:
    """True for a `TypeError` of `a, b = x`, which says of numbers what `iter` does not (ours refuse to be iterated)."""
    at = x.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return isinstance(x, TypeError) and len(x.args) == 1 and at is not None and (
        at.tb_frame.f_code.co_code[at.tb_lasti] in _UNPACKING)


def _in_users_terms(x: Any, plain: Plain) -> Any:
    """What an exception of the program carries, as it would have been without the tape."""
    if not isinstance(x, str):
        return plain(x)
    for name, users in (("ActiveFloat", "float"), ("ActiveComplex", "complex"), ("ActiveArray", "numpy.ndarray")):
        x = x.replace(name, users)
    return x


def _shown(node: Node) -> str:
    where = f"line {node.line:4d}" if node.line else " " * 9
    inputs = ", ".join(str(k) for k in node.inputs[:6]) + (", ..." if len(node.inputs) > 6 else "")
    return f"{node.index:6d}  {where}  {node.operation:10s} {node.value: .6g}" + (f"  from {inputs}" if inputs else "")


def _nodes(trees: Sequence[Any]) -> np.ndarray:
    """The nodes of all leaves that are active."""
    found = [leaf.part.nodes.reshape(-1) for tree in trees for leaf in leaves(tree)]
    nodes = np.concatenate(found) if found else np.empty(0, np.int64)
    return nodes[nodes >= 0]


def located(function: Any, reason: str, hint: str = "") -> DifferentiationError:
    """A refusal at the first line of a function, if it has one."""
    code = getattr(python_function(function), "__code__", None)
    span = Span(code.co_filename, code.co_firstlineno, function=code.co_name) if code else None
    return DifferentiationError(reason, span, hint)
