"""One call of the grid, by every engine: its value, kind and shape against NumPy's, its derivative against differences.

What NumPy takes must be taken or refused with a reason; what NumPy raises must not be given a value.
"""
from __future__ import annotations

import copy
import linecache
import warnings
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from tests.fuzz.emitted import in_python
from tests.fuzz.interpreted import inputs, output, traced
from workbench import DifferentiationError
from workbench.engines import tape
from workbench.interpret import run
from workbench.operators.derivative import Derivative
from workbench.transforms import jvp, vjp

_HEAD = """import math
import numpy as np
import scipy.special
import scipy.linalg
import scipy.fft
"""
_numbers = count()


@dataclass(frozen=True)
class Verdict:
    """What became of a call: `right`, `refused`, `raised` (as NumPy raises), or what is wrong."""

    outcome: str
    detail: str = ""


class Wrong(Exception):
    """A call that disagrees."""


def function_of(text: str, names: tuple[str, ...]) -> Any:
    """A function of these arguments: an expression, or statements that return."""
    body = text if "return " in text else f"return {text}"
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    source = f"{_HEAD}def call({', '.join(names)}):\n{lines}\n"
    name = f"<grid {next(_numbers)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    space: dict[str, Any] = {}
    exec(compile(source, name, "exec"), space)
    return space["call"]


def leaves(value: Any) -> list[Any]:
    """The numbers and arrays of a result."""
    if isinstance(value, (tuple, list)):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def alike(found: Any, expected: Any, what: str, single: bool = False) -> None:
    """Equality of values, kinds, shapes and containers, but for rounding (`single`: in single precision on the way)."""
    if isinstance(expected, (tuple, list)):
        if not isinstance(found, (tuple, list)) or len(found) != len(expected):
            raise Wrong(f"{what} is {found!r}, not {expected!r}")
        for one, other in zip(found, expected, strict=True):
            alike(one, other, what, single)
        return
    if not isinstance(expected, (np.ndarray, np.generic, int, float, complex)):
        if found != expected:
            raise Wrong(f"{what} is {found!r}, not {expected!r}")
        return
    mine, theirs = np.asarray(found), np.asarray(expected)
    if mine.shape != theirs.shape:
        raise Wrong(f"{what} has shape {mine.shape}, not {theirs.shape}")
    if mine.dtype != theirs.dtype and not mine.dtype.kind == theirs.dtype.kind == "i":
        raise Wrong(f"{what} has dtype {mine.dtype}, not {theirs.dtype}")
    if not theirs.ndim and isinstance(expected, np.generic) and not isinstance(found, (np.generic, np.ndarray)):
        raise Wrong(f"{what} is a {type(found).__name__}, not a {type(expected).__name__}")
    if not theirs.ndim and isinstance(found, np.generic) and not isinstance(expected, (np.generic, np.ndarray)):
        raise Wrong(f"{what} is a {type(found).__name__}, not a {type(expected).__name__}")
    slack = 2e-5 if single or theirs.dtype in (np.float32, np.complex64) else 1e-11
    scale = np.max(np.abs(theirs[np.isfinite(theirs)]), initial=1.0) if theirs.dtype.kind in "fc" else 1.0
    if not np.allclose(mine, theirs, rtol=slack, atol=slack * float(scale), equal_nan=True):
        raise Wrong(f"{what} is {mine.tolist()}, not {theirs.tolist()}")


def moved_by(rng: np.random.Generator, like: Any) -> Any:
    """A random direction."""
    values: Any = rng.uniform(0.3, 1.0, np.shape(like)) * rng.choice([-1.0, 1.0], np.shape(like))
    if np.iscomplexobj(like):
        values = values + 1j * rng.uniform(0.3, 1.0, np.shape(like))
    made = np.asarray(values).astype(np.asarray(like).dtype)[()]
    return type(like)(made) if type(like) in (float, complex) else made


def widened(value: Any) -> Any:
    """In double precision."""
    dtype = np.asarray(value).dtype
    if dtype in (np.float32, np.complex64):
        return np.asarray(value).astype(np.float64 if dtype == np.float32 else np.complex128)[()]
    return value


def rates(function: Any, args: tuple[Any, ...], moves: list[Any]) -> list[Any]:
    """The derivatives of all results along a direction: central differences, extrapolated, in double precision."""
    def at(step: float) -> list[Any]:
        places = [a if m is None else widened(a) + step * widened(m) for a, m in zip(args, moves, strict=True)]
        return [np.asarray(v, np.complex128) for v in leaves(function(*copy.deepcopy(places)))]
    rows: list[list[Any]] = []
    for h in (2.0**-11, 2.0**-12, 2.0**-13):
        rows.append([[(a - b) / (2 * h) for a, b in zip(at(h), at(-h), strict=True)]])
        for j in range(1, len(rows)):
            rows[-1].append([a + (a - b) / (4.0**j - 1.0) for a, b in zip(rows[-1][j - 1], rows[-2][j - 1])])
    return rows[-1][-1]


