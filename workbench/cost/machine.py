"""What a machine takes for what programs do: a table of rates, measured once, kept as JSON beside compiled programs.

Invariant: a machine is read only if it was measured on this processor, with these versions and as many threads, and is
whole; else the default stands in, and says so. Nothing is measured unasked. Files appear by atomic rename.

Source: the roofline of Williams, Waterman & Patterson, *Comm. ACM* 52(4), 2009, with latencies of chains beside it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite import binding

from workbench.cost.calibration import measured
from workbench.cost.default_machine import RATES, TABLES
from workbench.engines.numba import cache
from workbench.records import dataclass

VERSION = 4
#: Elementary functions that are not measured, and one that takes as long.
LIKE = {"exp2": "exp", "log2": "log", "log10": "log", "cbrt": "pow", "cosh": "sinh", "acos": "asin", "atan2": "tan",
        "asinh": "log1p", "acosh": "log1p", "atanh": "log1p", "erf": "tanh", "erfc": "asin", "lgamma": "asin",
        "digamma": "asin", "hypot": "sqrt", "ceil": "floor", "round": "floor", "trunc": "floor", "rint": "floor",
        "minimum": "maximum", "sub": "add", "fma": "mul", "mod": "div", "floordiv": "div"}


@dataclass(frozen=True)
class Machine:
    """Rates in ns by name (`along.f64.add`: an element's addition in a loop that becomes vectors; `alone`: in one that
    does not; `chain`: until the result can be used), and tables of ns by size: `read`, `write`, `copy` a byte by the
    bytes that are worked on, `gather` an element, `fresh` a byte of a new array by its bytes, `gemm`, `gemv`, `dot` a
    multiplication with its addition by the edge, `lapack` an operation.

    calibrated: whether it was measured here; processor: which one it is. It prints itself as a table.

    >>> import workbench as wb
    >>> machine = Machine()
    >>> machine.calibrated, machine.rate("along", "f64", "exp") < machine.rate("alone", "f64", "exp")
    (False, True)
    """

    rates: Mapping[str, float] = field(default_factory=lambda: RATES)
    tables: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=lambda: TABLES)
    calibrated: bool = False
    processor: str = "a processor with AVX2"
    _known: dict[tuple[str, str, str], float] = field(default_factory=dict, init=False, repr=False, compare=False)
    _logarithms: dict[str, tuple[np.ndarray, np.ndarray]] = field(
        default_factory=dict, init=False, repr=False, compare=False)

    def rate(self, form: str, kind: str, name: str) -> float:
        """ns of an operation; of one that is not known, those of a like one, or of an addition."""
        known = self._known.get((form, kind, name))
        if known is None:
            known = self._known[form, kind, name] = self._rate(form, "f32" if kind in ("f32", "c64") else "f64", name)
        return known

    def _rate(self, form: str, width: str, name: str) -> float:
        for title in (name, LIKE.get(name, "")):
            for measured_as in (width, "f64"):
                found = self.rates.get(f"{form}.{measured_as}.{title}")
                if found is not None:
                    return found
        return self.rates[f"{form}.f64.add"]

    def at(self, table: str, size: Any) -> Any:
        """ns at a size, or at each of an array of sizes: between those measured, interpolated in logarithms."""
        known = self._logarithms.get(table)
        if known is None:
            points = np.array(self.tables[table])
            known = self._logarithms[table] = (np.log(np.maximum(points[:, 0], 1e-9)),
                                               np.log(np.maximum(points[:, 1], 1e-6)))
        return np.exp(np.interp(np.log(np.maximum(size, 1e-9)), *known))

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        return {"version": VERSION, "processor": self.processor, "rates": dict(self.rates),
                "tables": {name: [list(point) for point in points] for name, points in self.tables.items()}}

    @classmethod
    def of_dict(cls, data: Any) -> Machine:
        """The machine that `as_dict` has written.

        Raises ValueError for anything else, or what lacks a number."""
        if not isinstance(data, dict) or data.get("version") != VERSION:
            raise ValueError("no machine of this version")
        rates, tables = data.get("rates"), data.get("tables")
        if not isinstance(rates, dict) or not isinstance(tables, dict):
            raise ValueError("no rates")
        if RATES.keys() - rates.keys() or TABLES.keys() - tables.keys():
            raise ValueError("numbers are lacking")
        if not all(_is_time(value) for value in rates.values()):
            raise ValueError("a rate is no time")
        made = {}
        for name, points in tables.items():
            if not (isinstance(points, list) and points and all(
                    isinstance(p, list) and len(p) == 2 and all(map(_is_time, p)) for p in points)):
                raise ValueError(f"{name} is no table")
            made[name] = tuple((float(s), float(t)) for s, t in points)
        return cls({str(k): float(v) for k, v in rates.items()}, made, True, str(data.get("processor", "")))

    def __str__(self) -> str:
        head = f"{self.processor}: " + ("measured" if self.calibrated else "not measured, a default (wb.calibrate())")
        names = sorted({key.split(".", 2)[2] for key in self.rates if key.count(".") == 2})
        columns = ("along.f64", "along.f32", "alone.f64", "chain.f64")
        lines = [head, "", f"{'ns':10}" + "".join(f"{c:>11}" for c in columns)]
        for name in names:
            cells = [self.rates.get(f"{c}.{name}") for c in columns]
            lines.append(f"{name:10}" + "".join(f"{'' if v is None else format(v, '.3f'):>11}" for v in cells))
        lines += ["", *(f"{key:20}{value:10.2f} ns" for key, value in self.rates.items() if key.count(".") < 2), ""]
        for name, points in self.tables.items():
            lines.append(f"{name:8}" + "  ".join(f"{_short(size)}: {time:.3g}" for size, time in points))
        return "\n".join(lines)

    __repr__ = __str__


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _short(size: float) -> str:
    for unit, factor in (("M", 1 << 20), ("k", 1 << 10)):
        if size >= factor:
            return f"{size / factor:g}{unit}"
    return f"{size:g}"


# ---------------------------------------------------------------------- on the disk
def _file() -> Path | None:
    folder = cache.directory()
    if folder is None:
        return None
    parts = (str(VERSION), binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten(), numba.__version__,
             llvmlite.__version__, np.__version__, str(numba.get_num_threads()), str(os.cpu_count()))
    return folder / f"machine-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:24]}.json"


def kept() -> Machine | None:
    """The machine that was measured here, if it was; a damaged file is none."""
    path = _file()
    try:
        return None if path is None else Machine.of_dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, RecursionError):
        return None


def keep(machine: Machine) -> None:
    """Keep a machine; a full or read-only disk is no error."""
    path = _file()
    if path is None:
        return
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix="machine.", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(machine.as_dict(), file)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError:
        return


_current: list[Machine] = []


def current() -> Machine:
    """The machine that times are predicted for: what was measured here, or the default."""
    if not _current:
        _current.append(kept() or Machine())
    return _current[0]


def calibrate(force: bool = False) -> Machine:
    """The machine as programs find it, measured unless that was done before: times are predicted for it from then on.

    force: measure again. It takes some ten seconds, most of them the compiler's, and is kept on the disk for this
    processor, these versions of NumPy, Numba and llvmlite, and this number of threads.
    Returns a `Machine`, which prints itself as a table. Others that use the machine meanwhile disturb it little: the
    least of interleaved repetitions counts. Nothing is raised where the disk is full or read-only.
    Method: kernels that hold one operation each, compiled as all programs are, in loops that become vectors, in others
    and in chains; see `workbench.cost.calibration`.

    >>> import workbench as wb
    >>> wb.show_config().machine in ("measured", "default")
    True
    """
    known = None if force else kept()
    if known is None:
        rates, tables = measured()
        known = Machine(rates, {name: tuple(points) for name, points in tables.items()}, True,
                        binding.get_host_cpu_name())
        keep(known)
    _current[:] = [known]
    return known


__all__ = ["Machine", "calibrate", "current"]
