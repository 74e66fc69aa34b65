"""`Tape`: one recorded run of a Python function, to be looked at, swept, stepped through and written as JSON."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.engines.tape.array import ActiveArray
from workbench.engines.tape.calls import Mediator
from workbench.engines.tape.recorder import Recorder
from workbench.engines.tape.refusal import kept
from workbench.engines.tape.scalar import ActiveFloat
from workbench.engines.tape.structures import Arguments, inactive, leaves_of, matched, numbers, rebuilt_tuple
from workbench.frontend import python_function
from workbench.ir import DifferentiationError, Span


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
    result; `step_back()` and `step_forward()` move `position`, the node before which the sweep stands."""

    def __init__(self, function: Callable[..., Any], args: Sequence[Any], named: dict[str, Any] | None = None,
                 wrt: Sequence[int] | None = None) -> None:
        self.recorder = Recorder()
        self.arguments = tuple(args)
        arguments = Arguments(self.recorder)
        chosen = range(len(args)) if wrt is None else wrt
        active = [arguments.active(x, k in chosen) for k, x in enumerate(args)]
        self.leaves = tuple(leaves_of(a, x) if k in chosen else None
                            for k, (a, x) in enumerate(zip(active, args, strict=True)))
        mediator = Mediator(self.recorder)
        try:
            self.output = mediator(function, *active, **(named or {}))
            self.seeds = numbers(_result_nodes(self.output, self.recorder))
            self.value = inactive(self.output)
        except DifferentiationError:
            arguments.restore()  # a refusal leaves no trace
            raise
        except BaseException as error:
            arguments.write_back()
            error.args = tuple(_in_users_terms(a) for a in error.args)
            raise
        finally:
            mediator.close()
        arguments.write_back()
        self.adjoints = np.zeros(len(self.recorder))
        self.position = len(self.recorder)

    # ------------------------------------------------------------------ sweeps
    def backward(self, cotangent: Any = 1.0) -> np.ndarray:
        """Reverse mode from the result: adjoints of all nodes. `cotangent` has the result's structure."""
        adjoints = self._seeded(cotangent)
        self.recorder.reverse(adjoints)
        self.adjoints, self.position = adjoints, 0
        self._warn(adjoints)
        return adjoints

    def _seeded(self, cotangent: Any) -> np.ndarray:
        adjoints = np.zeros(len(self.recorder))
        flat = [np.asarray(v, dtype=float).reshape(-1) for v in flattened(cotangent)]
        fits = len(flat) == len(self.seeds) and all(a.size in (1, n.size)
                                                    for a, n in zip(flat, self.seeds, strict=True))
        if not fits:
            raise TypeError("the cotangent has not the structure of the result")
        for bar, nodes in zip(flat, self.seeds, strict=True):
            found = nodes >= 0
            np.add.at(adjoints, nodes[found], np.broadcast_to(bar, nodes.shape)[found])
        return adjoints

    def gradient(self, position: int = 0) -> Any:
        """The derivative by an argument, after `backward`: of its structure, None where it holds no float."""
        return matched(self.leaves[position], self.arguments[position], self.adjoints)

    def tangent(self, tangents: Sequence[Any]) -> Any:
        """Forward mode: the tangent of the result along one tangent per argument (None for zero)."""
        dots = np.zeros(len(self.recorder))
        for leaves, tangent in zip(self.leaves, tangents, strict=True):
            if tangent is None:
                continue
            for nodes, dot in zip(numbers(leaves), flattened(tangent), strict=True):
                dots[nodes] = np.asarray(dot, dtype=float).reshape(-1)
        self.recorder.forward(dots)
        return _tangent(self.output, dots)

    def step_back(self) -> Node:
        """One node of the reverse sweep: its adjoint goes to its inputs. Raises IndexError at the beginning."""
        if self.position == 0:
            raise IndexError("the sweep stands at the beginning of the tape")
        if self.position == len(self):
            self.adjoints = self._seeded(1.0)
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
        self.adjoints, self.position = self._seeded(1.0), len(self)
        while self.position > target:
            self.step_back()
        return self[target - 1]

    def _warn(self, adjoints: np.ndarray) -> None:
        """One warning where a number of the derivative is not finite although all values are."""
        leaves = [n for tree in self.leaves for n in numbers(tree)]
        if not leaves or np.all(np.isfinite(adjoints[np.concatenate(leaves)])) or not np.all(
                np.isfinite(np.array(self.recorder.values))):
            return
        bad = ~np.isfinite(np.array(self.recorder.weights))
        edge = int(np.argmax(bad)) if bad.any() else 0
        node = self[int(np.searchsorted(np.array(self.recorder.starts), edge, side="right")) - 1]
        where = f"{node.filename}:{node.line}"
        warnings.warn(f"the derivative of {node.operation} is not finite at {where}", RuntimeWarning, stacklevel=3)

    # ------------------------------------------------------------------ looking
    def __len__(self) -> int:
        return len(self.recorder)

    def __getitem__(self, index: int) -> Node:
        r = self.recorder
        index = range(len(r))[index]
        edges = [e for e in range(r.starts[index], r.starts[index + 1]) if r.sources[e] >= 0]
        place = r.places[index]
        code, line = r.lines[place] if place >= 0 else (None, 0)
        filename = code.co_filename if code else ""
        return Node(index, r.names[r.operations[index]], tuple(r.sources[e] for e in edges), r.values[index],
                    tuple(r.weights[e] for e in edges), float(self.adjoints[index]), filename, line)

    def __iter__(self) -> Iterator[Node]:
        return (self[k] for k in range(len(self)))

    def __repr__(self) -> str:
        rows = [f"{n.index:6d}  line {n.line:4d}  {n.operation:10s} {n.value: .6g}  from {n.inputs}" for n in
                (self[k] for k in range(min(len(self), 20)))]
        more = [f"  ... {len(self) - 20} more"] if len(self) > 20 else []
        return "\n".join([f"Tape of {len(self)} nodes, value {self.value!r}", *rows, *more])

    def to_json(self) -> str:
        """The nodes, the result's nodes and the value as text; numbers that are not finite as strings."""
        def number(x: float) -> Any:
            return x if np.isfinite(x) else str(x)
        nodes = [{"operation": n.operation, "inputs": n.inputs, "value": number(n.value),
                  "partials": [number(p) for p in n.partials], "adjoint": number(n.adjoint), "file": n.filename,
                  "line": n.line} for n in self]
        return json.dumps({"nodes": nodes, "results": [s.tolist() for s in self.seeds]})

