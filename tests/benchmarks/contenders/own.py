"""Our own derivatives of the unmodified programs, and the primal as our engine emits it.

Jacobians and repeated gradients are programs that call the operators themselves, once per row, column or item.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import workbench as wb
from tests.benchmarks.workload import Arguments, Workload
from tests.benchmarks.workloads.bundle import observation
from tests.benchmarks.workloads.hand_tracking import hand_complicated, hand_simple
from tests.benchmarks.workloads.taylor import taylor_sine
from workbench.operators import Derivative


def sine_gradients(xs, terms):
    slopes = np.empty_like(xs)
    total = 0.0
    for i in range(len(xs)):
        value, slopes[i] = wb.value_and_grad(taylor_sine)(xs[i], terms)
        total += value
    return total, slopes


def mapped_sines(xs, terms):
    values, slopes = wb.vmap(wb.value_and_grad(taylor_sine), (0, None))(xs, terms)
    return np.sum(values), slopes


def bundle_rows(cameras, points, weights, features, seen_by, seen):
    """Two reverse sweeps for each observation: 15 numbers a row; the rows of the weights have one."""
    count = len(weights)
    errors = np.empty((count, 3))
    rows = np.empty((count, 2, 15))
    weight_rows = np.empty(count)
    for i in range(count):
        value, pullback = wb.vjp(observation, cameras[seen_by[i]], points[seen[i]], weights[i], features[i])
        errors[i, 0], errors[i, 1], errors[i, 2] = value
        rows[i, 0, :11], rows[i, 0, 11:14], rows[i, 0, 14], _ = pullback((1.0, 0.0, 0.0))
        rows[i, 1, :11], rows[i, 1, 11:14], rows[i, 1, 14], _ = pullback((0.0, 1.0, 0.0))
        weight_rows[i] = -2.0 * weights[i]
    return errors, (rows, weight_rows)


def simple_columns(theta, parents, relatives, inverses, vertices, weights, seen, points):
    columns = np.empty((len(theta), len(seen), 3))
    errors, pushforward = wb.linearize(
        lambda t: hand_simple(t, parents, relatives, inverses, vertices, weights, seen, points), theta)
    for k in range(len(theta)):
        direction = np.zeros(len(theta))
        direction[k] = 1.0
        columns[k] = pushforward(direction)
    return errors, (columns,)


def complicated_columns(theta, us, parents, relatives, inverses, vertices, weights, corners, points):
    """The columns of theta; and those of the points' own coordinates, which hit one point each, as two columns."""
    columns = np.empty((len(theta) + 2, len(us), 3))

    def residuals(t, u):
        return hand_complicated(t, u, parents, relatives, inverses, vertices, weights, corners, points)
    errors, pushforward = wb.linearize(residuals, theta, us)
    for k in range(2):
        own = np.zeros((len(us), 2))
        own[:, k] = 1.0
        columns[k] = pushforward(None, own)
    for k in range(len(theta)):
        direction = np.zeros(len(theta))
        direction[k] = 1.0
        columns[k + 2] = pushforward(direction, None)
    return errors, (columns,)


PROGRAMS: dict[str, Callable[..., Any]] = {
    "taylor_single": sine_gradients, "taylor_mapped": mapped_sines, "bundle": bundle_rows,
    "hand_simple": simple_columns, "hand_complicated": complicated_columns,
}


def gradient(workload: Workload, args: Arguments) -> Callable[[], Any]:
    if workload.name in PROGRAMS:
        whole = Derivative(PROGRAMS[workload.name], "value", engine="numba")
        return lambda: whole(*args)
    made = wb.value_and_grad(workload.program, workload.wrt, engine="numba")
    return lambda: made(*args)


def emitted_primal(workload: Workload, args: Arguments) -> Callable[[], Any]:
    compiled = Derivative(workload.program, "value", engine="numba")
    return lambda: (compiled(*args), ())


CONTENDERS = {"workbench": gradient, "primal, emitted": emitted_primal}
