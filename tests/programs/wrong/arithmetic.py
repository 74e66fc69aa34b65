"""Numbers and arrays that go wrong: domains, zero divisors, overflow, casts, shapes, indices."""
from __future__ import annotations

import math

import numpy as np


def root_of_negative(x):
    return math.sqrt(-1.0 - x)


def logarithm_of_negative(x):
    return math.log(-x)


def arcus_outside(x):
    return math.asin(x + 2.0) + math.acos(x)


def power_of_negative(x):
    return (-x) ** 0.5


def negative_power_of_zero(x):
    return (x - x) ** -1.0


def gamma_at_pole(x):
    return math.gamma(x - x)


def hyperbolic_overflow(x):
    return math.sinh(1000.0 * x)


def power_overflow(x):
    return (x * 1e200) ** 2


def modulo_zero(x):
    return x % (x - x)


def floor_division_by_zero(x):
    return (x // (x - x)) * x


def integer_division_by_zero(x):
    n = 3
    return x * (7 // (n - 3))


def divides_in_loop(x):
    total = x
    for k in range(3, -1, -1):
        total += x / k
    return total


def divides_under_condition(x):
    if x > 1.0:
        return x / (x - 1.5)
    return x


def numpy_division(a):
    return np.sum(a / (a - a))


def infinite_to_integer(x):
    return int(x / 1e-308 * 1e308) * x


def nan_to_integer(x):
    return int((x - x) * math.inf) * x


def big_factorial(x):
    n = 1
    for k in range(1, 30):
        n *= k
    return x * n


def shifts_far(x):
    return x * (1 << 70)


def big_product(x):
    n = 2**40
    return x * (n * n)


def hash_like(x):
    h = 14695981039346656037
    for k in range(5):
        h = (h ^ k) * 1099511628211 % 2**64
    return x * (h % 1000)


def negative_shift(x):
    k = -1
    return x * (1 << k)


def shapes_differ(a):
    return np.sum(a + np.ones(3))


def matmul_differs(a):
    return np.sum(np.ones((2, 3)) @ a)


def dot_differs(a):
    return np.dot(a, np.ones(3))


def broadcast_differs(a):
    return np.sum(a.reshape(2, 2) * np.ones((3, 1, 4)))


def reshape_differs(a):
    return np.sum(a.reshape(3, 2))


def reshape_twice_unknown(a):
    return np.sum(a.reshape(-1, -1))


def stores_wrong_shape(a):
    b = np.zeros((2, 2))
    b[0] = a[:3]
    return np.sum(b)


def stores_sequence_in_element(a):
    b = np.zeros(3)
    b[0] = [a[0], a[1]]
    return np.sum(b)


def in_place_grows(a):
    b = np.ones(4)
    b += np.ones((2, 4))
    return np.sum(a * b)


def concatenates_ranks(a):
    return np.sum(np.concatenate([a, np.ones((2, 2))]))


def stacks_lengths(a):
    return np.sum(np.stack([a, a[:2]]))


def ragged(a):
    return np.sum(np.array([[a[0], a[1]], [a[2]]]))


def axis_outside(a):
    return np.sum(np.sum(a, axis=2))


def truth_of_array(a):
    if a > 0:
        return a[0]
    return a[1]


def chained_comparison_of_array(a):
    return a[0] if 0.0 < a < 1.0 else a[1]


def index_outside(a):
    return a[0] * a[4]


def index_far_negative(a):
    return a[-5] * 2.0


def index_in_loop(a):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * a[i + 1]
    return total


def index_computed(a):
    return a[int(a[1] * 10.0)]


def index_after_writes(a):
    for i in range(10):
        a[i] = a[i] * 2.0
    return a[0]


def index_with_float(a):
    return a[1.0]


def index_with_data(a):
    return a[a[0]]


def index_with_text(a):
    return a["x"]


def too_many_indices(a):
    return a[0, 0]


def fancy_outside(a):
    return np.sum(a[[0, 1, 7]])


def fancy_store_outside(a):
    b = np.zeros(3)
    b[np.array([0, 5])] = a[:2]
    return np.sum(b)


def mask_of_wrong_length(a):
    return np.sum(a[np.array([True, False])])


def slice_of_slice(a):
    return a[1:3][5]


def slice_with_zero_step(a):
    return np.sum(a[::0])


def index_of_matrix_row(a):
    m = a.reshape(2, 2)
    return m[1, 2]


def take_outside(a):
    return np.sum(np.take(a, [0, 9]))


def empty_maximum(a):
    return np.max(a[4:])


def empty_argmax(a):
    return a[np.argmax(a[4:])]


def empty_mean(a):
    return np.sum(a) + 0.0 * len(a[4:]) / len(a[4:])


def empty_builtin_max(a):
    return max(a[4:])


def singular_solve(a):
    m = np.array([[1.0, 2.0], [2.0, 4.0]])
    return np.sum(np.linalg.solve(m, a[:2]))


def not_square(a):
    return np.linalg.det(a.reshape(4, 1))


def negative_size(a):
    return np.sum(np.zeros(-3)) + a[0]


def range_without_step(x):
    total = x
    for k in range(0, 5, 0):
        total += k
    return total


def range_of_float(x):
    total = 0.0
    for k in range(x):
        total += k
    return total


def text_times_float(x):
    return "a" * x


def text_to_number(x):
    return float("one") * x


def bad_operand(x):
    return x + [1.0]


def inverts_a_float(x):
    return ~x


def unpacks_a_float(x):
    a, b = x
    return a + b


def length_of_number(x):
    return len(x) * x


def log_of_array(a):
    return math.log(a)


def minimum_of_mixed(x):
    return min(x, "a")


ARRAY = np.array([0.5, 1.5, -0.3, 0.8])
DEFAULTS = {}
OTHER_WORDS = {"minimum_of_mixed", "in_place_grows"}  # Python asks the other operand, NumPy the other way round
MUST = set()
CASES = [
    *((f, (1.5,)) for f in (
        root_of_negative, logarithm_of_negative, arcus_outside, power_of_negative, negative_power_of_zero,
        gamma_at_pole, hyperbolic_overflow, power_overflow, modulo_zero, floor_division_by_zero,
        integer_division_by_zero, divides_in_loop, divides_under_condition, infinite_to_integer, nan_to_integer,
        big_factorial, shifts_far, big_product, hash_like, negative_shift, range_without_step, range_of_float,
        text_times_float, text_to_number, bad_operand, inverts_a_float, unpacks_a_float, length_of_number,
        minimum_of_mixed)),
    *((f, (ARRAY,)) for f in (
        shapes_differ, matmul_differs, dot_differs, broadcast_differs, reshape_differs, reshape_twice_unknown,
        stores_wrong_shape, stores_sequence_in_element, in_place_grows, concatenates_ranks, stacks_lengths, ragged,
        axis_outside, truth_of_array, chained_comparison_of_array, index_outside, index_far_negative,
        index_in_loop, index_computed, index_after_writes, index_with_float, index_with_data, index_with_text,
        too_many_indices, fancy_outside, fancy_store_outside, mask_of_wrong_length, slice_of_slice,
        slice_with_zero_step, index_of_matrix_row, take_outside, empty_maximum, empty_argmax, empty_mean,
        empty_builtin_max, singular_solve, not_square, negative_size, log_of_array)),
]
