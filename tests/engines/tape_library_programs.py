"""More programs on which a tape could lose a derivative: the standard library and NumPy (see `tape_programs`)."""

from __future__ import annotations

import array
import asyncio
import bisect
import collections
import colorsys
import contextlib
import csv
import ctypes
import enum
import functools
import heapq
import io
import itertools
import json
import logging
import math
import numbers
import operator
import os
import random
import re
import statistics
import string
import struct
import tempfile
import threading
import types
import weakref

import numpy as np

from tests.engines.tape_programs import OUTSIDE, refused, right

LATER = 0.0


@refused
def array_of_texts(x, y):
    return np.array([str(x)]).astype(float)[0] * y


@refused
def array_from_texts(x, y):
    return np.asarray([str(x)], dtype=float)[0] * y


@refused
def printed_to_memory(x, y):
    b = io.StringIO()
    print(x, file=b)
    return float(b.getvalue()) * y


@refused
def saved_as_text(x, y):
    b = io.StringIO()
    np.savetxt(b, np.array([x]))
    b.seek(0)
    return np.loadtxt(b) * y


@refused
def json_file(x, y):
    return json.load(io.StringIO(str(x))) * y


@refused
def json_decoder(x, y):
    return json.JSONDecoder().decode(str(x)) * y


@refused
def compiled_text(x, y):
    return eval(compile(str(x), "q", "eval")) * y


@refused
def evaluated_by_alias(x, y):
    e = eval
    return e(str(x)) * y


@refused
def matched_text(x, y):
    return float(re.match("[\\d.]+", f"{x}").group()) * y


@refused
def rows_of_text(x, y):
    b = io.StringIO()
    csv.writer(b).writerow([x, y])
    b.seek(0)
    r = next(csv.reader(b))
    return float(r[0]) * y


@refused
def rows_of_numbers(x, y):
    return next(csv.reader([f"{x}"], quoting=csv.QUOTE_NONNUMERIC))[0] * y


@refused
def percent_float(x, y):
    return float("%.17f" % x) * y


@refused
def format_method(x, y):
    return float("{:.17g}".format(x)) * y


@refused
def templates(x, y):
    return float(string.Template("$a").substitute(a=x)) * y


@refused
def through_a_file(x, y):
    with tempfile.TemporaryDirectory() as d:
        n = os.path.join(d, "a")
        open(n, "w").write(str(x))
        return float(open(n).read()) * y


@refused
def numpy_file(x, y):
    b = io.BytesIO()
    np.save(b, np.array([x]))
    b.seek(0)
    return np.load(b)[0] * y


@refused
def put_outside(x, y):
    np.put(OUTSIDE, [0], [x])
    return OUTSIDE[0] * y


@refused
def copied_outside(x, y):
    np.copyto(OUTSIDE, x)
    return OUTSIDE[0] * y


@refused
def added_outside(x, y):
    np.add.at(OUTSIDE, [0, 0], x)
    return OUTSIDE[0] * y


@refused
def filled_outside(x, y):
    OUTSIDE.fill(x)
    return OUTSIDE[0] * y


@refused
def slice_outside(x, y):
    OUTSIDE[:2] = [x, y]
    return OUTSIDE[0] * y


@refused
def slice_outside_of_array(x, y):
    OUTSIDE[:2] = np.array([x, y])
    return OUTSIDE[0] * y


@refused
def operator_outside(x, y):
    operator.setitem(OUTSIDE, 0, x)
    return OUTSIDE[0] * y


@refused
def unbound_method(x, y):
    return float.__add__(x, y)


@refused
def next_after(x, y):
    return math.nextafter(x, 9) * y


@refused
def unit_in_last_place(x, y):
    return math.ulp(x) * y + x


@refused
def exponents_of_arrays(x, y):
    m, e = np.frexp(np.array([x]))
    return m[0] * y


@right
def permuted(x, y):
    g = np.random.default_rng(0)
    l = g.permutation(np.array([x, y, 3.0]))
    return l[0] * l[1]


