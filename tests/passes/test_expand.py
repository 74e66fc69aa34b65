"""What engines need not know is written out: an index as a check and a selection, a square as a product."""

from __future__ import annotations

import numpy as np
import pytest

from tests.transforms.kit import Kit
from workbench.interpret import run
from workbench.ir import Function, verify, walk
from workbench.passes.expand import Expand


def element(checked: bool) -> Function:
    """a[i], an index from behind counting from the end."""
    k = Kit("element", a="f64[n]", i="i64")
    return k.finish(k.a[k.emit("index", k.i, k.n, checked=checked)])


def primitives(function: Function) -> list[str]:
    return [op.prim for op in walk(function.block)]


@pytest.mark.parametrize("checked", [True, False])
def test_an_index_from_behind_counts_from_the_end(checked: bool) -> None:
    function = element(checked)
    expanded = verify(Expand()(function))
    assert "index" not in primitives(expanded) and ("check" in primitives(expanded)) == checked
    a = np.array([1.0, 2.0, 3.0])
    for i in (0, 2, -1, -3):
        assert run(expanded, [a, i])[0] == run(function, [a, i])[0] == a[i]


@pytest.mark.parametrize("i", [3, -4])
def test_a_checked_index_raises_as_a_list_does(i: int) -> None:
    with pytest.raises(IndexError, match="out of"):
        run(Expand()(element(True)), [np.ones(3), i])


def test_the_square_of_a_number_is_a_product() -> None:
    k = Kit("square", x="f64")
    function = k.finish(k.emit("square", k.x))
    assert primitives(Expand()(function)) == ["mul"] and run(Expand()(function), [3.0])[0] == 9.0


def test_what_is_simple_already_is_left_as_it_is() -> None:
    k = Kit("simple", x="f64")
    function = k.finish(k.x.now * k.x.now)
    assert Expand()(function) is function
