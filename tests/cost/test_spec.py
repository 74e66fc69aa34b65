"""`wb.spec`: arguments that are not there."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import pytest

import workbench as wb
from workbench.cost.spec import stand_ins


class Pair(NamedTuple):
    left: Any
    right: Any


class Layer:
    def __init__(self, size: int) -> None:
        self.weights: Any = np.ones(size)


@dataclasses.dataclass
class Model:
    weights: Any
    rate: float = 0.1


@pytest.mark.parametrize("text", ["f64", "f32[n]", "c128[n,m]", "i64[3,n]", "bool[]", "f64[n,n]", "c64[0,1]"])
def test_text_and_back(text: str) -> None:
    assert str(wb.spec(text)) == text
    assert str(wb.spec(f" {text.replace('[', ' [ ').replace(',', ' , ')} ")) == text


@pytest.mark.parametrize("text", ["", "f16", "f64[n", "f64[n+1]", "f64[-1]", "x", "f64[n]]", "float", "f64[n m]"])
def test_what_is_no_spec(text: str) -> None:
    with pytest.raises(ValueError, match="spec|dimension"):
        wb.spec(text)


@pytest.mark.parametrize("sizes", [{"m": 3}, {"n": -1}, {"n": 2.5}, {"n": True}])
def test_what_is_no_size(sizes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="dimension|size"):
        wb.spec("f64[n]", **sizes)


def test_stand_ins() -> None:
    """Small, of the dtype asked for; a length of its own for each name; 0 and 1 as they are."""
    spec = wb.spec
    a, b, c, number, turns = stand_ins((spec("f32[n,m]"), spec("f64[m,n,1]"), spec("f64[k,0]", k=1), spec("f64"),
                                        spec("i64")))
    assert a.dtype == np.float32 and a.shape == b.shape[1::-1] and len(set(a.shape)) == 2 and min(a.shape) > 1
    assert b.shape[2] == 1 and c.shape == (1, 0)
    assert type(number) is float and type(turns) is int
    huge = stand_ins((spec("f64[n,1000000000,3]", n=10**9),))[0]
    assert huge.shape[2] == 3 and huge.size < 10**5
    assert stand_ins((spec("f64[40]"),))[0].shape == (40,)


def test_in_structures() -> None:
    """What holds no spec is the object itself."""
    spec, kept, layer = wb.spec, [1.0, np.ones(2)], Layer(2)
    layer.weights = spec("f64[n]")
    pair, model, table, same, other = stand_ins(
        (Pair(spec("f64[n]"), 2), Model(spec("f64[n,3]")), {"a": [spec("c128")]}, kept, layer))
    assert isinstance(pair, Pair) and isinstance(model, Model) and same is kept
    assert isinstance(other, Layer) and other.weights.shape == pair.left.shape and layer.weights == spec("f64[n]")
    assert pair.left.shape == model.weights.shape[:1] and pair.right == 2 and model.rate == 0.1
    assert isinstance(table["a"][0], complex)


def test_an_object_that_holds_itself() -> None:
    layer = Layer(2)
    layer.itself = layer  # type: ignore[attr-defined]
    (same,) = stand_ins((layer,))
    assert same is layer


def test_contradicting_sizes() -> None:
    with pytest.raises(ValueError, match="'n' is both 2 and 3"):
        stand_ins((wb.spec("f64[n]", n=2), [wb.spec("f64[n]", n=3)]))
