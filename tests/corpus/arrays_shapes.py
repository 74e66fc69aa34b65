"""Reductions with axes, products of all ranks, reshapes, indexing in all its forms, joins, cumsum, constructors."""
from __future__ import annotations

import math

import numpy as np

from tests.corpus.program import Program, program


def sums_with_axis(m):
    return np.sum(np.sum(m, axis=0) ** 2) + np.sum(m.sum(axis=1) ** 3) + np.sum(m * m.sum(axis=-1, keepdims=True))


def means_with_axis(m):
    centred = m - m.mean(axis=0)
    return np.mean(centred ** 2) + np.mean(np.mean(m, axis=1) ** 2)


def extrema_with_axis(m):
    return np.sum(np.max(m, axis=0) * np.min(m, axis=0)) + m.max() * np.min(m) + np.sum(m.min(axis=1) ** 2)


def variance_and_deviation(a):
    return np.var(a) * np.std(a) + np.mean(a)


def product_reduction(a):
    return np.prod(a) + np.prod(a[1:])


def sum_of_three_axes(t):
    return np.sum(np.sum(t, axis=(0, 2)) ** 2) + np.sum(t.sum(axis=1) * t[:, 0, :])


def vector_dot(a, b):
    return np.dot(a, b) * (a @ a) + np.inner(a, b) + a.dot(b)


def matrix_vector(m, v):
    return np.sum(np.sin(m @ v)) + np.sum(v @ m.T)


def matrix_matrix(a, b):
    c = a @ b
    return np.sum(c * c) + np.sum(np.dot(a, b)[0]) + np.sum(np.matmul(b.T, a.T))


def batched_matmul(t, m):
    return np.sum(np.tanh(t @ m)) + np.sum((t @ t.transpose(0, 2, 1)) ** 2)


def quadratic_form(m, v):
    return v @ m @ v + np.trace(m)


def gram_matrix(m):
    g = m.T @ m
    return np.sum(g * g)


def outer_product(a, b):
    return np.sum(np.outer(a, b) ** 2 * np.outer(b, a).T)


def reshape_and_transpose(a):
    m = a.reshape(2, 3)
    n = np.transpose(m) * 2.0
    return np.sum(n @ m) + np.sum(np.reshape(n, (6,)) * a) + np.sum(a.reshape((3, -1))[1])


def ravel_flatten_swapaxes(t):
    f = t.flatten()
    g = np.swapaxes(t, 0, 1).ravel()
    return np.sum(f * g * g)


def expand_and_squeeze(a):
    m = np.expand_dims(a, 0)
    return np.sum(m.T @ m) + np.sum(np.squeeze(m) ** 3)


def ellipsis_and_newaxis(t):
    return np.sum(t[..., 0] ** 2) + np.sum(t[0, ..., 1] * t[1, :, 0]) + np.sum(t[:, :, None, 1] * 0.5)


def slices_of_all_kinds(a):
    return np.sum(a[1:] * a[:-1]) + np.sum(a[::2] ** 2) + np.sum(a[::-1] * a) + np.sum(a[-3:-1]) * np.sum(a[4:1:-2])


def slices_with_variable_bounds(a, k):
    return np.sum(a[:k] ** 2) * np.sum(a[k:]) + a[k] * a[-k]


def matrix_slices(m):
    return np.sum(m[1:, :2] * m[:-1, 1:]) + np.sum(m[:, 0] * m[:, -1]) + np.sum(m[::2, ::-1] ** 2) + m[1][2]


def integer_array_index(m, rows):
    return np.sum(m[rows] ** 2) + np.sum(m[rows, 0] * m[rows, 1]) + np.sum(m[:, rows[:1]])


def paired_index_arrays(m, i, j):
    return np.sum(m[i, j] ** 2) + np.prod(m[i, j])


def take_and_list_index(a):
    return np.sum(a[[2, 0, 2]] ** 2) + np.take(a, [1, 1])[0] * a[3]


def boolean_mask_read(a):
    return np.sum(a[a > 0] ** 2) + np.sum(a[a < -0.5])


def boolean_mask_write(a, x):
    b = a.copy()
    b[b < 0] = x
    b[a > 1.0] *= 2.0
    return np.sum(b * b)


