"""What derivatives give, as arrays to be compared."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


def parts(value: Any) -> Iterator[np.ndarray]:
    """All arrays and numbers of a result."""
    if isinstance(value, tuple | list):
        for entry in value:
            yield from parts(entry)
    else:
        yield np.asarray(value)


def apart(got: Sequence[np.ndarray], want: Sequence[np.ndarray]) -> float:
    """The largest difference, relative to the largest value of its array."""
    return max(float(np.abs(a - b).max(initial=0)) / (float(np.abs(b).max(initial=0)) + 1e-300)
               for a, b in zip(got, want, strict=True))
