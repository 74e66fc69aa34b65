"""Operators of objects, NumPy's scalars, text, caches of methods on the tape (see `programs`)."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import functools
import math

import numpy as np

from tests.engines.tape.programs import refused, right


class Scaled:
    """A number of the program's own, whose operators are met from the other side too."""

    def __init__(self, value):
        self.value = value

    def __gt__(self, other):
        return self.value * other

    def __lt__(self, other):
        return self.value * other * 2.0

    def __eq__(self, other):
        return self.value + other * other

    __hash__ = None

    def __rsub__(self, other):
        return other * self.value

    __rfloordiv__ = __rdivmod__ = __rpow__ = __rmod__ = __radd__ = __rsub__


class Weight(enum.IntEnum):
    LIGHT = 2
    HEAVY = 3


class Metres(float):
    pass


@right
def comparisons_of_objects(x, y):
    a = np.array([x, y])
    return (x < Scaled(y)) + (x == Scaled(y)) + (a[0] == Scaled(y)) * 1.0 + (a[1] > Scaled(x))


@right
def comparisons_with_library_numbers(x, y):
    small, half = decimal.Decimal("0.5"), fractions.Fraction(1, 2)
    return (x > small) * x + (y < half) * y + (x == half) * 3.0 + (small != y) * x * y


@right
def reflected_operators(x, y):
    return x // Scaled(y) + divmod(x, Scaled(y)) + x ** Scaled(y) + x % Scaled(y) + float(np.float64(x) - Scaled(x))


@right
def arrays_and_objects(x, y):
    a = np.array([x, y])
    return sum(a + Scaled(y)) + float(np.sum(a * fractions.Fraction(1, 3))) + float(np.sum(a * range(2)))


