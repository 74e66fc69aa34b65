"""What goes in and what comes out: kinds, sizes, structures that are no real floats."""
from __future__ import annotations

import datetime
import decimal
import fractions

import numpy as np
import scipy.sparse


def twice(x):
    return x * 2.0


def total(a):
    return np.sum(a * a)


def first_squared(a):
    return a[0] * a[0]


def writes_first(a):
    a[0] = a[1] * 2.0
    return a[0] * a[2]


def shifts_into(a, b):
    for i in range(1, len(a)):
        b[i] = a[i - 1] * 2.0
    return np.sum(b)


def text_as_is(s):
    return len(s) * 1.0


def counts_none(x):
    return 1.0 if x is None else x


def structure(p):
    return p["a"] * p["b"][0]


def field_of_record(r):
    return np.sum(r["x"] * 2.0)


def record_scalar(r):
    return float(r[0]["x"]) * 2.0


def vector_result(a):
    return a * a


def one_element_result(a):
    return a[:1] * 2.0


def matrix_result(a):
    return np.outer(a, a)


def zero_rank_result(a):
    return np.array(a[0] * a[1])


def tuple_result(x):
    return x, x


def dict_result(x):
    return {"loss": x * x}


def none_result(x):
    x * x


def none_on_a_path(x):
    if x > 1.0:
        return None
    return x


def text_result(x):
    return "%f" % x


def complex_result(x):
    return x * 1j


def complex_inside(x):
    z = complex(x, 2.0)
    return (z * z.conjugate()).real


def integer_result(x):
    return int(x) * 2


def bool_result(x):
    return x > 1.0


def constant_result(x):
    return 4.0


def function_result(x):
    return lambda: x


def iterator_result(a):
    return iter(a)


def integer_array_result(a):
    return a.astype(int).sum()


def rounds_to_integers(a):
    return np.sum(np.array(a, dtype=int) * 2)


def half_precision(x):
    return np.float16(x) * np.float16(2.0)


def long_double(x):
    return float(np.longdouble(x) * 2)


def decimals(x):
    return float(decimal.Decimal(x) * 2)


def exact_fractions(x):
    return float(fractions.Fraction(x) * 2)


def days(x):
    return (datetime.timedelta(days=x) * 2).total_seconds()


def sparse_product(a):
    return (scipy.sparse.eye(4) @ a).sum()


def masked_sum(a):
    return np.ma.masked_less(a, 0.0).sum() * 1.0


def matrix_product(a):
    return float((np.matrix([[1.0, 2.0]]) * np.matrix(a[:2]).T)[0, 0])


def object_array(a):
    table = np.array([None, 1.0], dtype=object)
    table[0] = a[0]
    return table[0] * table[1]


def structured_array(a):
    table = np.zeros(2, dtype=[("x", float), ("y", float)])
    table["x"] = a[:2]
    return np.sum(table["x"])


def set_argument(s):
    return sum(s)


ARRAY = np.array([0.5, 1.5, -0.3, 0.8])
FROZEN = ARRAY.copy()
FROZEN.flags.writeable = False
RECORD = np.array([(1.0, 2.0), (3.0, 4.0)], dtype=[("x", float), ("y", float)])
BASE = np.arange(1.0, 9.0)
DEFAULTS = {}
OTHER_WORDS = frozenset()
MUST = {"text_as_is", "counts_none", "vector_result", "one_element_result", "matrix_result", "tuple_result",
        "dict_result", "none_result", "none_on_a_path", "text_result", "complex_result", "integer_result",
        "bool_result", "function_result", "iterator_result", "integer_array_result"}
CASES = [
    (twice, (3,)), (twice, (True,)), (twice, ("text",)), (twice, (None,)), (twice, (2.0 + 1j,)),
    (twice, (np.int64(3),)), (twice, (np.float16(1.5),)), (twice, (np.longdouble(1.5),)),
    (twice, (fractions.Fraction(1, 2),)),
    (twice, (decimal.Decimal("1.5"),)), (twice, ([1.5],)), (twice, ({},)), (twice, (np.float32(1.5),)),
    (total, (np.array([1, 2, 3]),)), (total, (np.array([True, False]),)), (total, (ARRAY.astype(np.float16),)),
    (total, (ARRAY.astype(np.longdouble),)), (total, (ARRAY.astype(">f8"),)), (total, (ARRAY.astype(complex),)),
    (total, (np.array([1.0, None]),)), (total, (np.array(["a"]),)), (total, (BASE[:2].reshape(1, 2).view(np.matrix),)),
    (total, (np.ma.array([1.0, 2.0], mask=[0, 1]),)), (total, (np.array(["2020-01-01"], dtype="datetime64[D]"),)),
    (total, (np.array(2.0),)), (total, (np.zeros(0),)), (total, (np.zeros((3, 0)),)), (total, (BASE[::2],)),
    (total, (np.float64(2.0),)), (total, ([1.0, 2.0],)), (total, ("text",)),
    (first_squared, (np.zeros(0),)), (first_squared, (np.array(2.0),)), (first_squared, (ARRAY.astype(">f8"),)),
    (writes_first, (FROZEN,)), (writes_first, (ARRAY.astype(">f8"),)), (writes_first, ((1.0, 2.0, 3.0),)),
    (writes_first, (ARRAY.astype(np.float32),)),
    (shifts_into, (BASE[:4], BASE[2:6])), (shifts_into, (BASE, BASE)), (shifts_into, (BASE[:4], BASE[4:])),
    (text_as_is, ("text",)), (counts_none, (None,)), (structure, ({"a": 1.5, "b": [2, 3.0]},)),
    (structure, ({"a": 2, "b": [2]},)), (structure, ({"a": 1.5},)), (field_of_record, (RECORD,)),
    (record_scalar, (RECORD,)), (vector_result, (ARRAY,)), (one_element_result, (ARRAY,)), (matrix_result, (ARRAY,)),
    (zero_rank_result, (ARRAY,)), (tuple_result, (1.5,)), (dict_result, (1.5,)), (none_result, (1.5,)),
    (none_on_a_path, (1.5,)), (text_result, (1.5,)), (complex_result, (1.5,)), (complex_inside, (1.5,)),
    (integer_result, (1.5,)), (bool_result, (1.5,)), (constant_result, (1.5,)), (function_result, (1.5,)),
    (iterator_result, (ARRAY,)), (integer_array_result, (ARRAY,)), (rounds_to_integers, (ARRAY,)),
    (half_precision, (1.5,)), (long_double, (1.5,)), (decimals, (1.5,)), (exact_fractions, (1.5,)), (days, (1.5,)),
    (sparse_product, (ARRAY,)), (masked_sum, (ARRAY,)), (matrix_product, (ARRAY,)), (object_array, (ARRAY,)),
    (structured_array, (ARRAY,)), (set_argument, ({1.5, 2.0},)),
    (set_argument, (frozenset({1.5}),)),
]
