"""Memory that compiled programs free and ask for again at the next call.

A gradient's residual arrays are made and freed in each call. The C library of GNU gives large blocks back to the
system, which hands them out anew, page by page and cleared: that alone can double the time of a gradient. It stops
doing so for blocks of the size that a process has been seen to free, up to 32 MB. So one is freed.

Source: mallopt(3), "dynamic mmap threshold". Where memory is managed otherwise, nothing changes.
"""

from __future__ import annotations

import functools

import numpy as np

_LARGEST = 32 * 1024 * 1024 - 64 * 1024  # (a larger block would not count)


@functools.cache
def keep_freed() -> None:
    """Free a large block that nothing was written to, once."""
    np.empty(_LARGEST, np.uint8)
