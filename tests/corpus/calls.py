"""Calls: closures, nested functions, lambdas, keyword, default and *args calls, globals, static flags, strings."""
from __future__ import annotations

import functools
import math

import numpy as np

from tests.corpus.program import Program, program

GRAVITY = 9.81
RATES = (0.1, 0.4, 0.2)
TABLE = np.array([0.5, -1.0, 2.0, 0.25])
SETTINGS = {"order": 3, "smooth": True, "gain": 0.7}


def square(x):
    return x * x


def affine(x, slope=2.0, offset=0.5):
    return slope * x + offset


def helper_called_twice(x, y):
    return square(x + y) * square(y)


def keyword_and_default_calls(x, y):
    return affine(x) + affine(y, offset=x) * affine(offset=y, slope=x, x=x)


def default_depends_on_argument(x, k=3.0):
    return square(k) * x + affine(x, k)


def variadic_sum(*values):
    total = 0.0
    for i, v in enumerate(values):
        total += v ** (i + 1)
    return total


def variadic_call(x, y):
    parts = (x, y, x * y)
    return variadic_sum(*parts) + variadic_sum(x) * variadic_sum(y, x)


def keyword_only(x, *, gain=1.5, shift):
    return gain * x * x + shift


def keyword_only_call(x, y):
    return keyword_only(x, shift=y) * keyword_only(y, gain=x, shift=0.3)


def double_star_call(x, y):
    options = {"slope": y, "offset": x * y}
    return affine(x, **options)


def collects_keywords(x, **weights):
    total = x
    for name in weights:
        total = total * weights[name]
    return total


def collected_keywords_call(x, y):
    return collects_keywords(x, a=y, b=2.0, c=x)


def inner_function(x, y):
    def inner(t):
        return t * x + y

    return inner(y) * inner(2.0)


def closure_sees_rebinding(x):
    scale = x

    def scaled(t):
        return scale * t

    first = scaled(2.0)
    scale = x * x
    return first * scaled(x)


def nonlocal_counter(x):
    total = 0.0

    def add(t):
        nonlocal total
        total += t * t

    for i in range(4):
        add(x + i)
    return total * x


def function_returned(x, y):
    def make(power):
        def raised(t):
            return t ** power * y

        return raised

    cube = make(3)
    return cube(x) + make(2)(y)


def lambda_local(x, y):
    f = lambda t, s=y: math.sin(t) * s  # noqa: E731
    return f(x) + f(y, x)


def higher_order(x, n):
    return apply_times(lambda t: 0.8 * math.sin(t) + x, x, n)


def apply_times(f, x, n):
    for _ in range(n):
        x = f(x)
    return x


def compose_list_of_functions(x):
    for f in (math.sin, square, math.exp, lambda t: t / (1.0 + t)):
        x = f(x)
    return x


def function_in_dict(x, kind):
    kernels = {"gauss": lambda r: math.exp(-r * r), "quad": lambda r: 1.0 / (1.0 + r * r)}
    return kernels[kind](x) * x


def partial_application(x, y):
    steep = functools.partial(affine, slope=y)
    return steep(x) + steep(y, offset=x)


def reads_globals(x, t):
    return x + 0.5 * GRAVITY * t * t + RATES[1] * x * t


def reads_global_table(x):
    total = 0.0
    for i in range(len(TABLE)):
        total = total * x + TABLE[i]
    return total * np.sum(TABLE * x)


def reads_global_settings(x):
    y = x ** SETTINGS["order"] if SETTINGS["smooth"] else abs(x)
    return y * SETTINGS["gain"]


def string_flag(a, norm):
    if norm == "l2":
        return math.sqrt(np.sum(a * a))
    elif norm == "l1":
        return np.sum(np.abs(a))
    elif norm.startswith("max"):
        return np.max(np.abs(a))
    raise ValueError(f"unknown norm {norm!r}")


def static_switch_unrolls(x, depth):
    def block(t, level):
        return math.tanh(t + 0.1 * level)

    for level in range(depth):
        x = block(x, level)
    return x


def static_recursion(x, depth=3):
    if depth == 0:
        return x
    return static_recursion(math.sin(x) + 0.1 * depth, depth - 1) * x


def early_returns_in_helper(x, y):
    return pick(x, y) * pick(y, x) + pick(x, x)


def pick(x, y):
    if x > y:
        return x * y
    for i in range(3):
        x = x + 0.3
        if x > 1.0:
            return x * x
    return x - y