@right
def chosen(x, y):
    g = np.random.default_rng(0)
    return g.choice(np.array([x, y, 3.0])) * y


@refused
def c_array(x, y):
    return (ctypes.c_double * 2)(x, y)[0] * y


@refused
def item_of_typed_array(x, y):
    a = array.array("d", [0.0])
    a[0] = x
    return a[0] * y


@refused
def item_of_memory(x, y):
    m = memoryview(bytearray(8)).cast("d")
    m[0] = x
    return m[0] * y


@refused
def packed_in_place(x, y):
    b = bytearray(8)
    try:
        struct.pack_into("d", b, 0, x)
    except Exception:
        pass
    return struct.unpack("d", b)[0] * y + x


@refused
def numpy_iterator(x, y):
    return sum((v for v in np.nditer(np.array([x, y]))))


@refused
def polynomial_object(x, y):
    return np.poly1d([x, y])(2.0)


@refused
def masked_arrays(x, y):
    return np.ma.array([x, y]).sum()


@refused
def record_arrays(x, y):
    a = np.zeros(1, dtype=[("a", float)])
    a["a"][0] = x
    return a["a"][0] * y


@refused
def thread_subclass(x, y):
    r = [0.0]

    class T(threading.Thread):
        def run(self):
            r[0] = x * 2

    t = T()
    t.start()
    t.join()
    return r[0] * y


@right
def digits_of_integers(x, y):
    return int("%d" % (x * 100)) * y


@right
def duck_typed(x, y):
    a = np.array([x, y])
    a = a.values if hasattr(a, "values") else a
    z = x.value if hasattr(x, "value") else x
    return a[0] * z


@right
def items_set_by_operator(x, y):
    l = [0, 0]
    operator.setitem(l, 0, x)
    return l[0] * y


@right
def in_place_operators(x, y):
    return operator.iadd(x, y) * operator.imul(y, x)


@right
def special_methods(x, y):
    return x.__add__(y) * x.__mul__(2.0) + y.__rsub__(1.0) + x.__neg__() + x.__abs__() + x.__pow__(2)


@right
def math_functions(x, y):
    return (
        math.copysign(x, -y)
        + math.fmod(x, 0.3)
        + math.remainder(x, 0.3)
        + math.ldexp(x, 2)
        + math.expm1(x)
        + math.log1p(y)
        + math.log2(x)
        + math.cbrt(y)
        + math.exp2(x)
        + math.erf(x)
        + math.erfc(y)
        + math.gamma(x)
        + math.lgamma(y)
        + math.degrees(x)
        + math.radians(y)
        + math.log10(x)
        + math.log(x, 3)
        + math.prod([x, y])
        + math.sqrt(x)
    )


@right
def numpy_on_numbers(x, y):
    return (
        np.modf(x * 3)[0]
        + np.sign(x) * y
        + np.copysign(x, -1)
        + np.fmax(x, y)
        + np.fmin(x, y)
        + np.divmod(x, 0.3)[1]
        + np.fmod(y, 0.3)
        + np.square(x)
        + np.reciprocal(y)
        + np.deg2rad(x)
        + np.float_power(x, 2)
        + np.fabs(-x)
        + np.positive(y)
        + np.heaviside(x, 1)
        + np.trunc(y * 9)
    )


@right
def numpy_on_arrays(x, y):
    a = np.array([x, y])
    return np.sum(
        np.modf(a * 3)[0]
        + np.copysign(a, -1)
        + np.divmod(a, 0.3)[1]
        + np.square(a)
        + np.float_power(a, 2)
        + np.exp2(a)
        + np.cbrt(a)
        + np.nan_to_num(a)
        + np.clip(a, 0.5, None)
    )


@right
def scaled_by_powers(x, y):
    return np.ldexp(np.array([x]), 2)[0] * y


@right
def random_draws(x, y):
    r = random.Random(1)
    l = [x, y, x * y]
    r.shuffle(l)
    return (
        l[0] * r.uniform(x, y)
        + r.triangular(x, 2, y) * l[1]
        + r.sample([x, y], 1)[0]
        + r.expovariate(x)
        + r.normalvariate(x, y)
        + r.lognormvariate(x, y)
        + r.choices([x, y], k=1)[0]
    )


