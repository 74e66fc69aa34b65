"""Questions about types and attributes: those of values that programs compute with are those of Python's own."""

from __future__ import annotations

import collections
import copy
import functools
import itertools
import math
import sys
import types
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest

import workbench as wb

NAMES = ("__len__", "__iter__", "__next__", "__getitem__", "__float__", "__array__", "__call__", "__name__", "__dict__",
         "__add__", "__matmul__", "__abs__", "append", "appendleft", "keys", "shape", "ndim", "dtype", "T", "tolist",
         "is_integer", "hex", "real", "add", "upper", "start", "send", "flags", "strides", "kind", "parts", "absent")
ARRAY, NUMBERS = np.array([1.0, 2.0]), [1.0, 2.0]
VALUES = {
    "array": lambda x, a: a * x,
    "flat": lambda x, a: (a * x).flat,
    "number": lambda x, a: x,
    "NumPy's number": lambda x, a: np.float64(2.0) * x,
    "list": lambda x, a: [x, x],
    "deque": lambda x, a: collections.deque([x]),
    "dict": lambda x, a: {"a": x},
    "set": lambda x, a: {1, 2},
    "range": lambda x, a: range(len(a)),
    "enumerate": lambda x, a: enumerate(a * x),
    "keys": lambda x, a: {"a": x}.keys(),
    "generator": lambda x, a: (x * each for each in a),
}


@pytest.mark.parametrize("made", VALUES)
def test_what_there_is_is_what_python_has(made):
    make = VALUES[made]
    missed = []
    for name in NAMES:
        def program(x, a, make=make, name=name):
            return x * (3.0 if hasattr(make(x, a), name) else 5.0)
        wanted = 3.0 if hasattr(make(2.0, ARRAY), name) else 5.0
        try:
            found = wb.grad(program, engine="numba")(2.0, ARRAY)
        except wb.DifferentiationError:
            missed.append(name)
        else:
            assert found == wanted, name
    assert len(missed) <= 6, missed


def test_what_is_not_there_raises_where_it_is_asked_for():
    def tried(x):
        values = [x, x * x]
        try:
            return values.shape[0] * x
        except AttributeError:
            return 7.0 * x
    assert wb.grad(tried, engine="numba")(2.0) == 7.0

    def given(x):
        values = [x, x * x]
        return getattr(values, "ndim", 3) * x
    assert wb.grad(given, engine="numba")(2.0) == 3.0

    def wrong(x):
        return (lambda values: values.foo)([x])
    with pytest.raises(AttributeError, match="'list' object has no attribute 'foo'"):
        wb.grad(wrong, engine="numba")(2.0)

    def of_an_array(a):
        return a.foo
    with pytest.raises(AttributeError, match=r"'numpy\.ndarray' object has no attribute 'foo'"):
        wb.grad(of_an_array, engine="numba")(ARRAY)


ASKED = (enumerate, zip, map, filter, reversed, range, types.GeneratorType, np.ndarray, list, tuple, Iterator, Sequence,
         Mapping, itertools.count, np.random.Generator)
ITERATORS = {
    "enumerate": lambda x, a: enumerate([x]),
    "zip": lambda x, a: zip([x], a, strict=False),
    "map": lambda x, a: map(abs, [x]),
    "filter": lambda x, a: filter(None, [x]),
    "reversed": lambda x, a: reversed([x]),
    "of an array": lambda x, a: iter(a),
    "count": lambda x, a: itertools.count(),
    "generator": lambda x, a: (x * each for each in a),
    "random": lambda x, a: np.random.default_rng(3),
    "range": lambda x, a: range(len(a)),
}


@pytest.mark.parametrize("made", ITERATORS)
def test_what_things_are_instances_of(made):
    make = ITERATORS[made]
    for asked in ASKED:
        def program(x, a, make=make, asked=asked):
            return x * (3.0 if isinstance(make(x, a), asked) else 5.0)
        wanted = 3.0 if isinstance(make(2.0, ARRAY), asked) else 5.0
        try:
            found = wb.grad(program, engine="numba")(2.0, ARRAY)
        except wb.DifferentiationError as error:
            assert "instance of" in error.reason  # noqa: PT017  (what it says is not all that is asked)
        else:
            assert found == wanted, asked


def test_attributes_that_a_module_makes_when_it_is_asked():
    module = types.ModuleType("a_module_with_a_getattr")
    exec("def __getattr__(name):\n    if name == 'scale':\n        return 3.0\n    raise AttributeError(name)",
         vars(module))
    sys.modules[module.__name__] = module
    try:
        def program(x):
            return module.scale * x
        assert wb.grad(program, engine="numba")(2.0) == 3.0
    finally:
        del sys.modules[module.__name__]


ASKS = {
    "its class": lambda v: v.__class__ in (float, list, range),
    "what may be gone through": np.iterable,
    "axes": lambda v: np.ndim(v) == 1,
    "dimensions": lambda v: np.shape(v) == (2,),
    "a number for NumPy": np.isscalar,
    "itself": lambda v: v is v,
    "equal to itself": lambda v: v == v,
    "its copy": lambda v: copy.copy(v) is v,
}
THINGS = {
    **VALUES, **ITERATORS,
    "text": lambda x, a: f"{x}",
    "method": lambda x, a: Held(x).length,
    "part": lambda x, a: functools.partial(math.pow, x),
    "exception": lambda x, a: ValueError(x),
    "default": lambda x, a: collections.defaultdict(float, b=x),
    "function": lambda x, a: lambda y: x * y,
}


class Held:
    """An object with a method."""

    def __init__(self, x):
        self.x = x

    def length(self):
        """A number."""
        return 2


@pytest.mark.parametrize("thing", THINGS)
def test_what_is_asked_of_things(thing):
    make = THINGS[thing]
    for words, ask in ASKS.items():
        def program(x, a, make=make, ask=ask):
            return x * (3.0 if ask(make(x, a)) else 5.0)
        try:
            wanted = program(2.0, ARRAY) / 2.0
        except (TypeError, ValueError):  # (a copy of an iterator, the truth of an array)
            continue
        try:
            found = wb.grad(program, engine="numba")(2.0, ARRAY)
        except wb.DifferentiationError:
            continue
        assert found == wanted, words


def test_a_copied_set_is_another_one():
    def program(x):
        some = {1, 2}
        other = copy.copy(some)
        other.add(3)
        return x ** len(some)
    assert wb.grad(program, engine="numba")(3.0) == 6.0


def test_a_decorator_that_wraps():
    def twice(f):
        @functools.wraps(f)
        def wrapper(*args, **named):
            return f(*args, **named) * 2
        return wrapper

    def program(x):
        @twice
        def inner(v, scale=1.0):
            return v * x * scale
        return inner(x, scale=3.0)
    assert wb.grad(program, engine="numba")(2.0) == 24.0