def _in_users_terms(text: Any) -> Any:
    """A message of Python's own with the types that the program itself would have met."""
    if not isinstance(text, str):
        return inactive(text)
    return text.replace("'ActiveFloat'", "'float'").replace("'ActiveArray'", "'numpy.ndarray'")


def _result_nodes(x: Any, recorder: Recorder) -> Any:
    """The structure of the result as nodes; -1 for numbers that are not active."""
    if isinstance(x, (ActiveArray, ActiveFloat)) and x.recorder.closed and x.recorder is not recorder:
        raise kept()
    if isinstance(x, ActiveArray):
        return x.nodes.copy()
    if isinstance(x, ActiveFloat):
        return x
    if isinstance(x, (float, np.floating)):
        return np.array(-1)
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return np.full(x.shape, -1)
    if isinstance(x, (tuple, list)):
        return [_result_nodes(v, recorder) for v in x]
    return {k: _result_nodes(v, recorder) for k, v in x.items()} if isinstance(x, dict) else None


def flattened(x: Any) -> list[Any]:
    """The floats and arrays of a structure, in order."""
    if isinstance(x, (tuple, list)):
        return [v for item in x for v in flattened(item)]
    if isinstance(x, dict):
        return [v for item in x.values() for v in flattened(item)]
    if isinstance(x, (int, float, np.floating, np.ndarray)):
        return [x]
    return [v for item in vars(x).values() for v in flattened(item)] if hasattr(x, "__dict__") else []


def _tangent(x: Any, dots: np.ndarray) -> Any:
    if isinstance(x, ActiveFloat):
        return float(dots[x.node])
    if isinstance(x, ActiveArray):
        return np.where(x.nodes >= 0, dots[x.nodes], 0.0).astype(x.dtype)
    if isinstance(x, tuple):
        return rebuilt_tuple(x, [_tangent(v, dots) for v in x])
    if isinstance(x, list):
        return [_tangent(v, dots) for v in x]
    if isinstance(x, dict):
        return {k: _tangent(v, dots) for k, v in x.items()}
    return 0.0 if isinstance(x, (float, np.floating)) else None


def gradient(function: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any], wrt: Sequence[int],
             has_aux: bool) -> tuple[Any, tuple[Any, ...]]:
    """The value of a function and its gradients by some arguments."""
    tape = Tape(function, args, named, wrt)
    for k in wrt:
        if not numbers(tape.leaves[k]):
            raise _error(function, f"argument {k} holds no float: {args[k]!r:.60}", "give it as a float")
    result = tape.output
    if has_aux and not (isinstance(result, tuple) and len(result) == 2):
        raise _error(function, "with has_aux, a pair (value, anything) is to be returned")
    value = result[0] if has_aux else result
    if isinstance(value, ActiveArray) and value.shape == ():
        value = value[()]
    if not isinstance(value, (ActiveFloat, float, np.floating)):
        raise _error(function, f"the gradient of a function that returns {type(inactive(value)).__name__} is asked for",
                     "return one real float")
    tape.seeds = numbers(_result_nodes(value, tape.recorder))
    tape.backward()
    return tape.value, tuple(tape.gradient(k) for k in wrt)


def forward(function: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    """The value of a function and its derivative along a direction."""
    tape = Tape(function, primals, None, [k for k, t in enumerate(tangents) if t is not None])
    return tape.value, tape.tangent(tangents)


def pullback(function: Callable[..., Any], primals: tuple[Any, ...]) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of a function, and what turns a cotangent of it into those of the arguments."""
    tape = Tape(function, primals)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        tape.backward(cotangent)
        return tuple(tape.gradient(k) for k in range(len(primals)))
    return tape.value, pull


def _error(function: Any, reason: str, hint: str = "") -> DifferentiationError:
    code = getattr(python_function(function), "__code__", None)
    span = Span(code.co_filename, code.co_firstlineno, function=code.co_name) if code else None
    return DifferentiationError(reason, span, hint)
