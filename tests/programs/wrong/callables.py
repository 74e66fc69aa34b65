"""What is called: without source, written in C, generators and coroutines, wrapped, made by others."""
from __future__ import annotations

import builtins
import ctypes
import functools
import math
import operator
import random
import struct
import time

import numba
import numpy as np
import scipy.integrate
import scipy.interpolate
import scipy.optimize
import scipy.special

SPACE = {}
exec("def from_text(x):\n    return x * x\n\nclass FromText:\n    def __init__(self, x):\n        self.x = x\n"
     "    def area(self):\n        return self.x * self.x\n", SPACE)
from_text = SPACE["from_text"]
FromText = SPACE["FromText"]


def calls_from_text(x):
    return from_text(x) + x


def class_from_text(x):
    return FromText(x).area() * x


def executes(x):
    space = {"x": x}
    exec("y = x * x", space)
    return space["y"] * x


def evaluates(x):
    return eval("x * x + 1.0")


def compiles_code(x):
    return eval(compile("x * 3.0", "<here>", "eval")) * x


def c_function_on_data(x):
    return scipy.special.modstruve(2.5, x) + x  # <--


def c_function_of_array(a):
    return np.sum(scipy.special.modstruve(2.5, a))  # <--


def c_function_of_constants(x):
    return scipy.special.modstruve(2.5, 1.3) * x * x


def adaptive_quadrature(x):
    return scipy.integrate.quad(lambda t: t * x, 0.0, 1.0)[0]


def root_finder(x):
    return scipy.optimize.brentq(lambda t: t * t - x, 0.1, 5.0)


def interpolator(x):
    return float(scipy.interpolate.CubicSpline([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 4.0, 9.0])(x))


def c_library(x):
    absolute = ctypes.CDLL(None).fabs
    absolute.restype, absolute.argtypes = ctypes.c_double, [ctypes.c_double]
    return absolute(x)


def c_callback(x):
    prototype = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
    return prototype(lambda t: t * t)(x)


def packs_bytes(x):
    return struct.unpack("d", struct.pack("d", x))[0] * x


def from_python_ufunc(x):
    square = np.frompyfunc(lambda t: t * t, 1, 1)
    return square(x) + x


def vectorised(a):
    square = np.vectorize(lambda t: t * t if t > 0 else -t)
    return np.sum(square(a))


@numba.vectorize
def numba_ufunc(x):
    return x * x + 1.0


def calls_numba_ufunc(a):
    return np.sum(numba_ufunc(a))


@numba.cfunc("float64(float64)")
def numba_callback(x):
    return x * x


def calls_numba_callback(x):
    return numba_callback.ctypes(x) + x


@numba.njit
def jitted(x):
    return x * x + 1.0


def calls_jitted(x):
    return jitted(x) * x


@numba.njit
def jitted_with_objects(x):
    y = 0.0
    with numba.objmode(y="float64"):
        y = math.sin(x)
    return y * x


def calls_jitted_with_objects(x):
    return jitted_with_objects(x)


@numba.guvectorize(["void(float64[:], float64[:])"], "(n)->()")
def general_ufunc(a, result):
    result[0] = a[0] * a[1]


def calls_general_ufunc(a):
    return general_ufunc(a) * 2.0


def typed_list(x):
    values = numba.typed.List()
    values.append(x)
    values.append(x * x)
    return values[0] * values[1]


def generator_result(x):
    yield x * x


def consumes_generator(x):
    def parts():
        yield x
        yield x * x
    return sum(parts())


async def coroutine(x):
    return x * x


def awaits_nothing(x):
    return coroutine(x)


def sends_into_generator(x):
    def accumulator():
        total = 0.0
        while True:
            total += (yield total)
    g = accumulator()
    next(g)
    g.send(x)
    return g.send(x * x)


@functools.lru_cache
def cached(x):
    return x * x + 1.0


def calls_cached(x):
    return cached(x) * x


def twice(function):
    @functools.wraps(function)
    def wrapper(*args, **named):
        return function(*args, **named) * 2.0
    return wrapper


