"""Elementwise NumPy and math functions, broadcasting, scalars against arrays, where, clip."""
from __future__ import annotations

import math

import numpy as np

from tests.corpus.program import Program, program


def arithmetic_chain(a, b):
    return np.sum((a + b) * (a - b) / (1.5 + b * b) - 2.0 * a ** 3 + (-a) * b)


def elementwise_functions(a):
    return np.sum(np.sin(a) * np.cos(a) + np.exp(-a * a) + np.tanh(a) - np.arctan(a))


def positive_functions(a):
    return np.sum(np.sqrt(a) + np.log(a) * a + np.power(a, 1.7) + np.log1p(a) + np.expm1(a) + np.log10(a))


def hyperbolic_functions(a):
    return np.sum(np.sinh(a) / np.cosh(a) + np.arcsinh(a) + np.square(a) * np.reciprocal(2.0 + a * a))


def bounded_inverses(a):
    return np.sum(np.arcsin(a) * np.arccos(a) + np.arctanh(a) + np.tan(a))


def binary_functions(a, b):
    return np.sum(np.arctan2(a, b) + np.hypot(a, b) + np.maximum(a, b) * np.minimum(a, 0.3) + np.logaddexp(a, b))


def math_functions(x):
    return (math.sin(x) + math.cos(x) * math.tan(x) + math.exp(x) - math.sinh(x) / math.cosh(x)
            + math.atan(x) + math.expm1(x) + math.asinh(x) + math.pow(2.0 + x * x, x))


def math_positive(x):
    return math.log(x) * math.sqrt(x) + math.log1p(x) + math.log2(x) + math.log10(x) + math.log(x, 3.0) + x ** 2.5


def math_two_arguments(x, y):
    return math.atan2(x, y) * math.hypot(x, y) + math.fabs(x) * math.erf(y)


def power_both_active(a, b):
    return np.sum(a ** b) + a[0] ** 2 + 2.0 ** b[1]


def broadcast_row_and_column(m, row, column):
    return np.sum((m * row + column[:, np.newaxis]) ** 2 * np.sin(row))


def broadcast_outer_by_newaxis(a, b):
    d = a[:, None] - b[None, :]
    return np.sum(np.exp(-d * d))


def broadcast_scalar(a, x):
    return np.sum(a * x + x / (2.0 + a * a) - (x - a) * 3.0)


def broadcast_size_one(m, s):
    return np.sum(m * s) + np.sum(m - s[0])


def broadcast_higher_rank(t, m):
    return np.sum(t * m * m + m[0])


def numpy_scalars(a):
    x = a[0]
    y = np.float64(2.0) * x
    return np.sin(x) * y + a.max() * np.float64(a[1])


def where_select(a, b):
    return np.sum(np.where(a > b, a * b, np.sin(b)) + np.where(a > 0, a, 0.1 * a))


def where_scalar(x):
    return np.where(x > 0, x * x, -x) * x


def clip_values(a):
    return np.sum(np.clip(a, -0.6, 0.8) * a)


def relu_and_softplus(a):
    return np.sum(np.maximum(a, 0.0) + np.log1p(np.exp(-np.abs(a))) + np.maximum(0, a) ** 2)


def absolute_and_sign(a):
    return np.sum(np.abs(a) * a + np.sign(a) * a * a + np.fabs(a))


def floor_and_remainder(a):
    return np.sum((a - np.floor(a)) ** 2) + np.sum(a % 1.0)


