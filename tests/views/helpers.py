"""What a program in another file calls."""

from __future__ import annotations


def shifted(x, a):
    """A number and another one, with twice that."""
    b = a * 2.0
    return x + b
