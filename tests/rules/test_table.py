"""One generic test over the whole rule table, and the test of that test."""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest

from tests.rules.cases import INEXACT, derivative_cases
from tests.rules.checker import check
from workbench.rules import Primitive, get, table

# of the value that is held the derivative is zero, which no difference shows
HELD = "stop"
NAMES = sorted(name for name, p in table().items() if (p.partials or p.vjp is not None) and name != HELD)


def run(primitive: Primitive) -> int:
    """Check a primitive on all its cases; how many there were."""
    rng = np.random.default_rng(crc32(primitive.name.encode()))
    count = 0
    for case in derivative_cases(primitive, rng):
        check(primitive, case, rng)
        count += 1
    return count


@pytest.mark.parametrize("name", NAMES)
def test_derivative(name: str) -> None:
    primitive = get(name)
    takes_inexact = any(kind.is_inexact for kinds in primitive.kinds for kind in kinds)
    assert run(primitive) > 0 or not takes_inexact


def faults(primitive: Primitive) -> list[tuple[str, Primitive]]:
    """The primitive with each part of its rule made wrong in turn."""
    found: list[tuple[str, Primitive]] = []
    for change in ("sign", "factor", "dropped"):
        for k, partial in enumerate(primitive.partials or ()):
            if primitive.vjp is None and primitive.is_known(k) and any(primitive.takes(k, kind) for kind in INEXACT):
                wrong = list(primitive.partials or ())
                wrong[k] = _wrong(partial, change)
                if wrong[k] is not partial:
                    found.append((f"partial {k}: {change}", replace(primitive, partials=tuple(wrong))))
        for mode in ("vjp", "jvp"):
            rule = getattr(primitive, mode)
            if rule is not None:
                wrong_rule = _wrong(rule, change, primitive.results if mode == "jvp" else 1)
                found.append((f"{mode}: {change}", replace(primitive, **{mode: wrong_rule})))
    partials = primitive.partials or ()
    plain = None not in partials and all(primitive.is_known(k) for k in range(len(partials)))
    if len(partials) == 2 and primitive.vjp is None and plain and name_is_asymmetric(primitive):
        found.append(("partials swapped", replace(primitive, partials=partials[::-1])))
    return found


def name_is_asymmetric(primitive: Primitive) -> bool:
    """True but for a sum, whose partials are equal."""
    return primitive.name != "add"


def _wrong(rule, change, results=1):
    if rule is None:
        return (lambda *args: 1.0) if change == "factor" else None
    if change == "dropped":
        return lambda *args: (None,) * results if results > 1 else None

    def changed(*args):
        return altered(rule(*args))

    def altered(value):
        if isinstance(value, tuple):
            return tuple(altered(part) for part in value)
        return value if value is None else -value if change == "sign" else value * 0.5
    return changed


# heaviside's partial is zero but at a point
ELSEWHERE = {"heaviside"}
ROUNDING = ("floor", "sign", "trunc", "rint", "ceil")
INEXACT_RESULT = [name for name in NAMES if get(name).differentiable or name in ROUNDING]


@pytest.mark.parametrize("name", [n for n in INEXACT_RESULT if n not in ELSEWHERE])
def test_checker_objects(name: str) -> None:
    primitive = get(name)
    planted = faults(primitive)
    assert planted
    for what, wrong in planted:
        try:
            run(wrong)
        except (AssertionError, TypeError):
            continue
        pytest.fail(f"{name}, {what}: not caught")


def test_held() -> None:
    assert not get(HELD).differentiable and get(HELD).numpy(2.5) == 2.5
