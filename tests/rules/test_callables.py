"""Which Python objects mean a primitive, and that `numpy` computes what they do."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest

from tests.rules.cases import cases
from tests.rules.checker import as_tuple, operand
from workbench.deferred import resolved
from workbench.ir import Builder, Kind
from workbench.rules import by_callable, emit_all, get, register, table

# what `math` has beyond the table: constants, and what is composed of other operations, or is exact integer arithmetic
# done before the program is built
COMPOSED = {"comb", "dist", "factorial", "frexp", "fsum", "isclose", "isqrt", "modf", "nextafter", "perm", "prod",
            "sumprod", "ulp", "fma", "ceil", "floor", "trunc"}


def test_all_of_math() -> None:
    functions = {n for n, f in vars(math).items() if callable(f) and not n.startswith("_")}
    missing = {name for name in functions if by_callable(getattr(math, name)) is None} - COMPOSED
    assert not missing


def test_elementwise_numpy() -> None:
    names = {n for n, f in vars(np).items() if isinstance(f, np.ufunc) and f.nout == 1 and not n.startswith("_")}
    missing = {n for n in names if by_callable(getattr(np, n)) is None}
    assert missing == {"bitwise_count", "float_power", "isnat", "matvec", "positive", "vecdot", "vecmat"}


def test_names_its_callables() -> None:
    assert by_callable(np.sin) is by_callable(math.sin) is get("sin")
    assert by_callable(len) is None
    assert by_callable([]) is None
    with pytest.raises(KeyError):
        get("nothing")
    with pytest.raises(ValueError, match="already"):
        register(get("sin"))


@pytest.mark.parametrize("name", [n for n, p in table().items() if p.callables and p.elementwise])
def test_value_is_that_of_its_callables(name: str) -> None:
    primitive = get(name)
    rng = np.random.default_rng(1)
    with np.errstate(all="ignore"):
        for case in scalar_cases(primitive, rng):
            value = primitive.numpy(*case.operands)
            for callable_ in map(resolved, primitive.callables):
                builtin = inspect.isbuiltin(callable_) or isinstance(callable_, np.ufunc)
                if name in ("and", "or", "xor") or not builtin:
                    continue
                found = callable_(*(v.item() for v in case.operands))
                rounding = name in ("floor", "ceil", "trunc", "isnan")
                assert found == pytest.approx(value, rel=1e-14, abs=0) or rounding and found == value


def scalar_cases(primitive, rng):
    kind = Kind.F64 if primitive.takes(0, Kind.F64) else Kind.INT if primitive.takes(0, Kind.INT) else Kind.BOOL
    if primitive.takes(0, Kind.C128) and not primitive.takes(0, Kind.F64):
        kind = Kind.C128
    return [case for case in cases(primitive, rng, kind) if all(np.ndim(v) == 0 for v in case.operands)]


def test_every_result_has_its_type() -> None:
    """The type rule and NumPy agree on kind and rank, for integers and truth values too."""
    for primitive in table().values():
        if primitive.samples is None and not primitive.domain:
            continue
        for kind in Kind:
            if not primitive.takes(0, kind):
                continue
            rng = np.random.default_rng(2)
            for case in cases(primitive, rng, kind):
                if not all(primitive.takes(p, k) for p, k in enumerate(case.kinds)):
                    continue
                if primitive.name == "pow" and case.kinds[1] is Kind.INT and kind is Kind.INT:
                    case = type(case)((case.operands[0], abs(case.operands[1])), {})
                builder, args = Builder("f"), []
                values = emit_all(builder, primitive.name, *(operand(builder, v, args).value for v in case.operands),
                                  **case.attrs)
                with np.errstate(all="ignore"):
                    found = as_tuple(primitive.numpy(*case.operands, **case.attrs))
                for part, value in zip(map(np.asarray, found), values, strict=True):
                    assert (part.dtype, part.ndim) == (value.kind.dtype, value.rank), f"{primitive.name}{case}"
