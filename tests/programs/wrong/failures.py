"""Programs that fail by themselves: exceptions of all kinds, chained and custom; iteration that is misused."""
from __future__ import annotations

import collections
import contextlib
import dataclasses
import itertools
import json
import math
import random
import types

import numpy as np

SCALE = 2.0
TABLE = {"a": 1.0, "b": 2.0}


class Diverged(ArithmeticError):
    """Carries numbers of its own."""

    def __init__(self, step, residual):
        super().__init__(f"diverged after {step} steps")
        self.step = step
        self.residual = residual


class Quiet(Exception):
    pass


class Loud(Quiet, ValueError):
    def __str__(self):
        return f"loud: {self.args}"


def own_with_fields(x):
    for k in range(10):
        x = x * 2.0
        if x > 20.0:
            raise Diverged(k, x > 1.0)
    return x


def own_with_text_of_its_own(x):
    if x > 1.0:
        raise Loud(3, "times")
    return x


def own_class_without_arguments(x):
    raise Quiet


def chained(x):
    try:
        return x / (x - x)
    except ZeroDivisionError as error:
        raise Diverged(1, 2.0) from error


def chained_to_nothing(x):
    try:
        return x * TABLE["c"]
    except KeyError:
        raise ValueError("no such entry") from None


def fails_in_handler(x):
    try:
        raise Quiet("first")
    except Quiet:
        return x * [][0]


def reraised_later(x):
    kept = None
    try:
        x = x / 0.0
    except ZeroDivisionError as error:
        kept = error
    if kept is not None:
        raise kept
    return x


def name_of_error_is_gone(x):
    try:
        x = x / 0.0
    except ZeroDivisionError as error:
        pass
    return x * len(str(error))


def wrong_handler(x):
    try:
        return x * TABLE["c"]
    except IndexError:
        return x


def handler_is_no_class(x):
    try:
        return x / 0.0
    except 3:
        return x


def tuple_of_handlers(x):
    try:
        return x * int("z")
    except (KeyError, ZeroDivisionError):
        return x


def raises_no_exception(x):
    raise x


def raises_from_text(x):
    raise ValueError("bad") from "text"


def asserts_with_number(x):
    assert x < 1.0, x > 1.0
    return x


def asserts_with_tuple_text(x):
    n = 3
    assert n == 4, ("n is", n)
    return x


def asserts_in_helper(x):
    def positive(v):
        assert v > 2.0, "must be above two"
        return v
    return positive(x) * positive(x + 1.0)


def message_with_number(x):
    if x > 1.0:
        raise ValueError(f"x = {x:.3f} is out of range")
    return x


def message_with_computed(x):
    y = x * x
    if y > 2.0:
        raise RuntimeError("y", y)
    return y


def error_with_note(x):
    error = ValueError("noted")
    error.add_note("look here")
    raise error


def not_implemented(x):
    raise NotImplementedError("later")


def not_implemented_value(x):
    return x + NotImplemented


def stop_iteration_raised(x):
    it = iter([x])
    next(it)
    return next(it)


def stop_iteration_in_generator(x):
    def values():
        yield x
        raise StopIteration
    return sum(values())


def next_of_a_list(x):
    return next([x])


def default_of_next_is_none(x):
    return next(iter(()), None) * x


def generator_twice(x):
    values = (x * k for k in range(3))
    return sum(values) + max(values)


def generator_closed(x):
    def values():
        while True:
            yield x
    source = values()
    next(source)
    source.close()
    return next(source)


def generator_gets_error(x):
    def values():
        try:
            yield x
        except Quiet:
            yield 2.0 * x
    source = values()
    return next(source) + source.throw(Loud("again")) + source.throw(KeyError("other"))


def generator_sent_too_early(x):
    def values():
        got = yield x
        yield got
    return values().send(x)


def generator_has_no_length(x):
    return x * len(v for v in (1, 2))


def generator_indexed(x):
    values = (v * x for v in (1, 2))
    return values[0]


def counts_without_end_but_stops(x):
    for k in itertools.count(1):
        x = x / (3 - k)
    return x


def zip_of_unequal(x):
    return sum(a * b for a, b in zip([x, x], [1.0, 2.0, 3.0], strict=True))


def batches_of_nothing(x):
    return sum(sum(b) for b in itertools.islice([x, x], -1))


def reversed_set(x):
    return sum(reversed({x, 2.0}))


