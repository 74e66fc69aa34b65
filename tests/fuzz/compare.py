"""What became of a program: its results beside the reference's, with tolerances by kind of number and oracle."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.corpus.oracle import Gradient
from tests.fuzz.expected import Expected
from tests.fuzz.generate import FuzzProgram
from tests.programs.calling import close


@dataclass(frozen=True)
class Outcome:
    """What became of one program: `kind` is "agrees", "raises" (as it should), "kink", "wild", "refused", or what was
    wrong. `checked` says how it was looked at."""

    program: FuzzProgram
    kind: str
    detail: str = ""
    checked: frozenset[str] = frozenset()

    @property
    def wrong(self) -> bool:
        return self.kind not in ("agrees", "raises", "kink", "wild", "refused")

    def looked_at(self, *how: str) -> Outcome:
        return replace(self, checked=self.checked | set(how))


_ADDED_UP_BY_BLAS = ("dot(", " @ ", "matmul(", "inner(", "einsum(")


def is_single(program: FuzzProgram) -> bool:
    return "float32" in program.source


def same_roundings(program: FuzzProgram, found: Any, plain: Any) -> bool:
    """The interpreter has the operations of NumPy: in float32 it rounds where plain Python does (but for
    `ufunc.at`, which is written out, and products of arrays, which BLAS adds up in an order that depends on how they
    lie)."""
    apart = abs(float(found) - float(plain))
    tolerance = 5e-7 if any(name in program.source for name in _ADDED_UP_BY_BLAS) else 3e-8
    return ".at(" in program.source or apart <= tolerance * (1.0 + abs(float(plain)))


def value_tolerance(program: FuzzProgram) -> float:
    return 2e-5 if is_single(program) else 1e-11


def derivative_tolerance(program: FuzzProgram) -> float:
    return 2e-4 if is_single(program) else 1e-8 if program.oracle == "complex" else 1e-6


def off(found: Gradient, wanted: Gradient, tolerance: float) -> str:
    """What is wrong with a gradient, relative to the largest of all its leaves; "" where nothing is."""
    if set(found) != set(wanted):
        return f"leaves differ: found {sorted(map(str, found))}, expected {sorted(map(str, wanted))}"
    largest = max(1.0, *(float(np.max(np.abs(leaf), initial=0.0)) for leaf in wanted.values()))
    for path, leaf in wanted.items():
        if np.shape(found[path]) != np.shape(leaf):
            return f"leaf {path}: shape {np.shape(found[path])}, expected {np.shape(leaf)}"
        apart = float(np.max(np.abs(found[path] - leaf), initial=0.0))
        if not apart <= tolerance * largest:
            return f"leaf {path}: off by {apart:.3g}\nfound\n{found[path]}\nexpected\n{leaf}"
    return ""


def apart_at_kink(program: FuzzProgram, first: Gradient, second: Gradient) -> str:
    """How two engines differ at a kink, where no oracle decides."""
    return off({path: leaf for path, leaf in first.items() if path in second}, second, derivative_tolerance(program))


def slope_of(ref: Expected) -> float:
    """The reference's derivative along its direction."""
    return float(sum(np.sum(ref.gradient[path] * ref.direction[path]) for path in ref.gradient))


def judge(program: FuzzProgram, ref: Expected, engine: str, value: Any, left: list[Any], derivative: Gradient,
           slope: Any) -> Outcome:
    """Compare one program's results with its reference."""
    plain = ref.run.value
    if not close(float(value), float(plain), value_tolerance(program)):
        return Outcome(program, f"wrong value ({engine})", f"found {value!r}, plain Python {plain!r}")
    for arguments in left:
        if not close(arguments, ref.run.arguments, value_tolerance(program)):
            return Outcome(program, f"wrong effects ({engine})", f"left {arguments}\nplain {ref.run.arguments}")
    if ref.status == "kink":
        return Outcome(program, "kink", ref.reason)
    found = {path: np.asarray(leaf) for path, leaf in derivative.items() if path in ref.gradient}
    tolerance = derivative_tolerance(program)
    wrong = off(found, ref.gradient, tolerance)
    if wrong:
        return Outcome(program, f"wrong reverse ({engine})", wrong)
    terms = [ref.gradient[path] * ref.direction[path] for path in ref.gradient]
    total, size = slope_of(ref), float(sum(np.sum(np.abs(term)) for term in terms))
    if not abs(float(slope) - total) <= tolerance * (1.0 + size):
        return Outcome(program, f"wrong forward ({engine})", f"found {slope!r}, {program.oracle} {total!r}")
    return Outcome(program, "agrees")


def without_numbers(message: str) -> str:
    """The first line of a message without digits and file names, as a key for counting."""
    first = next((line for line in message.splitlines() if line.strip()), "")
    first = re.sub(r"\S*fuzz[-_]\S*", "", first)
    return "".join(letter for letter in first if not letter.isdigit()).strip()[:100]


def counts(outcomes: Sequence[Outcome]) -> Counter[str]:
    """How many were looked at in each way."""
    return Counter(how for outcome in outcomes for how in outcome.checked)