def boolean_mask_rows(m):
    keep = m[:, 0] > 0
    return np.sum(m[keep] ** 2) + np.sum(keep) * m[0, 1]


def argmax_gather(m):
    best = np.argmax(m, axis=1)
    total = 0.0
    for i in range(m.shape[0]):
        total += m[i, best[i]] ** 2
    return total + m[np.argmin(m[:, 0]), 1]


def stack_and_concatenate(a, b):
    s = np.stack([a, b])
    t = np.stack((a * b, b), axis=1)
    c = np.concatenate([a, b * 2.0, a])
    return np.sum(s @ t) + np.sum(c * c * np.arange(1.0, len(c) + 1.0))


def concatenate_rows(m, v):
    big = np.concatenate((m, v[None, :]), axis=0)
    wide = np.hstack([m, m[:, :1]])
    tall = np.vstack([m, v])
    return np.sum(big ** 2) + np.sum(wide ** 3) + np.sum(tall * big)


def array_from_scalars(x, y):
    a = np.array([x, y, x * y])
    m = np.array([[x, 1.0], [y, x]])
    return np.sum(a * a) + np.sum(m @ m)


def cumulative_sum(a):
    return np.sum(np.cumsum(a) ** 2) + np.cumsum(a * a)[-1]


def cumulative_sum_axis(m):
    return np.sum(np.cumsum(m, axis=0) * m) + np.sum(np.cumsum(m, axis=1) ** 2)


def differences_and_flip(a):
    d = a[1:] - a[:-1]
    return np.sum(d * d) + np.sum(np.flip(a) * a ** 2)


def linspace_grid(x, n):
    grid = np.linspace(0.0, 1.0, n)
    return np.sum(np.exp(-x * grid) * grid) / n


def linspace_active_end(x):
    return np.sum(np.linspace(x, 2.0 * x * x, 5) ** 2)


def arange_weights(a):
    w = np.arange(len(a))
    v = np.arange(1.0, 2.0 * len(a), 2.0)
    return np.sum(a * w + a * a * v)


def constructors(a, x):
    z = np.zeros_like(a) + x
    o = np.ones(a.shape) * a
    f = np.full(len(a), x)
    g = np.full_like(a, 2.0)
    e = np.eye(len(a))
    return np.sum(z * o + f * g * a) + np.sum(e @ a)


def zeros_of_shape(m):
    z = np.zeros((m.shape[1], m.shape[0]))
    for i in range(m.shape[0]):
        z[:, i] = m[i] * (i + 1)
    return np.sum(z @ m)


def size_and_shape_values(m):
    n, k = m.shape
    return np.sum(m) / m.size + np.sum(m[n - 1]) * len(m) * k


def array_methods(m):
    return m.sum() * m.mean() + m.copy().max() + np.sum(m.T.dot(m)) + m.reshape(-1).min()


def pairwise_distances(p):
    d = p[:, None, :] - p[None, :, :]
    r = np.sqrt(np.sum(d * d, axis=-1) + 0.01)
    return np.sum(1.0 / r)


def convolution_by_slices(a, k):
    out = np.zeros(len(a) - len(k) + 1)
    for j in range(len(k)):
        out += a[j:j + len(out)] * k[j]
    return np.sum(np.maximum(out, 0.1) ** 2)


def norm_of_vector(a):
    return np.linalg.norm(a) * math.sqrt(np.sum(a * a))


def float_of_array_element(a):
    x = float(a[0])
    return x * x * a[1] + float(np.sum(a))


def _m(n, k):
    return lambda rng: (rng.normal(size=(n, k)),)


def _v(n):
    return lambda rng: (rng.normal(size=n),)


def _mv(n, k):
    return lambda rng: (rng.normal(size=(n, k)), rng.normal(size=k))


def _mm(n, k, p):
    return lambda rng: (rng.normal(size=(n, k)), rng.normal(size=(k, p)))


def _ab(n, k):
    return lambda rng: (rng.normal(size=n), rng.normal(size=k))