def inner(left: list[Any], right: list[Any]) -> float:
    return float(sum(np.sum(np.real(np.conj(a) * b)) for a, b in zip(left, right, strict=True)))


def scale_of(value: Any) -> float:
    return max(1.0, float(np.max(np.abs(np.asarray(value)), initial=0.0, where=np.isfinite(value))))


def close(found: Any, expected: Any, tolerance: float, what: str) -> None:
    if np.shape(found) != np.shape(expected):
        raise Wrong(f"{what} has shape {np.shape(found)}, not {np.shape(expected)}")
    finite = np.isfinite(expected)  # where a value is not a number there is no derivative
    error = np.max(np.abs(np.asarray(found) - np.asarray(expected)), initial=0.0, where=finite)
    if not error <= tolerance * scale_of(expected):
        raise Wrong(f"{what} is {np.asarray(found).tolist()}, not {np.asarray(expected).tolist()}")


class Call:
    """A function at arguments, NumPy's value, and the directions to differentiate along."""

    def __init__(self, text: str, args: tuple[Any, ...], tied: bool) -> None:
        names = ("x", "y", "z")[:len(args)]
        self.function, self.args, self.tied = function_of(text, names), args, tied
        self.wide = function_of(text.replace("np.float32", "np.float64").replace("'f4'", "'f8'"), names)
        self.active = [k for k, a in enumerate(args) if np.asarray(a).dtype.kind in "fc"]
        self.single = "float32" in text or "f4" in text or any(
            np.asarray(a).dtype in (np.float32, np.complex64) for a in args)
        self.loose = self.single and ("out=" in text or "x, o)" in text)  # NumPy accumulates in the dtype of `out` here
        self.tolerance = 3e-4 if self.single else 2e-6
        self.rng = np.random.default_rng(7)
        self.expected: Any = None

    def plain(self) -> Exception | None:
        """Run NumPy; what it raises."""
        try:
            self.expected = self.function(*copy.deepcopy(self.args))
        except Exception as error:
            return error
        self.moves = [moved_by(self.rng, a) if k in self.active else None for k, a in enumerate(self.args)]
        self.live = [k for k, v in enumerate(leaves(self.expected)) if np.asarray(v).dtype.kind in "fc"]
        self.bars = [moved_by(self.rng, v) for v in leaves(self.expected)]
        self.rates = None
        if not self.tied and self.active:
            found = rates(self.wide, self.args, self.moves)
            self.rates = [found[k] for k in self.live]
        return None

    def compare(self, dots: list[Any] | None, x_bars: list[Any], what: str) -> None:
        """Forward mode against differences, reverse mode against forward."""
        if dots is not None:
            for k, dot in enumerate(dots):
                value = leaves(self.expected)[self.live[k]]
                if np.asarray(dot).dtype != np.asarray(value).dtype:
                    raise Wrong(f"{what} tangent has dtype {np.asarray(dot).dtype}, not {np.asarray(value).dtype}")
                if self.rates is not None:
                    close(dot, self.rates[k], self.tolerance, f"{what} tangent")
        for bar, k in zip(x_bars, self.active, strict=True):
            if np.shape(bar) != np.shape(self.args[k]) or np.asarray(bar).dtype != np.asarray(self.args[k]).dtype:
                raise Wrong(f"{what} cotangent is {np.asarray(bar).dtype}{np.shape(bar)}")
        slopes = self.rates if self.rates is not None else dots
        if slopes is None or not all(np.all(np.isfinite(s)) for s in slopes):
            return
        bars = [self.bars[k] for k in self.live]
        left, right = inner(bars, slopes), inner(x_bars, [self.moves[k] for k in self.active])
        size = 1.0 + sum(float(np.sum(np.abs(b) * np.abs(s))) for b, s in zip(bars, slopes))
        if not abs(left - right) <= 2 * self.tolerance * size:
            raise Wrong(f"{what} cotangents: <y_bar, y_dot> is {left}, <x_bar, x_dot> is {right}")

    def interpreted(self, second: bool) -> list[Any]:
        """The reference: the front end's program, both modes and the second order, by the interpreter."""
        args = copy.deepcopy(self.args)
        program = traced(self.function, args)
        numbers = inputs(program, args)
        results = run(program.function, copy.deepcopy(numbers))
        alike(output(program, results), self.expected, "value", self.loose)
        places = [item.position for item in program.inputs if item.kind.is_inexact and item.path.is_argument]
        roots = [item.path.root[1] for item in program.inputs if item.kind.is_inexact and item.path.is_argument]
        outputs = [k for k, r in enumerate(program.function.results) if r.kind.is_inexact]
        if not places or not outputs:
            return [np.zeros_like(self.args[k]) for k in self.active]
        bars = [np.asarray(self.bars[k])[()] for k in self.live][:len(outputs)]
        if len(outputs) != len(self.live):
            raise Refused("results that are known before the call")
        moves = [self.moves[k] for k in roots]
        pull = vjp(program.function, places, outputs)
        x_bars = run(pull, [*copy.deepcopy(numbers), *bars])[len(results):]
        dots = run(jvp(program.function, places, outputs), [*copy.deepcopy(numbers), *moves])[len(results):]
        found = dict(zip(roots, x_bars, strict=True))
        every = [found.get(k, np.zeros_like(self.args[k])) for k in self.active]
        self.compare(dots, every, "interpreted")
        if second and not self.tied and not self.single:
            self.second_order(pull, places, [*numbers, *bars], moves, len(results))
        return every

    def second_order(self, pull: Any, places: list[int], numbers: list[Any], moves: list[Any], skip: int) -> None:
        """Forward over reverse mode, against differences of reverse mode."""
        outputs = list(range(skip, skip + len(places)))
        found = run(jvp(pull, places, outputs), [*copy.deepcopy(numbers), *moves])[-len(places):]

        def pulled(*args: Any) -> Any:
            return run(pull, list(args))[skip:]
        directions: list[Any] = [None] * len(numbers)
        for k, move in zip(places, moves, strict=True):
            directions[k] = move
        for one, other in zip(found, rates(pulled, tuple(numbers), directions), strict=True):
            close(one, other, 3e-5, "second order")

    def cotangent(self) -> Any:
        """The cotangent in the value's structure."""
        given = iter(self.bars)

        def of(value: Any) -> Any:
            if isinstance(value, (tuple, list)):
                parts = [of(v) for v in value]
                return parts if isinstance(value, list) else tuple(parts)
            bar = next(given)
            return bar if np.asarray(value).dtype.kind in "fc" else None
        return of(self.expected)

    def by_tape(self) -> list[Any]:
        """The value and the pullback of a recorded run, and forward mode on it."""
        value, pullback = tape.pullback(self.function, copy.deepcopy(self.args))
        alike(value, self.expected, "value on the tape", self.loose)
        if not self.live:
            return []
        bars = pullback(self.cotangent())
        x_bars = [bars[k] for k in self.active]
        again, dots = tape.forward(self.function, copy.deepcopy(self.args), tuple(self.moves))
        alike(again, self.expected, "value on the tape, forward", self.loose)
        flat = [leaves(dots)[k] for k in self.live]
        self.compare(flat, x_bars, "tape")
        return x_bars

    def emitted(self) -> list[Any]:
        """The pullback as the emitted program computes it."""
        made = Derivative(self.function, "vjp", tuple(self.active), engine="numba")
        plain = Derivative(self.function, "value", (), engine="numba")
        args, keywords = plain.bind(copy.deepcopy(self.args), {})
        specialised = plain.specialised(args, keywords)
        data, results = specialised.run(args)
        alike(specialised.value(args, data, results), self.expected, "value compiled", self.loose)
        if not self.active or not self.live:
            return []
        pulled = made.specialised(args, keywords)
        cotangents = pulled.cotangents(self.cotangent(), list(results))
        bars = pulled.pull(pulled.snapshot(copy.deepcopy(self.args)), cotangents)
        self.compare(None, list(bars), "compiled")
        return list(bars)


