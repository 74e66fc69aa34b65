"""What is active: the classes of numbers and arrays that depend on independent variables, and what can be asked of them
without knowing more: what they stand for (`bottom`), which recorder they belong to.

Every one has `primal`, what it stands for (plain, or active under an outer recorder), and `recorder`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from workbench.engines.tape.recorder import INACTIVE, Recorder
from workbench.engines.tape.refusal import kept
from workbench.engines.tape.remains import KEPT, outside

PLAIN = frozenset({float, int, bool, np.bool_, *(np.dtype(c).type for c in "efdgbhilqBHILQ")})
COMPLEX = frozenset({complex, np.complex64, np.complex128})
NUMBERS: set[type] = set()  # the classes of active numbers; filled in by `scalar`
ACTIVE: set[type] = set()  # and of active arrays, by `array`
_SIMPLE = PLAIN | COMPLEX | {str, type(None), np.ndarray}


def is_active_array(x: Any) -> bool:
    """True for active arrays."""
    return type(x) in ACTIVE and type(x) not in NUMBERS


def is_constant(x: Any) -> bool:
    """True for an active array in which nothing depends on an independent variable, of any recorder."""
    while is_active_array(x):
        if x.nodes.max(initial=INACTIVE) >= 0:
            return False
        x = x.primal
    return type(x) not in NUMBERS


def holds_active(x: Any) -> bool:
    """True for active ones, and for lists, tuples and dictionaries with one inside."""
    kind = type(x)
    if kind in ACTIVE:
        return True
    if kind in KEPT:
        outside()
    if kind in _SIMPLE or not isinstance(x, (list, tuple, dict)):
        return False
    return any(type(v) not in _SIMPLE and holds_active(v) for v in (x.values() if isinstance(x, dict) else x))


def actives(x: Any) -> Iterator[Any]:
    """The active numbers and arrays in an argument of a NumPy function."""
    if type(x) in ACTIVE:
        yield x
    elif isinstance(x, (list, tuple)):
        for v in x:
            yield from actives(v)
    elif isinstance(x, dict):
        for v in x.values():
            yield from actives(v)


def innermost(operands: Iterable[Any]) -> Any:
    """The innermost recorder of the active ones among some objects, None where there is none."""
    found: Any = None
    for x in operands:
        if type(x) in ACTIVE:
            r = x.recorder
            if r.closed:
                raise kept()
            if found is None or r.level > found.level:
                found = r
    return found


def recorder_of(*operands: Any) -> Recorder:
    """The innermost recorder of what arguments of a NumPy function hold, one of which is active."""
    found = innermost(actives(operands))
    assert found is not None
    return found  # type: ignore[no-any-return]


def bottom(x: Any) -> Any:
    """The plain numbers under all recorders; of a list, tuple or dictionary too."""
    while type(x) in ACTIVE:
        x = x.primal
    if type(x) is list or isinstance(x, tuple):
        items = [bottom(v) for v in x]
        return items if type(x) is list else tuple.__new__(type(x), items)  # type: ignore[type-var]
    return {k: bottom(v) for k, v in x.items()} if type(x) is dict else x


def plain_key(key: Any) -> Any:
    """An index without active parts (an index has no derivative)."""
    if isinstance(key, tuple):
        return tuple(plain_key(k) for k in key)
    return bottom(key) if is_active_array(key) else key
