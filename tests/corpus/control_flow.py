"""Branches: if/elif/else, conditional expressions, boolean operators, chained comparison, names born in arms."""
from __future__ import annotations

import math

import numpy as np

from tests.corpus.program import Program, program


def piecewise_polynomial(x):
    if x < -0.5:
        y = x * x - 2.0
    elif x < 0.3:
        y = 3.0 * x
    elif x < 1.0:
        y = math.sin(x)
    else:
        y = x ** 3 + 1.0
    return y * y


def names_born_in_arms(x, y):
    if x > y:
        high = x
        low = y
        gap = high - low
    else:
        low = x
        high = 2.0 * y
        gap = high * low
    return gap * high + low


def overwrite_in_one_arm(x):
    y = math.exp(0.3 * x)
    if y > 1.0:
        y = y * x
        y += 1.0
    return y * math.cos(x)


def conditional_expression(x, y):
    top = x if x > y else y * y
    sign = 1.0 if top > 0 else -1.0
    return sign * top + (x * y if x * y < 0.5 else 0.5 * x)


def nested_conditional_expression(x):
    return math.sin(x) if x < 0 else (x * x if x < 1 else 2.0 * x - 1.0)


def and_or_not(x, y):
    r = 0.0
    if x > 0 and y > 0:
        r = x * y
    elif x > 0 or y > 0:
        r = x - y * y
    elif not (x < -1.0):
        r = math.exp(x + y)
    else:
        r = x + 3.0 * y
    return r


def short_circuit_guards_division(x, y):
    if y != 0.0 and x / y > 1.0:
        return x / y
    return x + y


def and_or_as_values(x, y):
    chosen = (x > 0 and x) or y
    return chosen * chosen + x


def chained_comparison(x):
    if -1.0 < x < 0.0:
        return x * x
    if 0.0 <= x < 1.0 != x:
        return math.sqrt(1.0 + x)
    return 2.0 * x


def nested_branches(x, y):
    if x > 0:
        if y > 0:
            z = math.log(1.0 + x * y)
        else:
            z = x - y
            if z > 1.0:
                z = math.sqrt(z)
    else:
        z = x * y
        if z < 0:
            z = -z
        else:
            z = z + 1.0
    return z * x


def early_return_in_arms(x, y):
    if x < -1.0:
        return y * x
    z = x * x + y
    if z > 1.5:
        if y > 0:
            return math.sin(z) * y
        z = z - 1.0
    return z * math.exp(-y)


def static_then_active(x, flag):
    s = 0
    if flag:
        if x > 0:
            s = s + x * 3.0
    return s * x + x


def static_zero_float_in_nested_if(x):
    s = 0
    for i in range(4):
        if i > 1:
            if x > -10.0:
                s = s + x * i
    return s * x


def boolean_variable_steers(x, y):
    inside = x * x + y * y < 1.0
    steep = abs(x) > abs(y)
    if inside and not steep:
        return x * x * y
    if inside:
        return x * y * y
    return x * y if steep else x + y


def boolean_arithmetic(x):
    hits = 0
    for level in (-1.0, -0.2, 0.4, 1.1):
        hits += x > level
    return x ** 2 * hits


def builtin_min_max(x, y):
    return max(x, y) * min(x, y, x * y) + max((x, 0.1, y))


def builtin_abs_and_pow(x, y):
    return abs(x) * pow(abs(y), 1.5) + abs(x - y) ** 2


def clamp_and_sign(x):
    y = min(max(x, -0.7), 0.7)
    return y * math.copysign(2.0, x) + x * x


def huber_loss(residuals, delta):
    total = 0.0
    for r in residuals:
        size = abs(r)
        if size <= delta:
            total += 0.5 * r * r
        else:
            total += delta * (size - 0.5 * delta)
    return total


def branch_on_array_element(a):
    out = 0.0
    if a[0] > a[1]:
        out = a[0] * a[2]
    elif a[1] > a[2]:
        out = a[1] ** 2
    else:
        out = math.sin(a[2]) * a[0]
    return out


def branch_on_reduction(a):
    if np.sum(a) > 0:
        return np.sum(a * a)
    return np.sum(np.sin(a))


def branch_on_shape(a):
    if a.ndim == 2:
        return np.sum(a) * 2.0
    if len(a) == 1:
        return a[0] * 5.0
    return np.sum(a[1:] * a[:-1])


def branch_writes_array(a, x):
    b = a.copy()
    if x > 0:
        b[0] = b[0] * x
        b[1] += x * x
    else:
        b[2] = x
    return np.sum(b * b) * x


