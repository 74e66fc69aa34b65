"""Mistakes to plant in passes that make programs cheaper, as context managers; `faults` names them."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

from workbench.frontend.tracer import ONE, ZERO
from workbench.passes import contributions, preallocate, unread
from workbench.transforms import frames

Planted = Iterator[None]


@contextlib.contextmanager
def sums_read_too_early() -> Planted:
    """Contributions are added up beside an array that the loop reads and writes in between."""

    def additions(users: Any, version: Any, out: Any, body: Any) -> list[Any]:
        found = []
        while version is not out:
            following = [user for user in users.get(version, []) if getattr(user, "prim", "") in ("accum", "store")
                         and user in body.ops and user.operands[0] is version]
            if not following:
                return []
            found += [user for user in following if user.prim == "accum"]
            version = following[0].result
        return found

    with mock.patch.object(contributions, "additions", additions):
        yield


@contextlib.contextmanager
def part_taken_for_whole() -> Planted:
    """A cotangent is not zeroed before a loop adds to some of its elements."""
    with mock.patch.object(unread._Search, "_is_whole", lambda self, op, array: True):
        yield


@contextlib.contextmanager
def room_not_cleared() -> Planted:
    """An array of zeros whose room is made once keeps what the iteration before left."""
    with mock.patch.object(preallocate._Preallocator, "_filled", lambda self, root, array, indices: array):
        yield


@contextlib.contextmanager
def stack_read_from_below() -> Planted:
    """What waits on a stack in a recursive function is taken one place too deep."""
    right = frames.emit

    def emit(builder: Any, prim: str, *operands: Any, **attrs: Any) -> Any:
        if prim == "load":
            below = right(builder, "sub", operands[1], ONE)
            operands = (operands[0], right(builder, "maximum", below, ZERO))
        return right(builder, prim, *operands, **attrs)

    with mock.patch.object(frames, "emit", emit):
        yield