@right
def shuffled(x, y):
    g = np.random.default_rng(0)
    l = [x, y, 3.0]
    g.shuffle(l)
    return l[0] * l[1]


@right
def coroutines(x, y):

    async def f():
        await asyncio.sleep(0)
        return x * y

    return asyncio.run(f())


@right
def attribute_tables(x, y):
    o = types.SimpleNamespace()
    vars(o)["a"] = x
    o.__dict__.update(b=y)
    return o.a * o.b


@right
def carried_by_exceptions(x, y):
    try:
        raise ValueError(x, {"k": y})
    except ValueError as e:
        return e.args[0] * e.args[1]["k"]


@right
def more_iterators(x, y):
    return (
        sum((a * b for a, b in itertools.product([x, y], [y, 1.0])))
        + sum(itertools.islice(itertools.count(x, y), 4))
        + sum(itertools.takewhile(lambda v: v < 2, [x, y]))
        + sum(itertools.compress([x, y], [1, 0]))
        + sum((sum(t) for t in itertools.combinations([x, y, 1.0], 2)))
        + sum(next(zip(*itertools.tee([x, y]))))
        + sum(filter(lambda v: math.sin(v) > 0.5, [x, y]))
        + sum(itertools.filterfalse(lambda v: math.sin(v) > 0.5, [x, y]))
    )


@right
def comparison_keys(x, y):
    return sorted([x, y, 0.5], key=functools.cmp_to_key(lambda a, b: -1 if math.sin(a) < math.sin(b) else 1))[0] * x


@right
def dispatch_by_type(x, y):

    @functools.singledispatch
    def f(v):
        return 0.0

    @f.register
    def _(v: float):
        return math.sin(v)

    @f.register(list)
    def _(v):
        return v[0] * 2

    return f(x) + f([y])


@right
def iterators(x, y):
    return iter([x, y]).__next__() * next(iter(lambda: y, None)) + sum(reversed([x, y])) + sum(sum(([x], [y]), []))


@right
def merged_heaps(x, y):
    return list(heapq.merge([x], [y], key=lambda v: math.cos(v)))[0] * heapq.nsmallest(1, [x, y], key=math.cos)[0]


@right
def bisected_by_key(x, y):
    l = [0.1, x]
    return bisect.bisect_left(l, y, key=lambda v: math.sin(v)) * x + y


@right
def enumerations(x, y):
    E = enum.Enum("E", {"A": x, "B": y})
    return E.A.value * E.B.value


@right
def exit_stacks(x, y):
    with contextlib.ExitStack() as s:
        l = []
        s.callback(lambda: l.append(math.sin(x)))
        s.enter_context(contextlib.suppress(KeyError))
        raise KeyError
    return l[0] * y


@right
def enumerated_arrays(x, y):
    return sum((v * (i[0] + 1) for i, v in np.ndenumerate(np.array([x, y]))))


@right
def arrays_of_integers(x, y):
    a = np.zeros(2, int)
    a[0] = 3 * x
    a[1] = np.array([x, y]).sum()
    return a.sum() * y


@right
def arrays_of_truths(x, y):
    a = np.zeros(2, bool)
    a[0] = x
    return a.sum() * y


@right
def arrays_of_complex_numbers(x, y):
    a = np.zeros(2, complex)
    a[0] = x
    a[1] = 1j * y
    return abs(a.sum())


@right
def sliced(x, y):
    a = np.array([x, y, x * y])
    b = a[::-1]
    b[0] = 5.0
    c = a[[0, 0]]
    c[0] = 9.0
    a[a > 0.5] *= 2
    return a.sum() * c[1]


@right
def moved_axes(x, y):
    a = np.arange(6.0).reshape(2, 3).copy()
    v = np.moveaxis(a, 0, 1)
    v[0, 0] = x
    w = a.swapaxes(0, 1)
    w[1, 1] = y
    d = np.diagonal(a)
    e = a.T.ravel()
    e[0] = 7
    return a.sum() * d[0] * e[1]


