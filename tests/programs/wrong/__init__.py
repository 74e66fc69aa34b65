"""Wrong and unsupported programs, by theme. A `# <--` marks the lines that may be blamed; without one, any line may.

What each must do is not written down: plain Python is asked (`tests/programs/test_wrong.py`). `MUST` names those that
have no derivative, or none that is known.
"""
from __future__ import annotations

from tests.programs.wrong import (
    arguments,
    arithmetic,
    callables,
    control,
    failures,
    names,
    numbers,
    objects,
    opaque,
    shapes,
)

THEMES = (arguments, arithmetic, callables, control, failures, names, numbers, objects, opaque, shapes)

__all__ = ["THEMES"]