@right
def numbers_of_other_classes(x, y):
    return (x // Weight.LIGHT + divmod(9.0 * x, Weight.HEAVY)[1] + x**Weight.LIGHT + Weight.LIGHT / x
            + 5.0 * x % Weight.LIGHT + Weight.HEAVY // y + x // Metres(0.25) + divmod(x, Metres(0.25))[1])


@right
def arrays_and_none(x, y):
    a = np.array([x, y])
    return float((a == None).sum()) * x + float((a != None).sum()) * y + float(np.sum(a == "no")) * x  # noqa: E711


@refused
def times(x, y):
    try:
        return (datetime.timedelta(seconds=1) * x).total_seconds() * y
    except TypeError:
        return y


class Angle:
    """An object that gives numbers of several kinds, each its own."""

    def __init__(self, value):
        self.value = value

    def __float__(self):
        return math.sin(self.value)

    def __complex__(self):
        return complex(self.value, 1.0)

    def __floor__(self):
        return self.value * 5.0

    def __trunc__(self):
        return self.value * 3.0

    def __array__(self, dtype=None, copy=None):
        return np.array([self.value, 2.0 * self.value])


@right
def conversions_of_objects(x, y):
    angle = Angle(x)
    z = complex(angle)
    return (float(angle) * y + math.floor(angle) + math.trunc(angle) * y + math.cos(angle) + z.real * z.imag
            + float(np.sum(np.asarray(angle)) * y + np.sum(np.exp(angle)) + np.sum(np.array([x, y]) * angle)))


class Unit:
    """A class that has a meaning of its own for NumPy's functions."""

    def __init__(self, value):
        self.value = value

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return getattr(ufunc, method)(*(v.value if isinstance(v, Unit) else v for v in inputs), **options)

    def __array_function__(self, function, types, args, options):
        return function(*(v.value if isinstance(v, Unit) else v for v in args), **options)


@right
def ufuncs_of_classes(x, y):
    a = np.array([x, y])
    return float(np.sum(np.multiply(Unit(a), x)) + np.sum(a * Unit(y)) + np.sin(Unit(x)) + np.sum(Unit(a * y))
                 + np.dot(a, Unit(a)))


@right
def comparisons_from_the_class(x, y):
    return float.__lt__(0.5, x) * y + float.__ge__(0.5, y) * x + float.__eq__(x, 0.7) * y + float.__gt__(x, y) * x


# ---------------------------------------------------------------------- scalars of NumPy
@right
def subscripts_of_scalars(x, y):
    a = np.array([x, y])
    try:
        whole = a[0][0]
    except IndexError:
        whole = x * y
    return float(a[0][()] * x + a[1][...] * y + a[0][None][0] * x + np.sum(a[1][None, None]) + whole)


@right
def no_subscripts_of_floats(x, y):
    total = 0.0
    for v in (x, np.float64(x), np.array([x, y])):
        try:
            total += sum(iter(v))
        except TypeError:
            total += 2.0 * v
        total += hasattr(v, "__iter__") * x + hasattr(v, "__getitem__") * x * x + hasattr(v, "__array__") * y * y
        total += (getattr(v, "__iter__", None) is None) * x + hasattr(v, "hex") * y + np.iterable(v) * y
    return float(total)


@right
def methods_of_scalars(x, y):
    s = np.array([x, y])[0]
    total = 0.0
    for made in (s.copy(), s.astype(float), s.squeeze(), s.clip(0.0, 10.0), s.T, s.reshape(())):
        other = made
        other += y
        total += made * other
    return float(total + (type(s.astype(np.float32)) is np.float32) * x)


@right
def warnings_of_the_program_alone(x, y):
    with np.errstate(all="raise"):
        return float(np.float64(x) / np.float64(1e-200) * 1e-200) * y


# ---------------------------------------------------------------------- arrays of several things
@right
def arrays_beside_lists(x, y):
    a = np.array([x, y, x * y])
    return float(np.sum(np.array([a[:2], [x, 1.0]]) ** 2) + np.sum(np.array([(x, 2), a[1:], np.ones(2)]) ** 3))


@right
def vectorised(x, y):
    a = np.array([x, y])
    first = np.vectorize(lambda v: 0 if v > 0.5 else v * v)(a)  # integers, as the first one
    whole = np.vectorize(lambda v: 10.0 * v, otypes=[int])(a)
    squares, sines = np.vectorize(lambda v: (v * v, math.sin(v)))(a)
    by_name = np.vectorize(lambda v, k, n: v * k * n, excluded={"n"})(a, k=y, n=3)
    none = np.vectorize(lambda v: x / v, otypes="d")(a[:0])
    return float(first.sum() * x + whole.sum() * y + np.sum(squares * sines) + by_name.sum() + none.sum())


@right
def calls_of_vectorised(x, y):
    seen = []
    np.vectorize(seen.append, otypes="O")([1.0, 2.0])
    np.vectorize(lambda v: seen.append(v) or v)(np.array([x, y]))
    np.vectorize(lambda v: seen.append(v) or v, cache=True)(np.array([x, y]))
    return sum(float(v) * k for k, v in enumerate(seen))


@right
def order_of_vectorised_calls(x, y):
    seen = []
    np.vectorize(lambda v: seen.append(v) or v)(np.asfortranarray(np.outer([x, 1.0], [x, y])))
    return float(sum(v * k for k, v in enumerate(seen)))


@right
def along_an_axis(x, y):
    matrix = np.outer([x, y, 1.0], [x, y])
    first = matrix[0, 0]
    whole = np.apply_along_axis(lambda r: 1 if r[0] == first else 7.0 * r[1], 1, matrix)  # as the first: integers
    return float(np.apply_along_axis(lambda r: math.exp(r[0]) + r[1], 1, matrix).sum() + whole.sum() * x)


# ---------------------------------------------------------------------- caches
class Model:
    @functools.lru_cache(maxsize=None)  # noqa: B019
    def squared(self, v):
        return v * v * math.sin(v)

    @classmethod
    @functools.cache
    def cubed(cls, v):
        return v**3

    @property
    @functools.cache  # noqa: B019
    def half(self):
        return math.sin(self.v) * 0.5


MODEL = Model()
sine = functools.lru_cache(np.sin)


@right
def cached_methods(x, y):
    model = Model()
    model.v = x
    return float(MODEL.squared(x) + MODEL.squared(y) + Model.cubed(x) + model.half + sine(x))


# ---------------------------------------------------------------------- text
@refused
def text_into_array(x, y):
    a = np.zeros(3)
    a[0] = f"{x}"
    return a[0] * y


@refused
def text_by_numpy(x, y):
    return float(np.format_float_positional(x)) * y


@refused
def text_of_array(x, y):
    return float(np.array2string(np.array([x]))[1:-1]) * y


@refused
def text_as_long_double(x, y):
    return float(np.longdouble(str(x))) * y


@refused
def text_as_own_float(x, y):
    return Metres(str(x)) * y


@refused
def text_as_new_float(x, y):
    return float.__new__(float, str(x)) * y


# ---------------------------------------------------------------------- memory
@refused
def memory_as_integers(x, y):
    return float(np.frombuffer(np.array([x, y]), np.int64).view(float)[0]) * y


@refused
def memory_as_floats(x, y):
    return float(np.frombuffer(np.array([x, y]))[0]) * y


@right
def assertions_of_numpy(x, y):
    np.testing.assert_allclose(np.array([x, y]), [x, y])
    np.testing.assert_array_less(-10.0, x)
    return x * y


@right
def parts_of_complex_arrays(x, y):
    z = np.zeros(2, complex)
    z.real = [x, y]
    z.imag = z.real * x
    w = z * (1.0 + 2.0j)
    total = w.imag.sum() * x + abs(w.imag).max()
    w *= y
    return float(total + (z * w).sum().imag + w.imag.sum())
