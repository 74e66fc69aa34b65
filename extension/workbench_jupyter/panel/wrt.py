"""By which arguments a function is differentiated: those that the reader names, else the first that holds numbers."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from workbench.cost.spec import Spec
from workbench.ir import Kind
from workbench_jupyter.panel.arguments import Given
from workbench_jupyter.panel.constants import Unknown
from workbench_jupyter.panel.records import is_named_tuple, is_record, values_of


def positions(text: str | None, function: Any, given: Given) -> tuple[int, ...]:
    """Positions of parameters; empty where no argument holds a real number. Raises `Unknown` for a wrong name."""
    names = list(inspect.signature(function).parameters)
    if text is None or not text.strip():
        return tuple(k for k, value in enumerate(given.args) if holds_reals(value))[:1]
    found = []
    for part in text.replace("(", "").replace(")", "").split(","):
        word = part.strip()
        if not word:
            continue
        if word.isdigit() and int(word) < len(names):
            found.append(int(word))
        elif word in names:
            found.append(names.index(word))
        else:
            raise Unknown(f"there is no parameter {word}; there are {', '.join(names)}")
    return tuple(found)


def holds_reals(value: Any) -> bool:
    """Whether a value is, or holds, something with a derivative; objects of users' classes may."""
    if type(value) is Spec:
        return value.kind not in (Kind.INT, Kind.BOOL)
    if type(value) is np.ndarray:
        return value.dtype.kind in "fc"
    if type(value) in (float, complex) or issubclass(type(value), np.inexact):
        return True
    if type(value) in (tuple, list):
        return any(map(holds_reals, value))
    if type(value) is dict:
        return any(map(holds_reals, value.values()))
    if is_record(type(value)) or is_named_tuple(type(value)):
        return any(map(holds_reals, values_of(value)))
    return False
