"""The calls of the grid: for every function, each documented argument, on each kind of operand.

A template is an expression of `x`, `y`, `z` in which `{a|b|}` stands for each of the texts in turn; the entries of a
group are all combinations of its templates' texts and of its operands (names as in `operands`).
"""
from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

EVERY = "s sn si sc v v0 v1 m m1 m0 t vn mn v32 m32 vc mc vc32 mi vi vb".split()
REAL = "s sn si v v0 v1 m m1 m0 t vn mn v32 m32 vi mi vb".split()
ARRAYS = "v v0 v1 m m0 t mn m32 vc mc mi vb".split()
TIED = ["ve", "me"]
FLOATS = "s sn v v0 v1 m t vn v32 vi".split()
COMPLEX = "sc vc mc vc32".split()
PAIRS = ["v v", "m v", "m m1", "v s", "s v", "s s", "sn v32", "v32 s", "v32 v32", "v0 s", "v0 v1", "vi v", "v vi",
         "vi vi", "t m", "mn m", "vb v", "m w", "v32 v"]
COMPLEX_PAIRS = ["vc v", "v vc", "vc vc", "vc32 v32", "sc v", "vc s", "vi vc"]


@dataclass(frozen=True)
class Entry:
    """One call: the function's name, the text, the operands' names and the interval of reals."""

    name: str
    text: str
    operands: tuple[str, ...]
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.name}: {self.text!r} of {' '.join(self.operands)}"


_ALTERNATIVES = re.compile(r"\{([^{}]*\|[^{}]*)\}")


def texts(template: str) -> Iterator[str]:
    """All texts of a template."""
    parts = _ALTERNATIVES.split(template)
    for chosen in itertools.product(*(p.split("|") if k % 2 else [p] for k, p in enumerate(parts))):
        yield "".join(chosen)


_GROUPS: list[tuple[str, list[str], list[str], float, float]] = []


def group(name: str, templates: str | list[str], operands: list[str], low: float = -2.0, high: float = 2.0) -> None:
    _GROUPS.append((name, [templates] if isinstance(templates, str) else templates, operands, low, high))


def entries() -> list[Entry]:
    """The whole grid."""
    return [Entry(name, text, tuple(operand.split()), low, high)
            for name, templates, operands, low, high in _GROUPS
            for template in templates for text in texts(template) for operand in operands]


AXES = "{|, axis=0|, axis=-1|, axis=(0, 1)|, axis=1|, axis=None|, axis=()|, axis=(-1,)|, axis=5}"
AXIS = "{|, axis=0|, axis=-1|, axis=1|, axis=None|, axis=5}"