def grows_while_iterated(x):
    table = {1: x, 2: 2.0 * x}
    for key in table:
        table[key + 2] = x
    return sum(table.values())


def shrinks_while_iterated(x):
    left = {1, 2, 3}
    for k in left:
        left.discard(k)
    return x * len(left)


def removes_while_iterated(x):
    values = [x, 2.0 * x, 3.0 * x, 4.0 * x]
    for v in values:
        values.remove(v)
    return sum(values)


def pops_while_iterated(x):
    values = [x, 2.0 * x, 3.0 * x]
    total = 0.0
    for k in range(len(values)):
        total += values.pop(k)
    return total


def deque_changes_while_iterated(x):
    queue = collections.deque([x, x])
    for v in queue:
        queue.append(v)
    return sum(queue)


def ordered_dict_pops_empty(x):
    table = collections.OrderedDict()
    return x * table.popitem()[1]


def missing_key(x):
    return x * TABLE["z"]


def missing_tuple_key(x):
    return x * {(1, 2): 3.0}[(2, 1)]


def missing_key_in_loop(x):
    total = 0.0
    for name in ("a", "b", "c"):
        total += TABLE[name] * x
    return total


def missing_key_of_data(x):
    return {1.0: 2.0}[x] * x


def pop_of_missing_key(x):
    return {"a": x}.pop("b")


def chain_map_misses(x):
    return collections.ChainMap({"a": x}, TABLE)["q"]


def entry_deleted(x):
    table = {"a": x}
    del table["a"]
    return table["a"]


def list_without_value(x):
    return x * [1.0, 2.0].index(3.0)


def tuple_item_assigned(x):
    pair = (x, x)
    pair[0] = 1.0
    return pair[0]


def tuple_item_added(x):
    pair = ([x], x)
    pair[0] += [1.0]
    return pair[0][0]


def unpacks_nested(x):
    (a, b), c = (x, 1.0), 2.0
    (d, e), f = x, 1.0
    return a + d


def unpacks_dictionary(x):
    a, b, c = {"p": x, "q": x}
    return x


def deep_recursion_of_data(x):
    def deeper(v, n):
        return deeper(v * 0.999, n + 1) + 1.0
    return deeper(x, 0)


def recursion_by_default(x, f=None):
    def fib(n):
        return fib(n - 1) + fib(n - 2)
    return x * fib(10)


def recursion_of_property(x):
    class Node:
        @property
        def value(self):
            return self.value * x
    return Node().value


def recursion_of_attribute(x):
    class Node:
        def __getattr__(self, name):
            return getattr(self, name + "_")
    return Node().value * x


def context_raises_on_entry(x):
    @contextlib.contextmanager
    def broken():
        raise Quiet("not today")
        yield
    with broken():
        x = x * 2.0
    return x


def context_raises_on_exit(x):
    class Broken:
        def __enter__(self):
            return self

        def __exit__(self, *what):
            raise Loud("on the way out")
    with Broken():
        x = x / 0.0
    return x


def context_without_exit(x):
    class Half:
        def __enter__(self):
            return self
    with Half():
        return x


def context_of_number(x):
    with x:
        return x


def context_does_not_yield(x):
    @contextlib.contextmanager
    def nothing():
        return
        yield
    with nothing():
        return x


def exit_stack_fails(x):
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: TABLE["gone"])
        return x * 2.0


def unbound_in_branch(x):
    if x > 2.0:
        y = x
    return y * x


def unbound_in_loop(x):
    for k in range(0):
        last = k * x
    return last


def unbound_in_except(x):
    try:
        y = x * TABLE["z"]
    except KeyError:
        pass
    return y


def unbound_in_closure(x):
    def inner():
        return later * x
    value = inner()
    later = 2.0
    return value


def unbound_by_del(x):
    y = x * 2.0
    del y
    return y


def unbound_in_match(x):
    match (1, 2):
        case (a, 3):
            y = a
    return y * x


def unknown_in_lambda(x):
    return (lambda v: v * scael)(x)


def unknown_in_comprehension(x):
    return sum(x * weight for _ in range(2))


def unknown_global_deleted(x):
    global MISSING_NOW
    return x * MISSING_NOW


def class_scope_name(x):
    class Local:
        factor = 2.0

        def apply(self):
            return factor * x
    return Local().apply()


def too_few_arguments(x):
    def f(a, b):
        return a * b
    return f(x)