def scalar_remainder(x):
    return (x % 0.7) * x + (x // 0.7) * x


def comparison_counts(a):
    return np.sum(a * (a > 0)) + np.sum(a > 0) * a[0] + np.sum((a > -1) & (a < 1))


def in_place_ufunc_chain(a):
    b = np.exp(a)
    b -= 1.0
    b *= b
    np.sqrt(b + 1.0, out=b)
    return np.mean(b)


def mixed_integer_arrays(a, k):
    return np.sum(a * k) + np.sum(a ** 2 / (1 + k)) + np.sum(k)


def unary_and_abs_operators(a):
    return np.sum(+a * abs(-a)) - a[0] * abs(a[1])


def reused_intermediate(a):
    e = np.exp(a)
    f = e * e
    return np.sum(e * f + f / (1.0 + e))


def infinite_partial_annihilated(x):
    safe = np.where(x > 0, x, 1.0)
    return np.sum(np.where(x > 0, np.sqrt(safe), 0.0))


def _two(n, low=-2.0, high=2.0):
    return lambda rng: (rng.uniform(low, high, size=n), rng.uniform(low, high, size=n))


def _one(n, low=-2.0, high=2.0):
    return lambda rng: (rng.uniform(low, high, size=n),)


def _scalar(low=-2.0, high=2.0):
    return lambda rng: (float(rng.uniform(low, high)),)


PROGRAMS: list[Program] = [
    program(arithmetic_chain, _two(4), (0, 1), "array", small=(_two(0), _two(1))),
    program(elementwise_functions, _one(4), 0, "array", small=(_one(0), _one(1), _one((2, 3)))),
    program(positive_functions, _one(4, 0.3, 3.0), 0, "array", small=(_one(1, 0.3, 3.0),)),
    program(hyperbolic_functions, _one(4), 0, "array"),
    program(bounded_inverses, _one(4, -0.8, 0.8), 0, "array"),
    program(binary_functions, _two(4), (0, 1), "array", small=(_two(1),)),
    program(math_functions, _scalar(), 0, "array"),
    program(math_positive, _scalar(0.3, 3.0), 0, "array"),
    program(math_two_arguments, lambda r: (float(r.normal()), float(r.normal())), (0, 1), "array"),
    program(power_both_active, _two(3, 0.3, 2.0), (0, 1), "array"),
    program(broadcast_row_and_column, lambda r: (r.normal(size=(2, 3)), r.normal(size=3), r.normal(size=2)),
            (0, 1, 2), "array", small=(lambda r: (r.normal(size=(1, 3)), r.normal(size=3), r.normal(size=1)),)),
    program(broadcast_outer_by_newaxis, lambda r: (r.normal(size=3), r.normal(size=4)), (0, 1), "array",
            small=(lambda r: (r.normal(size=1), r.normal(size=2)), lambda r: (r.normal(size=0), r.normal(size=2)))),
    program(broadcast_scalar, lambda r: (r.normal(size=3), float(r.normal())), (0, 1), "array"),
    program(broadcast_size_one, lambda r: (r.normal(size=(2, 3)), r.normal(size=1)), (0, 1), "array",
            small=(lambda r: (r.normal(size=(1, 1)), r.normal(size=1)),)),
    program(broadcast_higher_rank, lambda r: (r.normal(size=(2, 3, 4)), r.normal(size=(3, 1))), (0, 1), "array"),
    program(numpy_scalars, _one(3), 0, "array"),
    program(where_select, _two(5), (0, 1), "array", small=(_two(1),)),
    program(where_scalar, _scalar(), 0, "array"),
    program(clip_values, _one(6), 0, "array"),
    program(relu_and_softplus, _one(5), 0, "array"),
    program(absolute_and_sign, _one(5), 0, "array"),
    program(floor_and_remainder, _one(4), 0, "array", oracle="difference"),
    program(scalar_remainder, _scalar(), 0, "array", oracle="difference"),
    program(comparison_counts, _one(5), 0, "array"),
    program(in_place_ufunc_chain, _one(4), 0, "array"),
    program(mixed_integer_arrays, lambda r: (r.normal(size=4), np.array([1, 2, 0, 5])), 0, "array"),
    program(unary_and_abs_operators, _one(3), 0, "array"),
    program(reused_intermediate, _one(3), 0, "array"),
    program(infinite_partial_annihilated, _one(5), 0, "array"),
]
