"""Derivatives of order one to four of the corpus, by every nesting, against Cauchy's formula (`orders`).

Emitted programs run as the Python that they are; `python -m tests.operators.orders --compiled` has Numba run them."""
from __future__ import annotations

import numpy as np
import pytest

from tests.corpus import PROGRAMS, Program
from tests.fuzz.emitted import in_python
from tests.operators.orders import difference, outcomes


@pytest.mark.sampled(1 / 60)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_order_four(program: Program) -> None:
    seed = int(np.random.default_rng().integers(2**31))
    with in_python():
        found = outcomes(program, seed)
    assert {name: text for name, text in found.items() if text.startswith("differs")} == {}, f"seed {seed}"


def test_a_difference_is_seen() -> None:
    want = np.array([1.0, 0.5, -2.0, 3.0, 40.0])
    assert difference(list(want[1:]), want) == 0
    assert difference([0.5, -2.0, 3.0, 40.5], want) > 1e-6
    assert difference([0.5, -2.0, np.nan, 40.0], want) == np.inf
