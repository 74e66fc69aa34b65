"""Arrays of wrong shapes, indices that lead nowhere, dtypes that take no floats."""
from __future__ import annotations

import math
import types

import numpy as np

VECTOR = np.array([0.5, 1.25, 2.0, 0.75])
MATRIX = np.arange(1.0, 7.0).reshape(2, 3) / 4.0


def adds_row_of_other_length(a):
    return np.sum(a[:3] + a[:2])


def adds_in_place_of_other_length(a):
    b = a[:3].copy()
    b += a
    return b.sum()


def outer_in_place(a):
    b = a.copy()
    b *= a[:, None]
    return b.sum()


def broadcast_three(a):
    return (a[:, None, None] + np.ones((3, 2)) * np.ones(3)).sum()


def reshape_with_rest(a):
    return a.reshape(3, -1).sum()


def reshape_computed(a):
    n = len(a)
    return a.reshape(n // 3, n // 2).sum()


def sets_shape(a):
    b = a.copy()
    b.shape = (3, 2)
    return b.sum()


def matrix_times_long_vector(a):
    return (np.ones((2, 3)) @ a).sum()


def scalar_in_matmul(a):
    return (a @ 2.0).sum()


def inner_of_matrices(a):
    return np.inner(a.reshape(2, 2), np.ones((2, 3))).sum()


def tensordot_of_axes(a):
    return np.tensordot(a.reshape(2, 2), np.ones((3, 2)), axes=1).sum()


def einsum_lengths(a):
    return np.einsum("i,i->", a, np.ones(3))


def einsum_ranks(a):
    return np.einsum("ij->", a)


def einsum_output(a):
    return np.einsum("i->j", a).sum()


def concatenates_columns(a):
    return np.concatenate([a.reshape(2, 2), np.ones((3, 1))], axis=1).sum()


def concatenates_nothing(a):
    return a.sum() + np.concatenate([]).sum()


def stacks_rows(a):
    return np.vstack([a, a[:2]]).sum()


def stacks_columns(a):
    return np.column_stack([a, a[1:]]).sum()


def stacks_in_loop(a):
    rows = []
    for k in range(1, 4):
        rows.append(a[:k])
    return np.stack(rows).sum()


def stacks_nothing(a):
    return np.stack([v for v in a if v > 10.0]).sum()


def splits_unevenly(a):
    left, right, rest = np.split(a, 3)
    return left.sum() + right.sum() + rest.sum()


def repeats_unevenly(a):
    return np.repeat(a, [1, 2]).sum()


def stores_longer(a):
    b = np.zeros(6)
    b[1:4] = a
    return b.sum()


def stores_matrix_in_row(a):
    b = np.zeros((2, 4))
    b[0] = np.outer(a, a)
    return b.sum()


def stores_column(a):
    b = np.zeros((4, 3))
    b[:, 1] = a[:3]
    return b.sum()


def stores_by_mask(a):
    b = a.copy()
    b[b > 0.6] = a[:2]
    return b.sum()


def mask_too_short(a):
    return a[np.array([True, False])].sum()


def mask_of_other_rank(a):
    return a[np.ones((4, 1), dtype=bool)].sum()


def mask_stored_too_long(a):
    b = a.copy()
    b[np.ones(5, dtype=bool)] = 0.0
    return b.sum()


def fancy_negative_outside(a):
    return a[[0, -5]].sum()


def fancy_of_floats(a):
    return a[np.array([0.0, 1.0])].sum()


def fancy_pairs(a):
    m = a.reshape(2, 2)
    return m[[0, 1], [0, 1, 0]].sum()


def fancy_in_place(a):
    b = a.copy()
    b[[0, 4]] += 1.0
    return b.sum()


def index_from_search(a):
    return a[np.searchsorted(np.sort(a), 100.0)]


def index_after_last(a):
    total = 0.0
    for k in range(len(a)):
        total += a[k] * a[k + 1]
    return total


def index_before_first(a):
    total = 0.0
    k = 0
    while k > -6:
        total += a[k]
        k -= 1
    return total


def stores_outside_in_loop(a):
    out = np.zeros(3)
    for k in range(len(a)):
        out[k] = a[k] * 2.0
    return out.sum()


def row_outside(a):
    m = a.reshape(2, 2)
    return m[2].sum()


def column_outside(a):
    m = a.reshape(2, 2)
    return m[:, 2].sum()


def element_of_row_outside(a):
    m = a.reshape(2, 2)
    row = m[1]
    return row[2]


def item_outside(a):
    return a.item(7)


def flat_outside(a):
    return a.reshape(2, 2).flat[4]


def one_index_too_many(a):
    return a[0, 0]


def two_ellipses(a):
    return a[..., 0, ...].sum()


def slice_by_float(a):
    return a[:len(a) / 2].sum()


def slice_by_data(a):
    return a[:a[2]].sum()


def take_clipped_wrong(a):
    return np.take(a, [0, 9]).sum()


def take_along_other_rank(a):
    return np.take_along_axis(a, np.array([[0]]), axis=0).sum()


def axis_of_vector(a):
    return a.sum(axis=1)


def axis_twice(a):
    return a.reshape(2, 2).sum(axis=(0, 0)).sum()


def axis_of_cumsum(a):
    return np.cumsum(a, axis=2).sum()


def transposes_three(a):
    return a.reshape(2, 2).transpose(0, 1, 2).sum()


def swaps_missing_axis(a):
    return np.swapaxes(a, 0, 1).sum()


def squeezes_long_axis(a):
    return np.squeeze(a, axis=0).sum()


def expands_far(a):
    return np.expand_dims(a, 3).sum()


def where_of_lengths(a):
    return np.where(a > 1.0, a, np.ones(3)).sum()


def select_of_lengths(a):
    return np.select([a > 1.0], [a, a]).sum()


def choose_outside(a):
    return np.choose(np.array([0, 2]), [a[:2], a[2:]]).sum()


def clips_by_lengths(a):
    return np.clip(a, 0.0, np.ones(3)).sum()


def interpolates_lengths(a):
    return np.interp(0.5, a, a[:3])


def polynomial_of_lengths(a):
    return np.polyval(a.reshape(2, 2), np.ones(3)).sum()


def crosses_long(a):
    return np.cross(a, a).sum()


def determinant_of_vector(a):
    return np.linalg.det(a)


def inverse_of_rectangle(a):
    return np.linalg.inv(np.outer(a, a[:3])).sum()


def inverse_of_singular(a):
    return np.linalg.inv(np.outer(a[:2], np.array([1.0, 2.0])) * 0.0).sum()


def cholesky_of_indefinite(a):
    return np.linalg.cholesky(-np.diag(a)).sum()


def solve_of_lengths(a):
    return np.linalg.solve(np.diag(a), np.ones(3)).sum()


def power_of_singular(a):
    return np.linalg.matrix_power(np.zeros((2, 2)) * a[0], -1).sum()


def transform_of_nothing(a):
    return np.abs(np.fft.fft(a[:0])).sum()


def pads_negative(a):
    return np.pad(a, (-1, 2)).sum()


def rolls_missing_axis(a):
    return np.roll(a, 1, axis=1).sum()


def difference_of_order(a):
    return np.diff(a, n=-1).sum()


def minimum_of_nothing(a):
    return np.min(a[a > 10.0])


def argmin_of_nothing(a):
    return a[np.argmin(a[:0])]


def median_of_nothing(a):
    return np.median(a[:0])


def length_of_scalar(a):
    return len(a[0]) * a[1]


def iterates_scalar_array(a):
    return sum(v for v in np.sum(a))


def truth_of_vector(a):
    if a > 0.0:
        return a.sum()
    return -a.sum()


def truth_of_empty(a):
    return a.sum() if a[a > 10.0] else -a.sum()


def compares_in_max(a):
    return max(a, 2.0 * a).sum()


def vector_in_math(a):
    return math.sin(a)


def equality_in_list(a):
    return a.sum() if a in [a + 1.0, a + 2.0] else 0.0


def floats_into_integers(a):
    counts = np.zeros(4, dtype=int)
    counts += a
    return counts.sum() * a[0]


def text_into_floats(a):
    b = a.copy()
    b[1] = "one"
    return b.sum()


def complex_into_floats(a):
    b = a.copy()
    b[0] = 1.0 + 2.0j
    return b.sum()


def nan_into_integers(a):
    b = np.zeros(2, dtype=np.int64)
    b[0] = a[0] * np.nan
    return a.sum() * b[0]


def unknown_dtype(a):
    return np.zeros(3, dtype="float65").sum() * a[0]


def negative_length(a):
    return np.zeros(len(a) - 6).sum() * a[0]


def step_of_zero(a):
    return np.arange(0.0, 1.0, a[0] - 0.5).sum()


def linspace_of_negative(a):
    return np.linspace(a[0], a[1], -2).sum()


def out_of_other_shape(a):
    out = np.zeros(3)
    np.multiply(a, 2.0, out=out)
    return out.sum()


def out_of_integers(a):
    out = np.zeros(4, dtype=int)
    np.add(a, 1.0, out=out)
    return out.sum() * a[0]


def unknown_norm(a):
    return np.linalg.norm(a, ord="huge")


def unknown_mode(a):
    return np.pad(a, 1, mode="nothing").sum()


def unpacks_too_few(a):
    p, q, r = a
    return p + q + r


def unpacks_too_many(a):
    p, q, *rest, s, t, u = a
    return p + q + s + t + u


def writes_read_only_view(a):
    b = np.broadcast_to(a, (2, 4))
    b[0, 0] = 1.0
    return b.sum()


def writes_frozen(a):
    b = a.copy()
    b.flags.writeable = False
    b[0] = 2.0
    return b.sum()


def list_where_array(a):
    return list(a).sum()


def tuple_index(a):
    parts = (a[0], a[1])
    k = 0
    for _ in range(3):
        k += 1
    return parts[k]


def list_negative_index(a):
    parts = [a[0], a[1]]
    return parts[-3]


def text_index(a):
    return a[0] * len("abc"[5])


def nested_list_index(a):
    table = [[a[0], a[1]], [a[2]]]
    total = 0.0
    for k in range(2):
        total += table[k][1]
    return total


def matrix_vector_out(m):
    return m @ np.ones(3)


def matrix_trace_of_vector(m):
    return np.trace(m[0])


def matrix_diagonal_outside(m):
    return np.diagonal(m, axis1=0, axis2=3).sum()


DEFAULTS = {}
OTHER_WORDS = {"flat_outside", "length_of_scalar", "iterates_scalar_array"}  # a number of NumPy's, a flat iterator
MUST = {"matrix_vector_out"}
CASES = [(f, (MATRIX if f.__code__.co_varnames[0] == "m" else VECTOR,))
         for f in list(globals().values()) if isinstance(f, types.FunctionType) and f.__module__ == __name__]
