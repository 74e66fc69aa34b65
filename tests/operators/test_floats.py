"""The floats in structures: taken out, put in with the kinds that they had, compared; arguments copied for a run."""

from __future__ import annotations

import random

import numpy as np
import pytest

from workbench.operators.floats import flat, fresh, inner, largest, names, norm, with_leaves


def test_floats_come_in_the_order_of_their_names() -> None:
    x = {"rate": 1.5, "layers": [np.arange(3.0), 7], "name": "tanh", "z": 2j}
    assert names(x, "x") == ["x['rate']", "x['layers'][0]", "x['z']"]
    assert [leaf.tolist() for leaf in flat(x)] == [1.5, [0.0, 1.0, 2.0], 2j]


@pytest.mark.parametrize("keep, others", [(True, (7, "tanh")), (False, (None, None))])
def test_what_is_put_in_has_the_kinds_that_were_there(keep: bool, others: tuple[object, object]) -> None:
    x = (np.float32(1.0), np.zeros((2, 2), np.float32), 7, "tanh", 3.0, 1j)
    made = with_leaves(x, [0.5, np.arange(4.0), np.array(2.0), 4.0], keep)
    assert type(made[0]) is np.float32 and made[0] == 0.5
    assert made[1].dtype == np.float32 and made[1].tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert made[2:4] == others
    assert made[4] == 2.0 and type(made[4]) is float
    assert made[5] == 4.0 and type(made[5]) is complex


def test_inner_products_are_real_parts_and_conjugate_the_first() -> None:
    assert inner((1 + 2j, [3.0, None]), (2 - 1j, [2.0, None])) == pytest.approx(0.0 + 6.0)
    with pytest.raises(ValueError, match="zip"):
        inner((1.0, 2.0), (1.0,))


def test_sizes() -> None:
    assert largest(np.array([1.0, -3.0])) == 3.0 and largest(np.zeros(0)) == 0.0
    assert np.isnan(largest(np.array([1.0, np.nan])))
    assert norm({"a": [1.0, -2.0], "b": np.array([3j])}) == 3.0 and norm(("text", 5)) == 0.0


def test_a_run_draws_and_writes_on_copies() -> None:
    array, generator, pythons = np.zeros(2), np.random.default_rng(1), random.Random(1)
    first, second = fresh((array, generator, pythons)), fresh((array, generator, pythons))
    first[0][0] = 1.0
    assert array[0] == second[0][0] == 0.0
    assert first[1].random() == second[1].random() == generator.random()
    assert first[2].random() == second[2].random() == pythons.random()
