"""Programs that read things which tests change between two calls of one derivative object."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numba import njit


def cube(t):
    return t * t * t


def twice(t):
    return 2.0 * t


helper: Any = cube
inner_helper: Any = cube
RATE: Any = 2.0
SMOOTH: Any = True
KIND: Any = "sin"
WEIGHTS: Any = np.array([1.0, 2.0, 3.0])
LEVELS: Any = (0.5, 1.5)
OPTIONS: Any = {"gain": 3.0, "clip": False}
FUNCTIONS: Any = {"act": math.sin}


class Config:
    """Settings as attributes of a plain class."""

    scale = 2.0
    squared = True

    def apply(self, t):
        return t * self.scale


CONFIG: Any = Config()


@njit
def jitted_one(t):
    return t * t


@njit
def jitted_two(t):
    return math.sin(t)


jitted_helper: Any = jitted_one


@dataclass
class Pair:
    left: float
    right: float


class Couple(NamedTuple):
    left: float
    right: float


def calls_helper(x):
    return helper(x) * x


def outer_helper(t):
    return inner_helper(t) + 1.0


def calls_through_two(x):
    return outer_helper(x) * x


def calls_jitted(x):
    return jitted_helper(x) * x


def reads_rate(x):
    return x * x * RATE


def reads_flag(x):
    return x * x if SMOOTH else abs(x)


def reads_kind(x):
    if KIND == "sin":
        return math.sin(x)
    return math.exp(x)


def reads_weights(x):
    total = 0.0
    for i in range(len(WEIGHTS)):
        total += WEIGHTS[i] * x ** (i + 1)
    return total


def reads_levels(x):
    total = x
    for level in LEVELS:
        total = total * x + level
    return total


def reads_options(x):
    y = x * OPTIONS["gain"]
    return min(y, 1.0) if OPTIONS["clip"] else y * x


def reads_function_table(x):
    return FUNCTIONS["act"](x) * x


def reads_config(x):
    y = CONFIG.apply(x)
    return y * y if CONFIG.squared else y


def with_default(x, k=2.0, mode="plain"):
    return k * x * x if mode == "plain" else k * x


def with_keyword_default(x, *, k=2.0):
    return k * x * x


def helper_with_default(t, power=2):
    return t ** power


def calls_helper_with_default(x):
    return helper_with_default(x) * 3.0


def make_scaled(factor, squared):
    def scaled(x):
        return factor * x * x if squared else factor * x

    def change(new_factor, new_squared):
        nonlocal factor, squared
        factor = new_factor
        squared = new_squared

    return scaled, change


def sum_of_squares(a):
    return np.sum(a * a)


def loop_of_squares(a):
    s = 0.0
    for i in range(len(a)):
        s += a[i] * a[i] * (i + 1)
    return s


def product(a, b):
    return np.sum(a * b * b)


def writes_first(a, b):
    a *= 2.0
    return np.sum(a * b)


def static_arguments(x, flag, kind, shift):
    y = x * x if flag else x
    if kind == "exp":
        y = math.exp(y)
    return y if shift is None else y * shift


def integer_power(x, n):
    return x ** n + n * x


def axis_argument(m, axis):
    return np.sum(np.sum(m, axis=axis) ** 2)


def structure_argument(p):
    total = 0.0
    for i, v in enumerate(p):
        total += (i + 1.0) * v * v
    return total


def dict_argument(d):
    total = 0.0
    for key in d:
        total += d[key] ** (2 if key == "a" else 3)
    return total


def pair_argument(p):
    return p.left * p.left * p.right


def applies(f, x):
    return f(x) * x


def variadic(x, *rest):
    total = x * x
    for r in rest:
        total = total * r + r
    return total


def any_rank(a):
    if a.ndim == 1:
        return np.sum(a ** 2)
    return np.sum(a ** 3)
