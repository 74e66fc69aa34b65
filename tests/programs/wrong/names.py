"""Names and calls: unknown, unbound, shadowed, deleted; arguments that do not fit; containers changed in a loop."""
from __future__ import annotations

import math

import numpy as np


def unknown_name(x):
    return x * no_such_name  # noqa: F821


def unknown_name_on_a_path(x):
    if x > 1.0:
        return x * no_such_name  # noqa: F821
    return x


def unbound_on_a_path(x):
    if x < 0.0:
        y = x
    return y * x


def unbound_after_empty_loop(x):
    for k in range(0):
        y = x * k
    return y


def unbound_loop_variable(a):
    for k in range(len(a[4:])):
        pass
    return a[0] * k


def unbound_by_later_assignment(x):
    y = factor * x
    factor = 2.0
    return y


def unbound_augmented(x):
    total += x
    return total


factor = 3.0


def deleted(x):
    y = x * x
    del y
    return y


def deleted_twice(x):
    y = x
    del y
    del y
    return x


def deleted_entry(x):
    items = [x, x * x]
    del items[0]
    return items[0] * items[1]


def shadowed_sum(a):
    sum = 3.0
    return sum * a[0]


def shadowed_sum_called(a):
    sum = 3.0
    return sum(a)


def shadowed_range(a):
    def range(n):
        return [0, 0, n - 1]
    total = 0.0
    for k in range(len(a)):
        total += a[k]
    return total


def shadowed_len(a):
    len = 2
    return a[len] * 2.0


def shadowed_abs(x):
    abs = lambda v: -v
    return abs(x) * x


def shadowed_module(x):
    math = 2.0
    return math * x


def shadowed_function_of_module(x):
    from math import cos as sin
    return sin(x)


def rebinds_numpy(a):
    np = {"sum": 2.0}
    return np["sum"] * a[0]


def imports_inside(x):
    import cmath
    import math as m
    return m.sin(x) + cmath.pi


def imports_unknown(x):
    import no_such_module  # noqa: F401
    return x


def shadowed_parameter(x, min=2.0):
    return min * x


def shadowed_print(x):
    print = 3.0
    return print * x


def sets_global(x):
    global counter
    counter = x * 2.0
    return counter * x


def counts_calls(x):
    global count
    count += 1
    return x * x


count = 0


def nonlocal_counter(x):
    total = 0.0

    def add(v):
        nonlocal total
        total += v
    add(x)
    add(x * x)
    return total


def default_grows(x, seen=[]):
    seen.append(1.0)
    return x * len(seen)


def default_is_shared(x, table={}):
    table["x"] = x
    return table["x"] * x


def helper(a, b, c=1.0, *, d=2.0):
    return a * b * c * d


def too_few(x):
    return helper(x)


def too_many(x):
    return helper(x, x, x, x)


def unknown_keyword(x):
    return helper(x, x, e=1.0)


def keyword_twice(x):
    return helper(x, x, a=1.0)


def keyword_twice_by_mapping(x):
    return helper(x, **{"a": 1.0, "b": x})


def missing_keyword_only(x):
    def inner(a, *, scale):
        return a * scale
    return inner(x)


def positional_only(x):
    def inner(a, /):
        return a
    return inner(a=x)


def stars_of_number(x):
    return helper(*x)


def missing_argument_of_lambda(x):
    return (lambda a, b: a * b)(x)


def too_few_to_unpack(x):
    a, b, c = x, x
    return a * b * c


def too_many_to_unpack(x):
    a, b = x, x, x
    return a * b


def starred_too_few(x):
    a, b, *c, d = x, x
    return a


def rows_to_unpack(a):
    b, c = a
    return b * c


def missing_key(x):
    return {"a": x}["b"]


def missing_computed_key(x):
    return {0: x, 1: x * x}[int(x) + 5]


def missing_key_of_config(x):
    config = {"model": {"rate": 0.1}}
    return x * config["model"]["momentum"]


def unhashable_key(x):
    return {[1.0]: x}[0]


