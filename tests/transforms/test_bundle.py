"""Bundles of tangents: each lane is what forward mode gives for its direction."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from workbench.engines import ENGINES
from workbench.frontend.trace import trace
from workbench.ir import verify
from workbench.passes import finalize, optimize
from workbench.transforms import bundle, jvp

RNG = np.random.default_rng(3)


def _program(x: Any, s: float) -> Any:
    a = np.outer(x, x) + 2.0 * np.eye(x.shape[0])
    y = np.linalg.solve(a, x) * s
    for i in range(x.shape[0]):
        if y[i] > 0.1:
            s = s * math.sin(y[i])
        y[i] = y[i] * s
    return y, np.sum(a @ y) * s, s


@pytest.mark.parametrize("lanes", [0, 1, 4])
def test_each_lane_is_a_tangent(lanes: int) -> None:
    x, s = np.array([0.3, -0.5, 0.8]), 0.7
    traced = optimize(trace(_program, (x, s), ("x", "s"), (0, 1), ()).function)
    made = bundle(traced, [0, 1], [0, 1, 2])
    verify(made)
    run = [ENGINES["reference"].compiler.compile(finalize(optimize(f))).entry
           for f in (made, jvp(traced, [0, 1], [0, 1, 2]))]
    x_dots, s_dots = RNG.normal(size=(3, lanes)), RNG.normal(size=lanes)
    found = run[0](x, s, x_dots, s_dots)[3:]
    assert [np.shape(dots) for dots in found] == [(3, lanes), (lanes,), (lanes,)]
    for k in range(lanes):
        expected = run[1](x, s, np.ascontiguousarray(x_dots[:, k]), s_dots[k])[3:]
        for dots, dot in zip(found, expected, strict=True):
            assert dots[..., k] == pytest.approx(dot)
