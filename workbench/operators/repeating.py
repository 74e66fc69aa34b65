"""A compiled program that has raised is run once more as it is, for effects that compiled code has at its end only.

Writes to containers, and what a context manager's `__exit__` prints when an exception goes through, are not made by the
compiled run. Invariant: each effect is seen once: arrays and generators are put back first, and what was printed is not
said again.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from workbench.rules.text import said


class Before:
    """What a run may change that a second run must find as it was."""

    def __init__(self, arrays: Sequence[Any], sources: Sequence[Any]) -> None:
        self.arrays = [(a, np.array(a)) for a in arrays]
        self.states = [(s, s.bit_generator.state) for s in sources if isinstance(s, np.random.Generator)]
        self.said = said()

    def run_again(self, program: Callable[[], Any]) -> None:
        """Run the program, which raises."""
        for array, copy in self.arrays:
            array[...] = copy
        for source, state in self.states:
            source.bit_generator.state = state
        printed = {stream: letters - self.said[stream] for stream, letters in said().items()}
        with _after("stdout", printed["stdout"]), _after("stderr", printed["stderr"]):
            program()


class _Rest(io.TextIOBase):
    """A stream that leaves out the first letters, which were printed already."""

    def __init__(self, stream: Any, letters: int) -> None:
        self.stream, self.letters = stream, letters

    def write(self, text: str) -> int:
        """Print what is left of a text."""
        left = text[self.letters:]
        self.letters = max(0, self.letters - len(text))
        if left:
            self.stream.write(left)
        return len(text)

    def flush(self) -> None:
        """Hand on."""
        self.stream.flush()


@contextmanager
def _after(name: str, letters: int) -> Iterator[None]:
    stream = getattr(sys, name)
    if not letters:
        yield
        return
    setattr(sys, name, _Rest(stream, letters))
    try:
        yield
    finally:
        setattr(sys, name, stream)