@twice
def decorated(x):
    return x * x


def calls_decorated(x):
    return decorated(x) + decorated(x=x)


@functools.singledispatch
def dispatched(x):
    return x * 3.0


@dispatched.register
def _(x: int):
    return x * 100.0


def calls_dispatched(x):
    return dispatched(x) * x


def partial_of_c(x):
    return functools.partial(operator.mul, x)(x) + functools.reduce(operator.add, [x, x, x * x])


def method_of_text(x):
    return float("%.20f" % x) * x


def formats_and_reads(x):
    return float(f"{x:.3e}") + x


def reads_representation(x):
    return eval(repr(x)) * x


def decimal_digits(x):
    return sum(int(c) for c in repr(x) if c.isdigit()) * x


def hashes(x):
    return (hash(x) % 1000) * x  # <--


def identity_number(x):
    return (id(x) % 2) * 0.0 + x


def clock(x):
    return x * x + 0.0 * time.perf_counter()


def global_random(x):
    random.seed(3)
    return x * random.random()


def numpy_random(x):
    return x * np.random.default_rng(3).normal()


def asks_the_user(x):
    return float(input()) * x


def reads_a_file(x):
    with open("/nonexistent/data.txt") as file:
        return float(file.read()) * x


def builtin_by_name(x):
    return getattr(builtins, "abs")(x) * x


def no_such_function(x):
    return math.sinus(x)


def calls_none(x):
    f = None
    return f(x)


def calls_module(x):
    return math(x)


def sorted_by_key(a):
    return sorted(a, key=lambda v: -v)[0] * 2.0


def maps(a):
    return sum(map(lambda v: v * v, a))


ARRAY = np.array([0.5, 1.5, -0.3, 0.8])
DEFAULTS = {}
OTHER_WORDS = frozenset()
MUST = {"c_function_on_data", "c_function_of_array", "generator_result", "coroutine", "awaits_nothing",
        "hashes", "root_finder", "adaptive_quadrature", "interpolator", "c_library", "packs_bytes",
        "calls_numba_callback", "calls_general_ufunc"}
CASES = [
    (from_text, (1.5,)), (calls_from_text, (1.5,)), (class_from_text, (1.5,)), (executes, (1.5,)), (evaluates, (1.5,)),
    (compiles_code, (1.5,)), (c_function_on_data, (1.5,)), (c_function_of_array, (ARRAY,)),
    (c_function_of_constants, (1.5,)), (adaptive_quadrature, (1.5,)), (root_finder, (1.5,)), (interpolator, (1.5,)),
    (c_library, (1.5,)), (c_callback, (1.5,)), (packs_bytes, (1.5,)), (from_python_ufunc, (1.5,)),
    (vectorised, (ARRAY,)), (calls_numba_ufunc, (ARRAY,)), (calls_numba_callback, (1.5,)), (calls_jitted, (1.5,)),
    (calls_jitted_with_objects, (1.5,)), (calls_general_ufunc, (ARRAY,)), (typed_list, (1.5,)),
    (generator_result, (1.5,)), (consumes_generator, (1.5,)), (coroutine, (1.5,)), (awaits_nothing, (1.5,)),
    (sends_into_generator, (1.5,)), (calls_cached, (1.5,)), (calls_decorated, (1.5,)), (calls_dispatched, (1.5,)),
    (partial_of_c, (1.5,)), (method_of_text, (1.5,)), (formats_and_reads, (1.5,)), (reads_representation, (1.5,)),
    (decimal_digits, (1.5,)), (hashes, (1.5,)), (identity_number, (1.5,)), (clock, (1.5,)), (global_random, (1.5,)),
    (numpy_random, (1.5,)), (asks_the_user, (1.5,)), (reads_a_file, (1.5,)), (builtin_by_name, (1.5,)),
    (no_such_function, (1.5,)), (calls_none, (1.5,)), (calls_module, (1.5,)), (sorted_by_key, (ARRAY,)),
    (maps, (ARRAY,)),
]
