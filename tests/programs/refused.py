"""Programs that are refused, or whose own exception must come through. A `# <--` marks the line to be blamed.

`MUST_REFUSE` cannot have a derivative (or none is known). `REFUSE_OR_RIGHT` are beyond the first version: a refusal at
the marked line is fine, and so is the right answer, never a wrong one. `RAISING` fail in plain Python too.
"""
from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import scipy.special

Case = tuple[Any, tuple[Any, ...]]
NAMESPACE: dict[str, Any] = {}
exec("def without_source(x):\n    return x * x\n", NAMESPACE)
without_source = NAMESPACE["without_source"]
calls = 0


def returns_vector(a):
    return a * 2.0


def returns_size_one(a):
    return a[:1] * 2.0


def returns_tuple(x):
    return x, x * x


def returns_nothing(x):
    y = x * x
    y += 1.0


def returns_string(x):
    return "large" if x > 0 else "small"


def returns_complex(x):
    return x * 1j


def integer_argument(n):
    return n * 2.0


def sometimes_returns(x):
    if x > 100.0:
        return x


def elliptic(x):
    y = x + 1.0
    return scipy.special.ellipk(y) * x  # <--


def airy_in_loop(x):
    total = 0.0
    for i in range(3):
        total += x
        total *= scipy.special.airy(total)[0]  # <--
    return total


def hashes_active(x):
    return float(hash(x)) + x  # <--


def reads_text_of_active(x):
    return float(str(x)) * x  # <--


def elliptic_in_helper(x):
    return elliptic(x) + 1.0


def evaluates_text(x):
    return eval("x * x")  # <--


def linear_solve_objects(x):
    table = np.array([x, None], dtype=object)  # <--
    return table[0] * 2.0


def yields(x):
    yield x * x  # <--


def changing_structure(x):
    state = x
    for _ in range(3):
        state = (state, x)
    while isinstance(state, tuple):
        state = state[0]
    return state * x


def list_of_unknown_length(x):
    found = []
    y = x
    while y < 10.0:
        found.append(y)  # <--
        y = y * 1.7 + 0.3
    return sum(found)


def structure_differs_between_arms(x):
    if x > 0:
        pair = (x, 2.0)
    else:
        pair = x
    return pair[0] * 3.0 if isinstance(pair, tuple) else pair * 2.0


def dynamic_dictionary_key(x):
    table = {0: 1.5 * x, 1: x * x}
    k = 0
    while x > k + 1:
        k += 1
    return table[k]  # <--


def recursion_on_value(x):
    if x > 8.0:
        return x * x
    return recursion_on_value(x * 1.7 + 0.4)  # <--


def uses_with(x):
    with np.errstate(divide="ignore"):  # <--
        y = 1.0 / x
    return y * x * x


def uses_try(x):
    try:  # <--
        y = math.sqrt(x)
    except ValueError:
        y = -x
    return y * x


def uses_generator_expression(a):
    return sum(v * v for v in a)  # <--


def uses_walrus(x):
    if (y := x * x) > 0.5:  # <--
        return y * x
    return y + x


def uses_match(x, kind):
    match kind:  # <--
        case "square":
            return x * x
        case _:
            return x


def uses_global(x):
    global calls  # <--
    calls += 1  # <--
    return x * x


def uses_delete(x):
    y = [x, x * x]
    del y[0]  # <--
    return y[0]


def uses_clock(x):
    start = time.perf_counter()  # <--
    return x * x + 0.0 * start


def uses_random(x):
    return x * x + 0.0 * np.random.normal()  # <--


def uses_string_formatting(x):
    label = f"{x:.3f}"
    return x * x + len(label) * 0.0  # <--


def uses_set_of_values(x):
    return sum({x, x * x})  # <--


def dynamic_function_choice(x):
    f = math.sin if x > 0 else math.cos
    return f(x)  # <--


def lambda_with_star(x):
    return max(*[x, x * x])  # <--


# -- exceptions of the primal ---------------------------------------------------------------------------------------
def index_too_large(a):
    s = 0.0
    for i in range(len(a) + 1):
        s += a[i] * 2.0
    return s


def index_constant(a):
    y = a[0] * a[1]
    return y * a[7]


def index_negative_too_far(a):
    a[0] = 2.0 * a[1]
    return a[-9] * 2.0


def store_out_of_range(a):
    for i in range(len(a)):
        a[i + 1] = a[i] * 2.0
    return a[0]


