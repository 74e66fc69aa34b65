"""How an array lies in memory decides what is a view and what a copy: right for every layout, or refused."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import workbench as wb

MATRIX = np.random.default_rng(1).normal(size=(2, 3))
WIDE = np.random.default_rng(0).normal(size=(4, 6))
LAYOUTS = {"rows": lambda: MATRIX.copy(), "columns": lambda: np.asfortranarray(MATRIX),
           "strided": lambda: WIDE.copy()[::2, ::2], "reversed": lambda: MATRIX.copy()[::-1, ::-1]}
WEIGHTS = np.arange(6.0).reshape(2, 3)


def writes_ravelled(m):
    r = m.ravel()
    r[0] = 5.0
    r[3] *= 2.0
    return np.sum(m * WEIGHTS) + r.sum()


def writes_transposed(m):
    r = m.T.reshape(-1)
    r[1] = 5.0
    return np.sum(m * WEIGHTS) + r @ r


def writes_what_is_made(m):
    n = m.T * 1.0
    r = n.ravel()
    r[1] = 4.0
    return n.sum() + r @ r


def writes_copy(m):
    n = np.copy(m)
    r = n.reshape(-1)
    r[1] = 4.0 * m[0, 0]
    return np.sum(n * WEIGHTS)


def diagonal_sees_writes(m):
    d = np.diag(m)
    m[0, 0] = 9.0 * m[0, 1]
    return d.sum()


def column_order(m):
    r = m.reshape(-1, order="F")
    return r[:3].sum() + r[1] * r[2]


@pytest.mark.sampled(1 / 2)
@pytest.mark.filterwarnings("ignore:.*runs on the tape:UserWarning")
@pytest.mark.parametrize("engine", ("numba", "tape", "auto"))
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("function", [writes_ravelled, writes_transposed, writes_what_is_made, writes_copy,
                                      diagonal_sees_writes, column_order])
def test_views_by_layout(function: Any, layout: str, engine: str) -> None:
    made = LAYOUTS[layout]
    try:
        value, slope = wb.value_and_grad(function, engine=engine)(made())
    except wb.DifferentiationError:
        assert engine == "numba"
        return
    assert value == pytest.approx(function(made()), rel=1e-12)
    for place in np.ndindex(2, 3):
        ahead, behind = made(), made()
        ahead[place] += 1e-6
        behind[place] -= 1e-6
        assert slope[place] == pytest.approx((function(ahead) - function(behind)) / 2e-6, abs=1e-6)
