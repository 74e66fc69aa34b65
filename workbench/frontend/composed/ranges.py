"""Evenly spaced numbers between ends that may be differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes, refuse


@composes(np.linspace)
def linspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
             axis: int = 0, *, device: Any = None) -> Any:
    """Equal steps from one number (or array) to another; the last element is exactly `stop`."""
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    kind = np.result_type(start, stop, 0.0)
    start, stop = np.asarray(start, kind), np.asarray(stop, kind)
    delta = np.subtract(stop, start)
    parts = max(num - 1, 1) if endpoint else max(num, 1)
    step = delta / parts
    places = np.reshape(np.arange(num), (-1,) + (1,) * delta.ndim)
    values = places.astype(kind) * step + start
    if endpoint:
        values = np.where((places == num - 1) & (num > 1), stop, values)
    if axis != 0:
        values = np.moveaxis(values, 0, axis)
    if dtype is not None:
        values = np.floor(values).astype(dtype) if np.dtype(dtype).kind == "i" else values.astype(dtype)
    if not retstep:
        return values
    return values, step if num > 1 or (num == 1 and not endpoint) else np.nan


@composes(np.logspace)
def logspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None,
             axis: int = 0) -> Any:
    """Powers of a base, the exponents in equal steps."""
    values = np.power(base, linspace(start, stop, num, endpoint, axis=axis))
    return values if dtype is None else values.astype(dtype)


@composes(np.geomspace)
def geomspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """Equal ratios from one number (or array) to another; both ends exact."""
    kind = np.result_type(start, stop, np.float64)
    start, stop = np.asarray(start, kind), np.asarray(stop, kind)
    if start.dtype.kind == "c" or stop.dtype.kind == "c":
        refuse("np.geomspace of complex numbers", "use np.exp of np.linspace of logarithms")
    if np.any(start == 0) or np.any(stop == 0):
        raise ValueError("Geometric sequence cannot include zero")
    sign = np.sign(start)
    values = logspace(np.log10(start / sign), np.log10(stop / sign), num, endpoint)
    places = np.reshape(np.arange(num), (-1,) + (1,) * (values.ndim - 1))
    if endpoint:
        values = np.where((places == num - 1) & (num > 1), stop / sign, values)
    values = np.where(places == 0, start / sign, values) * sign
    if axis != 0:
        values = np.moveaxis(values, 0, axis)
    return values if dtype is None else values.astype(dtype)
