"""Numbers that are read from text: once an active number has been written as text, its derivative could be lost so.

Invariant: what writes an active number as text says so (`written_as_text` of its recorder); what reads a number from
text asks `checked_text`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.engines.tape.recorder import Recorder, current
from workbench.engines.tape.refusal import refuse


def holds_text(x: Any) -> bool:
    """True for a text, and for an array of texts."""
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "US" or (x.dtype.kind == "O" and any(isinstance(v, str) for v in x.reshape(-1)))
    return isinstance(x, (str, bytes, bytearray)) or (isinstance(x, (list, tuple)) and any(holds_text(v) for v in x))


def text_is_written() -> bool:
    """True once an active number of an open run of this thread has been written as text."""
    recorder = current()
    while recorder is not None:
        if recorder.written_as_text:
            return True
        recorder = recorder.outer
    return False


def checked_text(x: Any) -> Any:
    """What a number is read from, perhaps: texts are refused once an active number has been written as text."""
    if text_is_written() and holds_text(x):
        raise refuse("a number is read from text after an active one has been written as text: its derivative would be "
                     "lost", "keep the number")
    return x


def note_text(made: Any, recorder: Recorder) -> None:
    """What a function has made of active numbers of this recorder: texts, perhaps."""
    recorder.written_as_text = recorder.written_as_text or holds_text(made)
