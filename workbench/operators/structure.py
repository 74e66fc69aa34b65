"""Trees of derivatives: which input every leaf of an argument is, and the same structure for its gradient.

Invariant: a gradient has the structure of its argument; a leaf that is not a float (or complex) has the gradient None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from workbench.frontend import Input, Leaf, Node, Packed, Path, Static, Tree, instance_attributes, is_plain_object
from workbench.ir import DifferentiationError, Span


def gradient_tree(value: Any, path: Path, inputs: Mapping[Any, Input], place: Callable[[Input], int],
                  views: Mapping[Any, Any] = MappingProxyType({}),
                  same: Mapping[Any, Path] = MappingProxyType({})) -> Tree:
    """The tree of an argument's gradient. `inputs` are the program's by path key; `place(input)` gives the result of
    the compiled derivative that is its cotangent; `views` are the arguments that show part of another input, `same`
    the first paths to containers that are met again."""
    path = same.get(path.key, path)
    if path.key in views:
        root, placement = views[path.key]
        return Leaf(place(root), root.kind, root.rank, False, view=placement) if root.kind.is_inexact else Static(None)
    found = inputs.get(path.key)
    if found is not None:
        if not found.kind.is_inexact:
            return Static(None)
        leaf = Leaf(place(found), found.kind, found.rank, found.python)
        return Packed(leaf, leaf) if found.packed else leaf
    children: list[tuple[Any, Any, Path]]
    if isinstance(value, (list, tuple)):
        children = [(None, v, path.item(k)) for k, v in enumerate(value)]
        keys = None
    elif isinstance(value, dict):
        children = [(k, v, path.item(k)) for k, v in value.items()]
        keys = tuple(value)
    elif is_plain_object(value):
        names = instance_attributes(value)
        children = [(n, getattr(value, n), path.attribute(n)) for n in names]
        keys = tuple(names)
    else:
        return Static(None)
    trees = tuple(gradient_tree(v, p, inputs, place, views, same) for _, v, p in children)
    return Node(type(value), keys, trees)


def has_leaf(tree: Tree) -> bool:
    """True when something in the tree is a derivative."""
    return isinstance(tree, (Leaf, Packed)) or (isinstance(tree, Node) and any(has_leaf(c) for c in tree.children))


def refuse_integer(value: Any, name: str, span: Span | None) -> None:
    """Raise for an argument under `wrt` that cannot be differentiated: an integer, a flag, anything without floats."""
    if isinstance(value, (bool, np.bool_)):
        what = "a bool"
    elif isinstance(value, (int, np.integer)):
        what = f"the integer {value}"
    elif isinstance(value, np.ndarray):
        what = f"an array of {value.dtype}"
    else:
        what = f"a {type(value).__name__} that holds no float"
    raise DifferentiationError(f"the argument {name!r} is {what}: it has no derivative", span,
                               f"pass a float (such as {float(value)!r})" if isinstance(value, int) else
                               "pass floats, or name another argument in wrt")


def _packed_values(tree: Tree, given: list[Any], values: dict[int, Any], name: str) -> None:
    """Read the tangents of a list's entries into one array per number of an entry."""
    if isinstance(tree, Leaf):
        values[tree.position] = np.array(given, dtype=tree.kind.dtype).reshape(
            (len(given), *np.shape(given[0])) if given else (0,) * tree.rank)
    elif isinstance(tree, Node):
        for position, (key, child) in enumerate(zip(tree.keys or range(len(tree.children)), tree.children,
                                                    strict=True)):
            if not isinstance(child, Static):
                _packed_values(child, [_part(g, position, key) for g in given], values, f"{name}.{key}")


def _part(given: Any, position: int, key: Any) -> Any:
    """What a tangent holds for one entry of a structure."""
    if isinstance(given, (list, tuple)):
        return given[position]
    return given[key] if isinstance(given, dict) else getattr(given, key)


def tangent_values(tree: Tree, given: Any, values: dict[int, Any], name: str) -> None:
    """Read a tangent (or cotangent) of the structure of `tree` into `values`, by leaf position."""
    if isinstance(tree, Leaf):
        if given is None:
            raise TypeError(f"the tangent of {name} is missing")
        if tree.rank < 0:
            values[tree.position] = tree.kind.dtype.type(given).item() if tree.python else tree.kind.dtype.type(given)
        else:
            array = np.ascontiguousarray(given, dtype=tree.kind.dtype)
            if array.ndim != tree.rank:
                raise ValueError(f"the tangent of {name} has {array.ndim} dimensions, not {tree.rank}")
            values[tree.position] = array
    elif isinstance(tree, Packed):
        _packed_values(tree.entry, list(given), values, name)
    elif isinstance(tree, Node):
        for position, (key, child) in enumerate(zip(tree.keys or range(len(tree.children)), tree.children,
                                                    strict=True)):
            if isinstance(child, Static):
                continue
            if given is None:
                raise TypeError(f"the tangent of {name} is missing")
            tangent_values(child, _part(given, position, key), values, f"{name}.{key}")


def zeros(tree: Tree, value: Any) -> Any:
    """A tangent of zeros for an argument whose gradient has this tree."""
    if isinstance(tree, Leaf):
        return np.zeros(np.shape(value))
    if isinstance(tree, Packed):
        return [zeros(tree.entry, entry) for entry in value]
    if not isinstance(tree, Node):
        return None
    keys = tree.keys or range(len(tree.children))
    parts = [zeros(child, _part(value, k, key)) for k, (key, child) in enumerate(zip(keys, tree.children, strict=True))]
    return dict(zip(tree.keys, parts, strict=True)) if tree.keys else parts


def inexact(tree: Tree) -> Tree:
    """The tree with None for what carries no derivative."""
    if isinstance(tree, Node):
        return Node(tree.type, tree.keys, tuple(inexact(c) for c in tree.children))
    if isinstance(tree, Packed):
        return Packed(inexact(tree.entry), tree.length)
    return tree if isinstance(tree, Leaf) and tree.kind.is_inexact else Static(None)


def without_statics(tree: Tree) -> Tree:
    """The tree with None for what is no number."""
    if isinstance(tree, Node):
        return Node(tree.type, tree.keys, tuple(without_statics(c) for c in tree.children))
    if isinstance(tree, Packed):
        return Packed(without_statics(tree.entry), tree.length)
    return tree if isinstance(tree, Leaf) else Static(None)
