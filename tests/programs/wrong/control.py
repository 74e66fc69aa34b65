"""How control leaves: exceptions raised, caught and chained, recursion, contexts, loops, effects outside."""
from __future__ import annotations

import contextlib
import io
import math
import os
import sys
import threading
import warnings

import numpy as np


class SolverError(Exception):
    """A user's own exception."""


class Diverged(SolverError):
    """With a number in it."""

    def __init__(self, value, steps):
        super().__init__(f"diverged to {value} after {steps} steps")
        self.value = value
        self.steps = steps


def raises(x):
    raise ValueError("no good")


def raises_with_number(x):
    raise ValueError(f"{x} is no good")


def raises_number(x):
    if x > 1.0:
        raise ValueError(x, 3)
    return x


def raises_own(x):
    if x > 1.0:
        raise SolverError("not converged")
    return x


def raises_own_with_numbers(x):
    for k in range(10):
        x = x * 3.0
        if x > 100.0:
            raise Diverged(x, k)
    return x


def raises_class(x):
    if x > 1.0:
        raise KeyError
    return x


def raises_text(x):
    raise "text"  # noqa: B016


def raises_in_loop(a):
    for k in range(len(a)):
        a[k] *= 2.0
        if a[k] < 0:
            raise ArithmeticError(f"negative at {k}")
    return np.sum(a)


def raises_group(x):
    raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])


def raises_from(x):
    try:
        return math.log(-x)
    except ValueError as error:
        raise SolverError("logarithm") from error


def raises_again(x):
    try:
        return 1.0 / (x - x)
    except ZeroDivisionError:
        raise


def raises_in_handler(x):
    try:
        return 1.0 / (x - x)
    except ZeroDivisionError:
        return {}["missing"] * x


def raises_in_finally(x):
    try:
        y = x * x
    finally:
        y = x / (x - x)
    return y


def asserts(x):
    assert x < 1.0
    return x


def asserts_with_text(x):
    assert x < 1.0, f"too large: {x}"
    return x


def asserts_in_loop(a):
    for v in a:
        assert v > 0, "negative"
    return np.sum(a)


def deep_three(x):
    return [1.0, 2.0][int(x) + 4] * x


def deep_two(x):
    return deep_three(x) + 1.0


def deep_one(x):
    return deep_two(x * 1.0) * 2.0


def in_comprehension(a):
    return sum([1.0 / (v - v) for v in a.tolist()])


def in_generator(a):
    return sum(1.0 / (v - float(a[0])) for v in a.tolist())


def in_lambda(x):
    return (lambda t: math.sqrt(-t))(x)


class Box:
    """Methods and properties that fail."""

    def __init__(self, x):
        self.x = x

    def method(self):
        return self.x / (self.x - self.x)

    @property
    def logarithm(self):
        return math.log(-self.x)

    def __add__(self, other):
        raise SolverError("boxes do not add")

    def __getitem__(self, k):
        raise LookupError(f"no {k}")

    def __len__(self):
        return -1

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return True

    def __bool__(self):
        raise TypeError("no truth")


def in_method(x):
    return Box(x).method()


def in_property(x):
    return Box(x).logarithm * x


def in_operator(x):
    return (Box(x) + 1.0).x


def in_item(x):
    return Box(x)[3] * x


def in_length(x):
    return len(Box(x)) * x


def in_truth(x):
    return x if Box(x) else 2.0 * x


def swallowed_by_context(x):
    y = x
    with Box(x):
        y = x * x
        y = y / (x - x)
    return y


def suppressed(x):
    y = x * 3.0
    with contextlib.suppress(ZeroDivisionError):
        y = x / (x - x)
    return y


def caught(x):
    try:
        return math.sqrt(-x) * x
    except ValueError:
        return x * x * 3.0


def caught_in_loop(a):
    total = 0.0
    for v in a.tolist():
        try:
            total += math.log(v)
        except ValueError as error:
            total += v * len(str(error)) * 0.1
    return total


def caught_too_wide(x):
    try:
        return x * undefined_thing  # noqa: F821
    except Exception:
        return x * x


def else_and_finally(x):
    log = []
    try:
        y = x * 2.0
    except ValueError:
        log.append("error")
    else:
        y = y * x
    finally:
        log.append("end")
    return y * len(log)


def finally_overrides(x):
    for k in range(3):
        try:
            return x * k
        finally:
            break
    return x * x


def error_state(a):
    with np.errstate(divide="raise"):
        return np.sum(a / np.zeros(4))


def warns(x):
    warnings.warn("careful", UserWarning)
    return x * x


def exits(x):
    if x > 1.0:
        sys.exit(3)
    return x


def prints(x):
    out = io.StringIO()
    print("value", x, file=out)
    return x * out.getvalue().count("value")


def writes_file(x):
    with open(os.devnull, "w") as file:
        file.write(f"{x}")
    return x * x


def environment_variable(x):
    return x * float(os.environ["NO_SUCH_VARIABLE"])


def in_a_thread(x):
    found = []
    worker = threading.Thread(target=lambda: found.append(x * x))
    worker.start()
    worker.join()
    return found[0] * x


def endless_recursion(x):
    return endless_recursion(x + 1.0) * 2.0


def mutual_one(x):
    return mutual_two(x) + 1.0


def mutual_two(x):
    return mutual_one(x) * 2.0


def deep_recursion(x, n=50):
    return x if n == 0 else deep_recursion(x * 1.01, n - 1) + 0.1


def recursion_in_class(x):
    class Node:
        def value(self):
            return self.value() + x
    return Node().value()


def loop_that_leaves(x):
    k = 0
    while True:
        x = x * 1.5
        k += 1
        if k > 5:
            break
    return x


def loop_on_float(x):
    t = 0.0
    while t != 1.0:
        t += 0.125
        x = x * 1.1
    return x


def loop_until_error(a):
    k = 0
    while True:
        a[k] = a[k] * 2.0
        k += 1


def loop_else(a):
    for v in a:
        if v > 100.0:
            break
    else:
        raise LookupError("nothing found")
    return v


def stop_iteration(a):
    source = iter(a.tolist())
    total = 0.0
    for _ in range(6):
        total += next(source)
    return total


def nested_function_fails(x):
    def inner(t):
        def innermost(u):
            return u / (t - x)
        return innermost(t) + 1.0
    return inner(x)


def walks_off_by_attribute(x):
    node = None
    return node.value * x


ARRAY = np.array([0.5, 1.5, -0.3, 0.8])
DEFAULTS = {}
OTHER_WORDS = frozenset()
MUST = set()
CASES = [
    *((f, (1.5,)) for f in (
        raises, raises_with_number, raises_number, raises_own, raises_own_with_numbers, raises_class, raises_text,
        raises_group, raises_from, raises_again, raises_in_handler, raises_in_finally, asserts, asserts_with_text,
        deep_one, in_lambda, in_method, in_property, in_operator, in_item, in_length, in_truth, swallowed_by_context,
        suppressed, caught, caught_too_wide, else_and_finally, finally_overrides, warns, exits, prints, writes_file,
        environment_variable, in_a_thread, endless_recursion, mutual_one, deep_recursion, recursion_in_class,
        loop_that_leaves, loop_on_float, nested_function_fails, walks_off_by_attribute)),
    *((f, (ARRAY,)) for f in (
        raises_in_loop, asserts_in_loop, in_comprehension, in_generator, caught_in_loop, error_state, loop_until_error,
        loop_else, stop_iteration)),
]