def gather_out_of_range(a):
    picked = a[np.array([0, 9])]
    return np.sum(picked)


def index_by_data(a):
    k = 0
    while a[k] < 100.0:
        k += 1
    return a[k]


def divides_by_zero(x):
    y = x - x
    return 1.0 / y


def remainder_by_zero(x):
    n = 0
    return x * (7 % n)


def shapes_differ(a):
    b = np.ones(3)
    return np.sum(a * b)


def inner_dimensions_differ(a):
    m = np.ones((2, 3))
    return np.sum(m @ a)


def assigns_wrong_length(a):
    b = np.zeros(5)
    b[1:3] = a
    return np.sum(b)


def square_root_of_negative(x):
    return math.sqrt(-x * x - 1.0)


def logarithm_of_zero(x):
    return math.log(x - x)


def exponential_overflow(x):
    return math.exp(1000.0 + x * x)


def explicit_raise(x):
    if x > 0:
        raise ValueError("positive input")
    return x


def failed_assertion(a):
    a[0] = 1.0
    assert np.sum(a) < 0, "sum must be negative"
    return a[1]


def raise_in_helper(x):
    return x + explicit_raise(x)


def missing_key(x):
    d = {"a": x}
    return d["b"]


def missing_attribute(a):
    return np.sum(a) * a.weight


def undefined_name(x):
    return x * undefined_factor  # noqa: F821


def unbound_local(x):
    if x < 0:
        y = x
    return y * x


def wrong_argument_count(x):
    return explicit_raise(x, x)


def unpacks_too_few(x):
    u, v, w = x, x
    return u * v * w


def adds_number_and_text(x):
    return x + "one"


def calls_a_number(x):
    return x(2.0)


def empty_maximum(a):
    return np.max(a[4:])


def runaway_recursion(x):
    return runaway_recursion(x + 1.0)


A4 = (np.array([0.5, 1.5, -0.3, 0.8]),)

MUST_REFUSE: list[Case] = [
    (returns_vector, A4), (returns_size_one, A4), (returns_tuple, (1.5,)), (returns_nothing, (1.5,)),
    (returns_string, (1.5,)), (returns_complex, (1.5,)), (integer_argument, (3,)), (integer_argument, (True,)),
    (integer_argument, (np.array([1, 2]),)), (sometimes_returns, (1.5,)),
    (elliptic, (1.5,)), (airy_in_loop, (0.5,)), (elliptic_in_helper, (1.5,)), (hashes_active, (1.5,)),
    (without_source, (1.5,)), (yields, (1.5,)),
]
REFUSE_OR_RIGHT: list[Case] = [
    (reads_text_of_active, (1.5,)), (evaluates_text, (1.5,)), (linear_solve_objects, (1.5,)),
    (changing_structure, (1.5,)), (list_of_unknown_length, (0.5,)), (structure_differs_between_arms, (1.5,)),
    (dynamic_dictionary_key, (1.5,)), (recursion_on_value, (0.5,)), (uses_with, (1.5,)), (uses_try, (1.5,)),
    (uses_generator_expression, A4), (uses_walrus, (1.5,)), (uses_match, (1.5, "square")), (uses_global, (1.5,)),
    (uses_delete, (1.5,)), (uses_clock, (1.5,)), (uses_random, (1.5,)), (uses_string_formatting, (1.5,)),
    (uses_set_of_values, (1.5,)), (dynamic_function_choice, (1.5,)), (lambda_with_star, (1.5,)),
]
RAISING: list[Case] = [
    (index_too_large, A4), (index_constant, A4), (index_negative_too_far, A4), (store_out_of_range, A4),
    (gather_out_of_range, A4), (index_by_data, A4), (divides_by_zero, (1.5,)), (remainder_by_zero, (1.5,)),
    (shapes_differ, A4), (inner_dimensions_differ, A4), (assigns_wrong_length, A4), (square_root_of_negative, (1.5,)),
    (logarithm_of_zero, (1.5,)), (exponential_overflow, (1.5,)), (explicit_raise, (1.5,)), (failed_assertion, A4),
    (raise_in_helper, (1.5,)), (missing_key, (1.5,)), (missing_attribute, A4), (undefined_name, (1.5,)),
    (unbound_local, (1.5,)), (wrong_argument_count, (1.5,)), (unpacks_too_few, (1.5,)), (adds_number_and_text, (1.5,)),
    (calls_a_number, (1.5,)), (empty_maximum, A4), (runaway_recursion, (1.5,)),
]