def square_if_large_then_accumulate(a):
    for i in range(len(a)):
        if a[i] > 1.0:
            a[i] = a[i] * a[i]
        a[0] += a[i]
    return a[0] * a[-1]


def integer_branching(x, n):
    if n % 2 == 0:
        y = x ** n
    elif n // 3 == 1:
        y = x * n
    else:
        y = x / n
    return y + n * x


def membership_and_identity(x, mode):
    if mode in ("square", "cube"):
        y = x ** (2 if mode == "square" else 3)
    else:
        y = x
    if mode is not None:
        y = y + 0.5 * x
    return y


def is_none_default(x, scale=None):
    if scale is None:
        scale = x * 0.5
    return scale * x


def pass_and_assert(x):
    assert x > -100.0, "out of range"
    if x > 0:
        pass
    else:
        x = -2.0 * x
    return x * x * x


def swap_when_unordered(x, y, z):
    if x > y:
        x, y = y, x
    if y > z:
        y, z = z, y
    if x > y:
        x, y = y, x
    return x * 1.0 + y * y + z * z * z


def match_like_dispatch(x, kind):
    if kind == 0:
        return math.tanh(x)
    elif kind == 1:
        return x / (1.0 + abs(x))
    elif kind == 2:
        return max(x, 0.01 * x)
    return x


def _two(rng):
    return tuple(float(v) for v in rng.normal(size=2))


def _one(rng):
    return (float(rng.normal()),)


PROGRAMS: list[Program] = [
    program(piecewise_polynomial, _one, 0, "control"),
    program(names_born_in_arms, _two, (0, 1), "control"),
    program(overwrite_in_one_arm, _one, 0, "control"),
    program(conditional_expression, _two, (0, 1), "control"),
    program(nested_conditional_expression, _one, 0, "control"),
    program(and_or_not, _two, (0, 1), "control"),
    program(short_circuit_guards_division, _two, ("x", "y"), "control"),
    program(and_or_as_values, _two, (0, 1), "control"),
    program(chained_comparison, lambda r: (float(r.uniform(-2, 2)),), 0, "control"),
    program(nested_branches, _two, (0, 1), "control"),
    program(early_return_in_arms, _two, (0, 1), "control"),
    program(static_then_active, lambda r: (float(r.normal()), True), "x", "control"),
    program(static_then_active, lambda r: (float(r.normal()), False), "x", "control", name="static_flag_off"),
    program(static_zero_float_in_nested_if, _one, 0, "control"),
    program(boolean_variable_steers, _two, (0, 1), "control"),
    program(boolean_arithmetic, _one, 0, "control"),
    program(builtin_min_max, _two, (0, 1), "control"),
    program(builtin_abs_and_pow, _two, (0, 1), "control"),
    program(clamp_and_sign, _one, 0, "control", oracle="difference"),
    program(huber_loss, lambda r: (r.normal(size=5), float(r.uniform(0.3, 1.0))), (0, 1), "control",
            small=(lambda r: (r.normal(size=0), 0.5), lambda r: (r.normal(size=1), 0.5))),
    program(branch_on_array_element, lambda r: (r.normal(size=3),), 0, "control"),
    program(branch_on_reduction, lambda r: (r.normal(size=4),), 0, "control",
            small=(lambda r: (r.normal(size=0),), lambda r: (r.normal(size=1),))),
    program(branch_on_shape, lambda r: (r.normal(size=4),), 0, "control",
            small=(lambda r: (r.normal(size=1),), lambda r: (r.normal(size=2),),
                   lambda r: (r.normal(size=(2, 3)),))),
    program(branch_writes_array, lambda r: (r.normal(size=3), float(r.normal())), (0, 1), "control", "mutation"),
    program(square_if_large_then_accumulate, lambda r: (r.uniform(0.2, 2.0, size=4),), 0, "control", "mutation",
            small=(lambda r: (r.uniform(0.2, 2.0, size=1),),)),
    program(integer_branching, lambda r: (float(r.uniform(0.5, 2)), int(r.integers(1, 7))), 0, "control"),
    program(membership_and_identity, lambda r: (float(r.normal()), "cube"), 0, "control"),
    program(is_none_default, _one, 0, "control"),
    program(pass_and_assert, _one, 0, "control"),
    program(swap_when_unordered, lambda r: tuple(float(v) for v in r.normal(size=3)), (0, 1, 2), "control"),
    program(match_like_dispatch, lambda r: (float(r.normal()), int(r.integers(0, 4))), 0, "control"),
]