def too_many_arguments(x):
    return (lambda: x)(1.0)


def missing_keyword_only_argument(x):
    def f(a, *, scale):
        return a * scale
    return f(x)


def unexpected_keyword(x):
    def f(a, scale=1.0):
        return a * scale
    return f(x, sclae=2.0)


def argument_twice(x):
    def f(a, b=1.0):
        return a * b
    return f(x, a=2.0)


def too_many_for_builtin(x):
    return abs(x, 1.0)


def too_few_for_numpy(x):
    return np.maximum(x)


def unknown_keyword_for_numpy(x):
    return np.sum(np.array([x, x]), axes=0)


def unknown_keyword_for_math(x):
    return math.sin(x=x)


def method_with_too_few(x):
    class Scale:
        def by(self, a, b):
            return a * b
    return Scale().by(x)


def static_method_with_self(x):
    class Scale:
        @staticmethod
        def by(self, a):
            return a
    return Scale().by(x)


def constructor_with_too_many(x):
    class Empty:
        pass
    return Empty(x)


def data_class_with_too_many(x):
    @dataclasses.dataclass
    class Point:
        a: float
    return Point(x, x).a


def post_init_checks(x):
    @dataclasses.dataclass
    class Positive:
        a: float

        def __post_init__(self):
            if self.a > 1.0:
                raise ValueError("a is too large")
    return Positive(x).a


def attribute_of_none(x):
    result = None
    for _ in range(2):
        result = result.value if result else None
    return result.value * x


def attribute_of_list(x):
    return [x].add(2.0)


def attribute_of_text(x):
    return x * len("abc".uper())


def attribute_misspelt_of_numpy(x):
    return np.sinn(x)


def attribute_of_function(x):
    def f(v):
        return v
    return f.scale * x


def number_called(x):
    return x(2.0)


def module_called(x):
    return json(x)


def none_iterated(x):
    total = 0.0
    for v in None:
        total += v * x
    return total


def number_iterated(x):
    return sum(v for v in x)


def number_indexed(x):
    return x[0]


def none_indexed(x):
    return {"a": None}["a"][0] * x


def returns_none_then_used(x):
    def forgets(v):
        v * 2.0
    return forgets(x) + 1.0


def sorts_in_place_and_uses(x):
    return sum([x, 2.0].sort())


def appends_and_uses(x):
    values = [x].append(x)
    return values[0]


def json_of_number(x):
    return x * len(json.loads("{not json"))


def choice_of_nothing(x):
    return x * random.choice([])


def match_without_case(x):
    match {"kind": "unknown"}:
        case {"kind": "known"}:
            y = 2.0 * x
        case other:
            raise Loud(other["kind"])
    return y


def walks_missing_child(x):
    tree = {"value": 2.0, "left": {"value": 1.0, "left": None}}
    node = tree
    total = 0.0
    while True:
        total += node["value"] * x
        node = node["left"]
    return total


def deep_in_calls(x):
    def first(v):
        return second(v) + 1.0

    def second(v):
        return third(v) * 2.0

    def third(v):
        return v / (v - 1.5)
    return first(x)


def in_sort_key(x):
    return sorted([x, 2.0 * x], key=lambda v: v / 0.0)[0]


def in_map(x):
    return sum(map(lambda v: v / (v - 1.5), [2.0, x]))


def in_comparison_method(x):
    class Key:
        def __init__(self, v):
            self.v = v

        def __lt__(self, other):
            raise Quiet("no order")
    return min(Key(x), Key(2.0)).v


def in_dictionary_comprehension(x):
    return sum({k: x / k for k in range(2, -1, -1)}.values())


def in_default_argument(x):
    def f(v, w=1.0 / (x - 1.5)):
        return v * w
    return f(x)


def in_decorator(x):
    def refuse(f):
        raise Quiet("not this one")

    @refuse
    def f(v):
        return v
    return f(x)


def in_class_body(x):
    class Broken:
        value = [1.0][2]
    return x * Broken.value


def in_multiline_call(x):
    return np.add(
        x,
        x / (
            x - 1.5
        ),
    )


def in_multiline_sum(x):
    total = (x
             + x * 2.0
             + x / (x - x)
             + 1.0)
    return total


DEFAULTS = {}
OTHER_WORDS = frozenset()
MUST = set()
CASES = [(f, (1.5,)) for f in list(globals().values()) if isinstance(f, types.FunctionType)
         and f.__module__ == __name__]