@right
def broadcast(x, y):
    a = np.broadcast_to(np.array([x, y]), (2, 2)).copy()
    a[0, 0] = 3.0
    return a.sum() * a[1, 0]


@right
def shapes_assigned(x, y):
    a = np.zeros(4)
    a.shape = (2, 2)
    a[0] = x
    a[1, 1] = y
    return np.linalg.det(a + np.eye(2))


@right
def out_arguments(x, y):
    a = np.zeros(2)
    np.cumsum(np.array([x, y]), out=a)
    b = np.zeros(2)
    np.matmul(np.outer(a, a), a, out=b)
    c = np.zeros(())
    np.sum(b, out=c)
    return b[0] * a[1] + c


@right
def clipped_in_place(x, y):
    a = np.array([x, y])
    np.clip(a, 0.5, None, out=a)
    a.clip(0, 0.6, out=a)
    return a.sum() * x


@right
def resized(x, y):
    a = np.resize(np.array([x, y]), 3)
    return a.sum() * a[2]


@right
def places_where(x, y):
    i = np.where(np.array([x, y]) > 0.5)[0]
    return np.array([x, y])[i].sum()


@right
def keys_updated(x, y):
    t = {x: 1.0}
    t[x] += y
    return t[x] * x


@right
def named_tuples(x, y):
    T = collections.namedtuple("T", "a b")
    t = T(x, y)._replace(a=y * y)
    return t.a * t._asdict()["b"]


@right
def merged_tables(x, y):
    d = {"a": x} | {"b": y}
    e = {**d, "c": x * y}
    return sum(e.values()) * dict.fromkeys("ab", x)["b"]


@right
def sets_of_numbers(x, y):
    return sum({x, y} & {x, 1.0}) + len({x} | {y}) * y + sum(frozenset([x, y]))


@right
def abstract_numbers(x, y):
    return x * isinstance(x, numbers.Real) + y * isinstance(x, numbers.Complex)


@right
def weak_references(x, y):

    class A:
        pass

    a = A()
    a.v = x
    r = weakref.ref(a)
    d = weakref.WeakKeyDictionary()
    d[a] = y
    return r().v * d[a]


@right
def properties_by_lambda(x, y):

    class A:
        def __init__(s):
            s._v = x

        v = property(lambda s: math.sin(s._v), lambda s, q: setattr(s, "_v", math.cos(q)))

        def __del__(s):
            pass

    a = A()
    r = a.v
    a.v = y
    return r * a.v


@right
def thrown_into_generators(x, y):

    def g():
        try:
            yield x
        except ValueError as e:
            yield (e.args[0] * 2)

    k = g()
    a = next(k)
    b = k.throw(ValueError(y))
    return a * b


@right
def cached_methods(x, y):

    class A:
        def __init__(s, v):
            s.v = v

        @functools.lru_cache
        def f(s, k):
            return math.sin(s.v) * k

        @functools.cached_property
        def g(s):
            return math.cos(s.v)

    a, b = (A(x), A(y))
    return a.f(2) + b.f(2) + a.f(2) * a.g * a.g


@right
def compared_arrays(x, y):
    a = np.array([x, y])
    return (a == x).sum() * x + (a > y).any() * y + np.array_equal(a, a) * x + (x in a) * y + (y in a.tolist()) * x


@right
def vectorised_by_decorator(x, y):

    @np.vectorize
    def f(a):
        return a if a > 0.5 else a * a

    return f([x, y]).sum()


@right
def trapped_type_error(x, y):
    try:
        v = math.sin(np.array([x, y]))
    except TypeError:
        v = x
    return v * y


@right
def logged(x, y):
    logging.getLogger("q").info("%s", x)
    return x * y


@right
def walrus(x, y):
    return sum((w for v in (x, y) if (w := math.sin(v)) > 0.1))


@right
def starred_calls(x, y):

    def f(*a, k=1.0, **n):
        return sum(a) * k + n["z"]

    return f(*[x, y], **{"k": y, "z": x})


