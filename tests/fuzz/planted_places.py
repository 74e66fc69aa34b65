"""Mistakes to plant in what is known of places in arrays, as context managers; `faults` names them."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

from workbench.frontend import arrays, indexing, resizing, tracer
from workbench.frontend.library import creation
from workbench.frontend.places import numbers
from workbench.frontend.tracer import ONE, ZERO
from workbench.frontend.values import Fixed
from workbench.frontend.variables import StoredView
from workbench.rules import emit

Planted = Iterator[None]


@contextlib.contextmanager
def place_off_by_one() -> Planted:
    """A name whose view moves shows, in the next turn, the row before the one that it was bound to."""
    right = tracer.write_tree

    def write_tree(builder: Any, stored: Any, value: Any) -> None:
        right(builder, stored, value)
        if isinstance(stored, StoredView) and len(stored.target.steps) == 1 and 0 in stored.slots and isinstance(
                stored.target.steps[0].base[0], Fixed):
            before = emit(builder, "sub", numbers(value)[0], ONE)
            builder.write(stored.slots[0], emit(builder, "maximum", before, ZERO))

    with mock.patch.object(tracer, "write_tree", write_tree):
        yield


@contextlib.contextmanager
def smaller_array_displaced() -> Planted:
    """An array that has become smaller is moved one place behind the beginning of its name's buffer."""
    right = resizing.refill

    def refill(*args: Any) -> None:
        with mock.patch.object(resizing, "ZERO", ONE):
            right(*args)

    with mock.patch.object(resizing, "refill", refill):
        yield


@contextlib.contextmanager
def always_copied() -> Planted:
    """`copy=False` and `copy=None` are taken for `copy=True`."""
    with mock.patch.object(creation, "static_option", lambda t, value, name: True):
        yield


@contextlib.contextmanager
def mask_from_the_end() -> Planted:
    """Where a mask stands beside other indices, the places of its true elements are counted from the end."""
    right = indexing._without_masks

    def without_masks(t: Any, array: Any, parts: Any) -> Any:
        found = right(t, array, parts)
        return [t.new_array(t.emit("sub", t.emit("sub", part.dims[0], ONE), arrays.read(t, place)))
                if getattr(part, "rank", 0) == 1 and len(found) == len(parts) and part is not place else place
                for part, place in zip(parts, found, strict=False)]

    with mock.patch.object(indexing, "_without_masks", without_masks):
        yield
