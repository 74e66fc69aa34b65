"""States: None or a number, texts and members of enumerations that a run-time condition chooses. As emitted programs,
with no loop unrolled, against plain Python: values, differences, exceptions and their texts."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench.frontend import unrolling


class Color(enum.Enum):
    RED = 1
    GREEN = 2
    BLUE = 3


WEIGHTS = {"up": 1.5, "down": -2.0}


def a_number_perhaps(x):
    s = None
    for v in x:
        if v > 3:
            s = v
    return s * 2  # TypeError if None


def a_key(x):
    m = "up"
    t = 0.0
    for v in x:
        t += WEIGHTS[m] * v
        m = "down" if m == "up" else "up"
    return t


def one_of_several(x):
    m = "up"
    t = 0.0
    for v in x:
        if m in ("up", "flat"):
            t += v
        m = "down" if v > 2 else ("flat" if v > 1 else "up")
    return t


def asked_for_its_truth(x):
    m = None
    t = 0.0
    for v in x:
        if not m:
            t += v
        m = v - 2.2 if v > 2 else None
    return t


def two_states(x):
    prev = "none"
    t = 0.0
    cur = "none"
    for v in x:
        prev, cur = cur, ("hi" if v > 2 else "lo")
        if prev != cur:
            t += v
    return t


def matched(x):
    st = Color.RED
    t = 0.0
    for v in x:
        match st:
            case Color.RED:
                t += v
                st = Color.GREEN
            case Color.GREEN:
                t *= 1.1
                st = Color.BLUE if v > 2 else Color.RED
            case _:
                t -= v
                st = Color.RED
    return t


def matched_texts(x):
    st = "a"
    t = 0.0
    for v in x:
        match st:
            case "a" | "c":
                t += v
                st = "b"
            case "b":
                t -= 2 * v
                st = "c" if v > 2 else "a"
            case None:
                t = 0.0
    return t


def an_integer_or_none(x):
    s = 0  # int state then None then float
    t = 0.0
    for v in x:
        if s is None:
            t += 1.0 * v
            s = 0
        else:
            s = None if v > 2 else s + 1
    return t


def functions_of_it(x):
    lo = None
    for v in x:
        lo = v if lo is None else min(lo, v)
    return math.sqrt(lo) + np.sin(lo) + abs(lo)


def in_a_dict(x):
    d = {"n": None, "s": 0.0}
    for v in x:
        if d["n"] is None or v > d["n"]:
            d["n"] = v
        d["s"] += d["n"]
    return d["s"]


def never_set(x):
    best = None
    for v in x:
        if v > 100 and (best is None or v < best):
            best = v
    return -1.0 * x[0] if best is None else best


def passed_on(x):
    def f(v, acc=None):
        if acc is None:
            acc = v * 0.5
        return acc * v

    a = None
    t = 0.0
    for v in x:
        t += f(v, a)
        a = v if v > 2 else None
    return t


def caught(x):
    try:
        s = None
        for v in x:
            if v > 30:
                s = v
        return s + x[0]
    except TypeError:
        return x[1] * 3


def returned_in_a_loop(x):
    s = None
    for v in x:
        if v > 3:
            s = v
        if s is not None and s > v:
            return s * v
    return x[0]


def both_may_be_none(x):
    a = None
    b = None
    for v in x:
        a, b = b, v
    return a * b


def a_key_that_is_written(x):
    st = "x"
    w = {"x": x[0], "y": x[1]}
    for v in x:
        w[st] += v
        st = "y" if st == "x" else "x"
    return w["x"] * w["y"]


def functions_by_name(x):
    f = {"sq": lambda v: v * v, "id": lambda v: v}
    m = "sq"
    t = 0.0
    for v in x:
        t += f[m](v)
        m = "id" if v > 2 else "sq"
    return t


def in_a_while(x):
    s = None
    n = 0
    while n < len(x):
        if s is None:
            s = x[n]
        elif x[n] > s:
            s = None
        n += 1
    return 0.0 * x[0] if s is None else s


def set_back(x):
    s = None
    for v in x:
        s = v if s is None else s * 0.5 + v
        if v > 4:
            s = None
    return x[0] if s is None else s


def raised_by_it(x):
    msg = "ok"
    for v in x:
        if v > 3:
            msg = "bad"
    if msg == "bad":
        raise ValueError("it is bad")
    return x.sum()


def a_number_of_pythons(x):
    t = None
    for v in x:
        if v > 2:
            t = 0.25
    return x[0] if t is None else t * x[1]


def attributes(x):
    class P:
        pass

    p = P()
    p.m = "a"
    p.v = None
    for v in x:
        if p.m == "a" and v > 2:
            p.m = "b"
            p.v = v
        elif p.m == "b":
            p.m = "a"
            p.v = None
    return x[0] if p.v is None else p.v * x[1]


def captured(x):
    s = None

    def upd(v):
        nonlocal s
        s = v if s is None or v > s else s

    for v in x:
        upd(v)
    return s * s


def with_a_break(x):
    r = None
    for v in x:
        if r is None:
            r = v
            continue
        if v < 0.5:
            break
        r = r * 0.9 + v
    else:
        r = r * 2
    return r


def the_one_before(x):
    a = None
    for v in x:
        b = a
        a = v
        if b is not None:
            a = a * b / 3
    return a


def compared(x):
    s = nothing = None
    c = 0
    for v in x:
        if v > 2:
            s = v
        if s == v:
            c += 1
        if s != nothing:
            c += 2
        if nothing == s:
            c -= 1
    return c * x[0]


def an_operand_of_a_ufunc(x):
    z = None
    for v in x:
        z = v
    return np.maximum(z, x[0])


def in_single_precision(x):
    x = x.astype(np.float32)
    z = None
    for v in x:
        if v > 2:
            z = v
    return x[0] if z is None else z * z


def compared_with_another(x):
    s = "a"
    t = x[0] * 0
    for i, v in enumerate(x):
        u = "a" if v > 2 else "b"
        t = t + (v if s == u else 2 * v)
        s = u
    return t


def set_before_the_loop(x):
    r = None
    if x[0] > 1:
        r = x[1]
    s = 0.0
    for v in x:
        if r is not None:
            s += r * v
        r = None if v > 4 else r
    return s


def a_kind_that_widens(x):
    a = 1
    for v in x:
        a = None if a else 1
        if a is None and v > 2:
            a = 2.5
    return (a or 1.0) * x[0]


def a_result_of_a_helper(x):
    def first(limit):
        for v in x:
            if v > limit:
                return v
        return None

    found = first(2.4)
    return x[0] if found is None else found * found


def with_hysteresis(x):
    state, total = "idle", 0.0
    for v in x:
        if state == "idle" and v > 2.0:
            state = "run"
        elif state == "run" and v > 4.0:
            state = "done"
        if state == "run":
            total += v * v
        elif state == "done":
            total += 3.0 * v
    return total if state == "done" else total - x[0]


def the_best_and_where(x):
    best = None
    for i in range(len(x)):
        c = (x[i] - 2.05) ** 2
        if best is None or c < best[0]:
            best = (c, i)
    return best[0] + x[best[1]]


def unpacked(x):
    best = None
    for i, v in enumerate(x):
        if best is None or v > best[1][0]:
            best = (i, (v, v * v))
    k, (a, b) = best
    return k * a + b


def a_pair_or_none(x):
    last = None
    s = 0.0
    for v in x:
        if last is not None:
            a, b = last
            s += a * b * v
        last = (v, 2.0 * v) if v > 1 else None
    return s if last is None else s + last[0]


def an_entry_of_none(x):
    last = None
    for v in x:
        last = (v, v) if v > 3 else None
    return last[0]


def none_unpacked(x):
    last = None
    for v in x:
        last = (v, v) if v > 3 else None
    a, b = last
    return a


def a_pair_from_a_helper(x):
    def find(t):
        for i in range(len(x)):
            if x[i] > t:
                return i, x[i]
        return None

    f = find(2.4)
    if f:
        return f[1] * (f[0] + 1)
    return x[0]


def pairs_of_other_kinds(x):
    p = None
    for v in x:
        if v > 3:
            p = (1, v)
        elif v > 1:
            p = (0.5, v)
    return x[0] if p is None else p[0] * p[1]


def the_type_of_it(x):
    held = None
    for v in x:
        held = v if v > 2.0 else None
    return x[0] if isinstance(held, float) else x[1]


PROGRAMS = [
    the_best_and_where,
    unpacked,
    a_pair_or_none,
    an_entry_of_none,
    none_unpacked,
    a_pair_from_a_helper,
    pairs_of_other_kinds,
    a_number_perhaps,
    a_key,
    one_of_several,
    asked_for_its_truth,
    two_states,
    matched,
    matched_texts,
    an_integer_or_none,
    functions_of_it,
    in_a_dict,
    never_set,
    passed_on,
    caught,
    returned_in_a_loop,
    both_may_be_none,
    a_key_that_is_written,
    functions_by_name,
    in_a_while,
    set_back,
    raised_by_it,
    a_number_of_pythons,
    attributes,
    captured,
    with_a_break,
    the_one_before,
    compared,
    an_operand_of_a_ufunc,
    in_single_precision,
    compared_with_another,
    set_before_the_loop,
    a_kind_that_widens,
    a_result_of_a_helper,
    with_hysteresis,
    the_type_of_it,
]


def pairs_and_triples(x):
    held = None
    for v in x:
        held = (v, v) if v > 2.0 else (v, v, v) if v > 1.0 else None
    return x[0] if held is None else held[0]


def an_index_perhaps(x):
    k = None
    for i in range(len(x)):
        if x[i] > 9.0:
            k = i
    return np.sum(x[k])


def a_text_that_is_read(x):
    mode = "a"
    for v in x:
        mode = "ab" if v > 2.0 else "a"
    return x[0] * len(mode)


def a_text_that_is_shown(x):
    mode = "a"
    for v in x:
        mode = "b" if v > 2.0 else "a"
    return x[0] if f"{mode}!" == "b!" else x[1]


def a_place_in_a_text(x):
    mode = "a"
    for v in x:
        mode = "ab" if v > 2.0 else "a"
    return x[0] if "b" in mode else x[1]


def one_object(x):
    mode = "a"
    for v in x:
        mode = "b" if v > 2.0 else "a"
    return x[0] if mode is WEIGHTS else x[1]


def returned(x):
    best = None
    for v in x:
        if v > 9.0:
            best = v
    return best


REFUSED = [
    pairs_and_triples,
    an_index_perhaps,
    a_text_that_is_read,
    a_text_that_is_shown,
    a_place_in_a_text,
    one_object,
    returned,
]
POINTS = [
    np.array(v)
    for v in ([1.3, 3.7, 2.2, 4.6, 0.4], [0.5, 1.6, 1.7, 0.9, 1.8, 0.1], [2.5], [0.3, 5.0, 0.2, 6.1, 2.5, 1.5])
]


@pytest.fixture(autouse=True)
def not_unrolled() -> Iterator[None]:
    """Loops stay loops, of whatever size."""
    with mock.patch.object(unrolling, "ATTEMPTS", ({},)), in_python():
        yield


def outcome(function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except Exception as error:
        return error


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_states(function: Any) -> None:
    derivative = wb.value_and_grad(function, engine="numba")
    for x in POINTS:
        expected, found = outcome(function, x.copy()), outcome(derivative, x.copy())
        if isinstance(expected, Exception):
            assert type(found) is type(expected) and str(found) == str(expected)
            continue
        value, slope = found
        assert value == pytest.approx(expected, rel=1e-13) and isinstance(value, (float, np.floating))
        step, tolerance = (1e-3, 1e-2) if function is in_single_precision else (1e-6, 1e-6)
        moves = step * np.eye(len(x))
        differences = [(float(function(x + d)) - float(function(x - d))) / (2 * step) for d in moves]
        np.testing.assert_allclose(slope, differences, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_what_a_state_is_must_be_known_for_all_else(function: Any) -> None:
    with pytest.raises(wb.DifferentiationError) as caught:
        wb.value_and_grad(function, engine="numba")(POINTS[0].copy())
    assert any(words in str(caught.value) for words in ("on one path", "is None here"))
    first = function.__code__.co_firstlineno
    assert first <= caught.value.lineno <= first + 7