PROGRAMS: list[Program] = [
    program(sums_with_axis, _m(2, 3), 0, "array", small=(_m(1, 1), _m(0, 3), _m(1, 2))),
    program(means_with_axis, _m(2, 3), 0, "array", small=(_m(1, 1), _m(1, 3))),
    program(extrema_with_axis, _m(3, 4), 0, "array", small=(_m(1, 1), _m(1, 2))),
    program(variance_and_deviation, _v(4), 0, "array"),
    program(product_reduction, _v(4), 0, "array", small=(_v(1),)),
    program(sum_of_three_axes, lambda r: (r.normal(size=(2, 3, 4)),), 0, "array"),
    program(vector_dot, _ab(3, 3), (0, 1), "array", small=(_ab(0, 0), _ab(1, 1))),
    program(matrix_vector, _mv(2, 3), (0, 1), "array", small=(_mv(1, 1), _mv(2, 0), _mv(1, 2))),
    program(matrix_matrix, _mm(2, 3, 4), (0, 1), "array", small=(_mm(1, 1, 1), _mm(1, 2, 1))),
    program(batched_matmul, lambda r: (r.normal(size=(2, 3, 4)), r.normal(size=(4, 2))), (0, 1), "array"),
    program(quadratic_form, _mv(3, 3), (0, 1), "array", small=(_mv(1, 1),)),
    program(gram_matrix, _m(4, 2), 0, "array", small=(_m(1, 1), _m(0, 2))),
    program(outer_product, _ab(3, 2), (0, 1), "array", small=(_ab(1, 2),)),
    program(reshape_and_transpose, _v(6), 0, "array"),
    program(ravel_flatten_swapaxes, lambda r: (r.normal(size=(2, 3, 2)),), 0, "array"),
    program(expand_and_squeeze, _v(3), 0, "array"),
    program(ellipsis_and_newaxis, lambda r: (r.normal(size=(2, 3, 2)),), 0, "array"),
    program(slices_of_all_kinds, _v(6), 0, "array"),
    program(slices_with_variable_bounds, lambda r: (r.normal(size=5), 2), 0, "array",
            small=(lambda r: (r.normal(size=2), 1),)),
    program(matrix_slices, _m(3, 3), 0, "array"),
    program(integer_array_index, lambda r: (r.normal(size=(3, 2)), np.array([1, 0, 1])), 0, "array"),
    program(paired_index_arrays, lambda r: (r.normal(size=(3, 3)), np.array([0, 2, 0]), np.array([1, 1, 1])), 0,
            "array"),
    program(take_and_list_index, _v(4), 0, "array"),
    program(boolean_mask_read, _v(6), 0, "array", small=(_v(1), _v(0))),
    program(boolean_mask_write, lambda r: (r.normal(size=6), float(r.normal())), (0, 1), "array"),
    program(boolean_mask_rows, _m(4, 2), 0, "array"),
    program(argmax_gather, _m(3, 4), 0, "array"),
    program(stack_and_concatenate, _ab(3, 3), (0, 1), "array", small=(_ab(1, 1),)),
    program(concatenate_rows, _mv(2, 3), (0, 1), "array"),
    program(array_from_scalars, lambda r: (float(r.normal()), float(r.normal())), (0, 1), "array"),
    program(cumulative_sum, _v(5), 0, "array", small=(_v(1), _v(2))),
    program(cumulative_sum_axis, _m(3, 2), 0, "array"),
    program(differences_and_flip, _v(5), 0, "array", small=(_v(1), _v(0))),
    program(linspace_grid, lambda r: (float(r.normal()), 6), 0, "array", small=(lambda r: (0.3, 1),)),
    program(linspace_active_end, lambda r: (float(r.normal()),), 0, "array"),
    program(arange_weights, _v(4), 0, "array", small=(_v(0), _v(1))),
    program(constructors, lambda r: (r.normal(size=3), float(r.normal())), (0, 1), "array",
            small=(lambda r: (r.normal(size=1), 0.4), lambda r: (r.normal(size=0), 0.4))),
    program(zeros_of_shape, _m(2, 3), 0, "array", small=(_m(1, 1),)),
    program(size_and_shape_values, _m(2, 3), 0, "array", small=(_m(1, 1),)),
    program(array_methods, _m(3, 2), 0, "array", small=(_m(1, 1),)),
    program(pairwise_distances, _m(4, 2), 0, "array", small=(_m(1, 2),)),
    program(convolution_by_slices, _ab(6, 3), (0, 1), "array", small=(_ab(2, 2), _ab(2, 1))),
    program(norm_of_vector, _v(4), 0, "array"),
    program(float_of_array_element, _v(3), 0, "array"),
]