class Refused(Exception):
    """A call that the harness does not judge further."""


def judge(text: str, args: tuple[Any, ...], engine: str, tied: bool = False, second: bool = False) -> Verdict:
    """The verdict of one engine: `interpreted`, `tape`, `emitted` or `numba`."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        call = Call(text, args, tied)
        error = call.plain()
        try:
            if engine == "interpreted":
                call.interpreted(second) if error is None else _value_of(call)
            elif engine == "tape":
                call.by_tape() if error is None else tape.pullback(call.function, copy.deepcopy(args))
            elif engine == "emitted":
                with in_python():
                    call.emitted()
            else:
                call.emitted()
        except Refused as refused:
            return Verdict("unjudged", str(refused))
        except Wrong as wrong:
            return Verdict("wrong", str(wrong))
        except DifferentiationError as refusal:
            return Verdict("refused" if error is None else "raised", refusal.reason)
        except Exception as other:
            if error is not None:
                return Verdict("raised" if type(other) is type(error) else "raised otherwise",
                               f"{type(other).__name__}: {other}; NumPy: {type(error).__name__}: {error}")
            return Verdict("internal", f"{type(other).__name__}: {other}")
    if error is not None:
        return Verdict("accepted", f"NumPy: {type(error).__name__}: {error}")
    return Verdict("right")


def _value_of(call: Call) -> None:
    args = copy.deepcopy(call.args)
    program = traced(call.function, args)
    run(program.function, inputs(program, args))