def helper_with_loop_and_break(a):
    total = 0.0
    for v in a:
        total += newton_sqrt(1.0 + v * v)
    return total


def newton_sqrt(s):
    r = s
    for _ in range(50):
        new = 0.5 * (r + s / r)
        if abs(new - r) < 1e-12:
            return new
        r = new
    return r


def helper_returns_many(x, y):
    s, d, p = sum_difference_product(x, y)
    return s * d + p * sum_difference_product(p, s)[1]


def sum_difference_product(x, y):
    return x + y, x - y, x * y


def helper_returns_array(x, n):
    b = basis(x, n)
    return np.dot(b, b) + basis(b[1], 2)[1]


def basis(x, n):
    out = np.ones(n)
    for k in range(1, n):
        out[k] = out[k - 1] * x
    return out


class Spline:
    """A plain user class, built at call time."""

    def __init__(self, knots, values):
        self.knots = knots
        self.values = values

    def __call__(self, t):
        for i in range(len(self.knots) - 1):
            if t < self.knots[i + 1]:
                w = (t - self.knots[i]) / (self.knots[i + 1] - self.knots[i])
                return (1.0 - w) * self.values[i] + w * self.values[i + 1]
        return self.values[len(self.knots) - 1]


def user_class_called(knots, values, t):
    spline = Spline(knots, values)
    return spline(t) * spline(t * 0.5) + spline(99.0)


class Dual:
    """A user's own number type with operators."""

    def __init__(self, value, slope):
        self.value = value
        self.slope = slope

    def __add__(self, other):
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        return Dual(self.value * other.value, self.value * other.slope + self.slope * other.value)


def operator_overloading(x, y):
    a = Dual(x, 1.0)
    b = Dual(y, x)
    c = a * b + a
    return (c * c).slope + c.value


def make_weighted(weight, values):
    def weighted(x):
        return weight * x * x + np.sum(values * x)

    return weighted


weighted_by_closure = make_weighted(1.7, np.array([0.2, 0.4]))


def _f(rng):
    return float(rng.normal())


def _xy(rng):
    return (_f(rng), _f(rng))


def _x(rng):
    return (_f(rng),)


PROGRAMS: list[Program] = [
    program(helper_called_twice, _xy, (0, 1), "call"),
    program(keyword_and_default_calls, _xy, (0, 1), "call"),
    program(default_depends_on_argument, _x, 0, "call"),
    program(default_depends_on_argument, _xy, "k", "call", name="default_given"),
    program(variadic_call, _xy, (0, 1), "call"),
    program(keyword_only_call, _xy, (0, 1), "call"),
    program(double_star_call, _xy, (0, 1), "call"),
    program(collected_keywords_call, _xy, (0, 1), "call"),
    program(inner_function, _xy, (0, 1), "call"),
    program(closure_sees_rebinding, _x, 0, "call"),
    program(nonlocal_counter, _x, 0, "call"),
    program(function_returned, _xy, (0, 1), "call"),
    program(lambda_local, _xy, (0, 1), "call"),
    program(higher_order, lambda r: (_f(r), 3), 0, "call"),
    program(compose_list_of_functions, _x, 0, "call"),
    program(function_in_dict, lambda r: (_f(r), "gauss"), 0, "call"),
    program(partial_application, _xy, (0, 1), "call"),
    program(reads_globals, _xy, (0, 1), "call"),
    program(reads_global_table, _x, 0, "call"),
    program(reads_global_settings, _x, 0, "call"),
    program(string_flag, lambda r: (r.normal(size=3), "l2"), 0, "call"),
    program(string_flag, lambda r: (r.normal(size=3), "max-abs"), 0, "call", name="string_flag_max"),
    program(static_switch_unrolls, lambda r: (_f(r), 3), 0, "call"),
    program(static_recursion, _x, 0, "call"),
    program(early_returns_in_helper, _xy, (0, 1), "call"),
    program(helper_with_loop_and_break, lambda r: (r.normal(size=3),), 0, "call",
            small=(lambda r: (r.normal(size=0),),)),
    program(helper_returns_many, _xy, (0, 1), "call"),
    program(helper_returns_array, lambda r: (_f(r), 4), 0, "call"),
    program(user_class_called, lambda r: (np.array([0.0, 1.0, 2.0]) + 0.1 * r.normal(size=3), r.normal(size=3),
                                          float(r.uniform(0.3, 1.8))), (0, 1, 2), "call"),
    program(operator_overloading, _xy, (0, 1), "call"),
    program(weighted_by_closure, _x, 0, "call"),
]
