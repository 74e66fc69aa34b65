"""What programs leave in globals, classes and containers: afterwards plain numbers, and no constants to a later run."""

from __future__ import annotations

import math
import statistics
from collections import deque
from types import SimpleNamespace
from typing import Any

import numpy as np

LIST: list[Any] = []
TABLE: dict[Any, Any] = {}
SET: set[Any] = set()
QUEUE: deque[Any] = deque()
OBJECT = SimpleNamespace(last=None)
ARRAYS: list[Any] = []
FACTOR = 1.0


class Log:
    """Whose class keeps what it has seen."""

    seen: list[Any] = []
    best: Any = None


def leaves_numbers(x, y):
    LIST.append(x * y)
    TABLE["x"] = x
    TABLE[x] = y
    SET.add(y)
    QUEUE.append((x, [y]))
    OBJECT.last = x
    Log.seen.append(y)
    Log.best = np.float64(x)
    leaves_numbers.last = x
    ARRAYS.append(np.array([x, y]) * 2.0)
    return LIST[-1] * x


def clear() -> None:
    """Nothing is left."""
    for held in (LIST, TABLE, SET, QUEUE, ARRAYS, Log.seen):
        held.clear()


USES = (
    lambda x: x * LIST[0], lambda x: LIST[0] * LIST[0] + x, lambda x: -OBJECT.last * x,
    lambda x: math.sin(LIST[0]) * x, lambda x: float(TABLE["x"]) * x, lambda x: np.sin(LIST[0]) * x,
    lambda x: np.array(LIST).sum() * x, lambda x: sum(LIST) * x, lambda x: statistics.mean(LIST) * x,
    lambda x: math.fsum(LIST) * x, lambda x: max(SET) * x, lambda x: QUEUE[0][0] * x, lambda x: Log.best * x,
    lambda x: ARRAYS[0].sum() * x, lambda x: np.sum(ARRAYS[0]) * x, lambda x: ARRAYS[0][0] * x,
    lambda x: np.dot(ARRAYS[0], ARRAYS[0]) * x, lambda x: np.sum(ARRAYS[0] + 1.0) * x,
    lambda x: [*ARRAYS[0].flat][0] * x, lambda x: [*ARRAYS[0]][1] * x, lambda x: ARRAYS[0].tolist()[0] * x,
    lambda x: next(k for k in TABLE if k != "x") * x,
)


def outer_global(x):
    """A global that holds an active number while an inner derivative reads it."""
    global FACTOR
    FACTOR = x * x
    inner = DERIVATIVE[0](2.0)
    return FACTOR * inner * x


def scaled(t):
    """What the inner derivative is of."""
    return t * t * FACTOR


DERIVATIVE: list[Any] = []