@right
def default_values(x, y):

    def f(a, b=y, *, c=x):
        return a * b + c

    return f(x) + (lambda q=x: q * y)()


@right
def class_variables(x, y):

    class A:
        z = x * y

    class B(A):
        w = A.z + x

    return B.w * B.z


@right
def searched(x, y):
    return (
        np.isin(np.array([x, y]), [x]).sum() * x
        + np.unique(np.array([y, x])).sum() * y
        + np.searchsorted([0.5], x) * y
    )


@right
def summed_by_einstein(x, y):
    return np.einsum("i,i", [x, y], np.array([x, y]))


@right
def lists_to_numpy(x, y):
    return (
        np.sum([x, y])
        + np.mean([[x], [y]])
        + np.dot([x, y], [y, x])
        + np.max((x, y))
        + np.linalg.norm([x, y])
        + np.cross([x, y, 1.0], [y, 1, x])[0]
        + np.exp([x, y]).sum()
        + np.hypot([x, y], x).sum()
        + np.add.reduce([x, y])
        + np.outer([x, y], [1, y])[0, 1]
    )


@right
def methods_of_numbers(x, y):
    z = np.float64(x)
    return (
        z.sum()
        + z.reshape(1)[0]
        + z.item()
        + z.mean()
        + z.astype(float) * y
        + z.copy()
        + z.T
        + z.max()
        + z.round(1)
        + z.clip(0, 0.5)
        + z.conj()
        + z.real
        + z.imag
    )


@right
def all_of_statistics(x, y):
    d = [x, y, 1.3, x * y + 2]
    e = [y, x * 2, 0.3, x]
    return sum(
        map(
            float,
            [
                statistics.mean(d),
                statistics.fmean(d),
                statistics.fmean(d, weights=e),
                statistics.geometric_mean(d),
                statistics.harmonic_mean(d),
                statistics.harmonic_mean(d, weights=e),
                statistics.median(d),
                statistics.median_low(d),
                statistics.median_high(d),
                statistics.median_grouped(d, interval=2),
                statistics.stdev(d),
                statistics.pstdev(d),
                statistics.variance(d),
                statistics.pvariance(d, mu=x),
                statistics.variance(d, xbar=y),
                statistics.covariance(d, e),
                statistics.correlation(d, e),
                *statistics.linear_regression(d, e),
                *statistics.quantiles(d, n=5, method="inclusive"),
                statistics.NormalDist(x, y).cdf(0.3),
                statistics.NormalDist(x, y).overlap(statistics.NormalDist(0.2, x)),
                statistics.NormalDist(x, y).zscore(2),
                statistics.NormalDist.from_samples(d).inv_cdf(0.3),
            ],
        )
    )


@right
def all_of_colorsys(x, y):
    return (
        sum(colorsys.rgb_to_hsv(x, y, 0.2))
        + sum(colorsys.hsv_to_rgb(x, y, 0.2))
        + sum(colorsys.rgb_to_yiq(x, y, 0.2))
        + sum(colorsys.yiq_to_rgb(x, 0.1 * y, 0.2))
        + sum(colorsys.rgb_to_hls(x, y, 0.15))
        + sum(colorsys.hls_to_rgb(x, y, 0.2))
    )


@right
def drawn_again(x, y):
    source, generator = np.random.RandomState(5), np.random.default_rng(5)
    table = np.array([[x, y], [y, x * y], [1.0, x]])
    picked = generator.choice([x, y, 2.0], size=4) @ generator.choice(np.array([x, y]), 4, p=[0.3, 0.7])
    return picked + source.permutation(table)[0, 1] * generator.permutation(table)[1, 0] + source.choice([x, y]) * y


@right
def ufuncs_where_asked(x, y):
    a, out = np.array([x, -y, x * y]), np.zeros(3)
    np.log(a, out=out, where=a > 0.0)
    np.multiply(a, y, out=out, where=[False, True, False])
    np.divide(1.0, np.array([0.0, 2.0, 4.0]), out=a, where=[False, True, True])
    return out.sum() * out[1] + a @ out
