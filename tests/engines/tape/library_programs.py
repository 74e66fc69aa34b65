"""The standard library on the tape (see `programs`)."""

from __future__ import annotations

import asyncio
import bisect
import collections
import colorsys
import contextlib
import enum
import functools
import heapq
import itertools
import logging
import math
import numbers
import operator
import random
import statistics
import types
import weakref

from tests.engines.tape.programs import right

LATER = 0.0


@right
def digits_of_integers(x, y):
    return int("%d" % (x * 100)) * y


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
