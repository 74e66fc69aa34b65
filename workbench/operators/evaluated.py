"""Trees of the evaluator's values: from values to trees whose leaves are positions, and back.

Invariant: a derivative has the structure of what it belongs to, with None for what carries none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.frontend.activation import Activation
from workbench.frontend.arrays import read
from workbench.frontend.layout import laid
from workbench.frontend.numbers import is_python_number, number_kind
from workbench.frontend.outputs import Leaf, Node, Packed, Static, Tree, Worded
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Array, Choice, DictValue, DynamicList, ListValue, Scalar
from workbench.ir import Kind, Value
from workbench.operators.containers import made, opened


def tree_of(act: Activation, value: Any, values: list[Value]) -> Tree:
    """The tree of a value of the evaluator; its numbers and arrays go to `values`, where leaf positions point."""
    t = act.t
    value = t.environment.read_choice(t, value) if isinstance(value, Choice) else value
    kind = number_kind(value)
    if isinstance(value, Array):
        values.append(read(t, value))
        return Leaf(len(values) - 1, value.kind, value.rank, False)
    if isinstance(value, Scalar) or (kind is not None and kind.is_inexact):
        values.append(t.scalar(value))
        python = value.python if isinstance(value, Scalar) else is_python_number(value)
        return Leaf(len(values) - 1, values[-1].kind, -1, python)
    if isinstance(value, DynamicList):
        t.fail("stopping or hooking the gradient of a list of run-time length", "use an array")
    found = opened(t, value)
    if found is None:
        return Static(value)
    return Node(found.type, found.keys, tuple(tree_of(act, part, values) for part in found.parts))


def value_of(act: Activation, tree: Tree, results: Sequence[Value]) -> Any:
    """The evaluator's value of a tree, of which leaf positions point to `results`; arrays are its own."""
    return shaped(act.t, tree, lambda leaf: fresh(act.t, leaf, results[leaf.position]), lambda static: static.value)


def derivative_of(act: Activation, tree: Tree, results: Sequence[Value], places: Mapping[int, int]) -> Any:
    """The derivative with respect to (or of) what a tree describes: `places` says which result belongs to a leaf's
    position; it is None for other leaves, and for what is no number."""
    def derivative(leaf: Leaf) -> Any:
        return fresh(act.t, leaf, results[places[leaf.position]]) if leaf.position in places else None
    return shaped(act.t, tree, derivative, lambda static: None)


def shaped(t: Tracer, tree: Tree, leaf: Callable[[Leaf], Any], static: Callable[[Static], Any]) -> Any:
    """A value of the evaluator of the form of a tree."""
    if isinstance(tree, Leaf):
        return leaf(tree)
    if isinstance(tree, Static):
        return static(tree)
    if isinstance(tree, Packed):
        t.fail("the derivative, inside a program, of a function that returns a list of run-time length",
               "return an array")
    if isinstance(tree, Worded):
        t.fail("a derivative of a function that returns a text of run-time numbers", "return the numbers")
    return made(t, tree.type, tree.keys, [shaped(t, child, leaf, static) for child in tree.children])


def fresh(t: Tracer, leaf: Leaf, value: Value) -> Any:
    """A number, or an array of the evaluator's own, that holds a result."""
    if not value.is_array:
        return Scalar(value, leaf.python)
    owned = value not in {t.builder.read(c.slot) for c in t.cells if c.depth <= len(t.frames)}
    return laid(t.new_array(value if owned else t.emit("copy", value)), leaf.order)


def conforming(act: Activation, value: Value, dims: Sequence[Value], what: str, of: str,
               kind: Kind | None = None) -> Value:
    """A tangent or cotangent with the very dimensions of what it belongs to, checked where they may differ, and in its
    kind."""
    t = act.t
    if value.rank != len(dims):
        t.fail(f"a {what} of {value.rank} axes for an {of} of {len(dims)}", f"pass a {what} of its shape")
    if kind is not None and value.kind is not kind:
        if value.kind.is_complex and not kind.is_complex:
            t.fail(f"a complex {what} for an {of} that is real", "pass its real part")
        value = t.emit("cast", value, kind=kind)
    if not value.is_array or tuple(value.dims) == tuple(dims):
        return value
    for a, b in zip(value.dims, dims, strict=True):
        if not t.same(a, b):
            t.check(t.emit("eq", a, b), "ValueError", f"a {what} has another shape than its {of}")
    return t.emit("reshape", value, *dims)


def flatten(act: Activation, tree: Tree, given: Any, flat: dict[int, Value]) -> None:
    """Tangents or cotangents of the structure of `tree`, by position."""
    t = act.t
    if isinstance(tree, Leaf):
        given = t.environment.read_choice(t, given) if isinstance(given, Choice) else given
        if isinstance(given, Array):
            flat[tree.position] = read(t, given)
        else:
            flat[tree.position] = t.scalar(given, tree.kind)
    elif isinstance(tree, Node):
        if isinstance(given, (ListValue, tuple)):
            parts = [t.read(v) for v in given.items] if isinstance(given, ListValue) else list(given)
        elif isinstance(given, DictValue):
            parts = [t.read(given.items[k]) for k in tree.keys or ()]
        else:
            parts = [t.environment.attribute(act, given, k) for k in tree.keys or ()]
        for child, part in zip(tree.children, parts, strict=True):
            if not isinstance(child, Static):
                flatten(act, child, part, flat)