def array_as_key(a):
    return {a: 1.0}[a]


def item_of_tuple_assigned(x):
    pair = (x, x)
    pair[0] = 2.0
    return pair[0]


def item_of_text_assigned(x):
    word = "ab"
    word[0] = "c"
    return x


def list_index(x):
    return [x, x * x][2]


def pop_of_empty(x):
    items = [x]
    return items.pop() * items.pop()


def removes_missing(x):
    items = [x]
    items.remove(5.0)
    return items[0]


def list_grown_while_iterated(x):
    items = [x, x * x]
    total = 0.0
    for item in items:
        total += item
        if len(items) < 5:
            items.append(item * 0.5)
    return total


def list_shrunk_while_iterated(x):
    items = [x, 2.0 * x, 3.0 * x, 4.0 * x]
    total = 0.0
    for item in items:
        total += item
        items.remove(item)
    return total


def dict_grown_while_iterated(x):
    table = {"a": x}
    for key in table:
        table[key + "b"] = x
    return table["a"]


def dict_shrunk_while_iterated(x):
    table = {"a": x, "b": x}
    for key in table:
        del table[key]
    return x


def dict_items_while_changed(x):
    table = {"a": x, "b": x * x}
    total = 0.0
    for key, value in table.items():
        table[key] = value * 2.0
        total += table[key]
    return total


def set_grown_while_iterated(x):
    seen = {1, 2}
    for k in seen:
        seen.add(k + 10)
    return x


def array_written_while_iterated(a):
    total = 0.0
    for k, v in enumerate(a):
        a[(k + 1) % len(a)] = v * 2.0
        total += v
    return total


def zip_of_lengths(a):
    return sum(x * y for x, y in zip(a, [1.0, 2.0], strict=True))


def attribute_of_number(x):
    return x.weight


def attribute_of_array(a):
    return np.sum(a) * a.scale


def attribute_of_module(x):
    return math.sinus * x


def attribute_set_on_number(x):
    x.grad = 1.0
    return x


def iterates_a_number(x):
    return sum(v for v in x)


def contains_in_number(x):
    return x if 1.0 in x else 0.0


ARRAY = np.array([0.5, 1.5, -0.3, 0.8])
OTHER_WORDS = {"stars_of_number"}  # the call is another one
MUST = set()
DEFAULTS = {"default_grows": lambda: ([],), "default_is_shared": lambda: ({},), "shadowed_parameter": lambda: (2.0,)}
CASES = [
    *((f, (1.5,)) for f in (
        unknown_name, unknown_name_on_a_path, unbound_on_a_path, unbound_after_empty_loop, unbound_by_later_assignment,
        unbound_augmented, deleted, deleted_twice, deleted_entry, shadowed_abs, shadowed_module,
        shadowed_function_of_module, imports_inside, imports_unknown, shadowed_parameter, shadowed_print, sets_global,
        counts_calls, nonlocal_counter, default_grows, default_is_shared, too_few, too_many, unknown_keyword,
        keyword_twice, keyword_twice_by_mapping, missing_keyword_only, positional_only, stars_of_number,
        missing_argument_of_lambda, too_few_to_unpack, too_many_to_unpack, starred_too_few, missing_key,
        missing_computed_key, missing_key_of_config, unhashable_key, item_of_tuple_assigned, item_of_text_assigned,
        list_index, pop_of_empty, removes_missing, list_grown_while_iterated, list_shrunk_while_iterated,
        dict_grown_while_iterated, dict_shrunk_while_iterated, dict_items_while_changed, set_grown_while_iterated,
        attribute_of_number, attribute_of_module, attribute_set_on_number, iterates_a_number, contains_in_number)),
    *((f, (ARRAY,)) for f in (
        unbound_loop_variable, shadowed_sum, shadowed_sum_called, shadowed_range, shadowed_len, rebinds_numpy,
        rows_to_unpack, array_as_key, array_written_while_iterated, zip_of_lengths, attribute_of_array)),
]
