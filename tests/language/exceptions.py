"""Exceptions that a program raises and catches: every way out of a `try`, at run time and before."""
from __future__ import annotations

import contextlib
import math

import numpy as np


class Negative(ValueError):
    pass


class Carrier(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


def division(x, y):
    try:
        z = x / y
    except ZeroDivisionError:
        z = x
    return z * x


def raised_and_caught(x):
    try:
        if x > 0:
            raise ValueError("positive")
        y = x
    except ValueError:
        y = x * x
    else:
        y = y + 1.0
    finally:
        y = y * 2.0
    return y


def known_beforehand(x):
    d = {"a": x}
    try:
        y = d["b"]
    except KeyError as error:
        y = d["a"] * 2.0 + len(error.args[0])
    return y


def suppressed(x):
    y = x
    with contextlib.suppress(KeyError, ZeroDivisionError):
        y = y * 2.0
        y = y + 1.0 / (x - x)
        y = 100.0
    return y * x


def several_handlers(x, n):
    a = np.array([x, 2.0 * x, 3.0])
    try:
        y = float(a[n]) / (n - 1)
        y = math.sqrt(y - 1.0)
    except IndexError:
        y = x * 5.0
    except (ZeroDivisionError, KeyError):
        y = x * 7.0
    except Exception as error:
        y = x * 11.0 + (1.0 if isinstance(error, ValueError) else 0.0)
    return y * y


def in_a_loop(x, n):
    total = 0.0
    for i in range(n):
        try:
            total += x / (i - 2)
        except ZeroDivisionError:
            total += x * x
            continue
        total *= 1.1
    return total


def leaves_a_loop(x, n):
    total = 0.0
    try:
        for i in range(n):
            for j in range(3):
                total += x * (j + 1)
                total += x / (i + j - 4)
            total *= 0.9
    except ZeroDivisionError:
        total = total * x
    return total + x


def leaves_a_while(x, n):
    k = 0
    total = x
    try:
        while 1.0 / (n - k) < 10.0:
            k += 1
            total += x * k
    except ZeroDivisionError:
        total *= 2.0
    else:
        total *= 3.0
    return total


def helper(x, y):
    if y < 0.0:
        raise Negative("negative")
    inner = x / y
    return inner * y + x


def through_a_call(x, y):
    total = 0.0
    for v in (y, -y, 0.0 * y):
        try:
            total += helper(x, v) + helper(v, x)
        except Negative as error:
            total += x * len(str(error))
        except ZeroDivisionError:
            total -= x * x
    return total


def nested_tries(x, y):
    total = x
    try:
        try:
            total += 1.0 / y
        except ValueError:
            total += 100.0
        finally:
            total *= 2.0
        total += 1.0
    except ArithmeticError:
        total *= 3.0
    return total * x


def finally_runs_always(x, n):
    log = []
    total = 0.0
    for i in range(3):
        try:
            if i == n:
                break
            if i == n - 1:
                continue
            total += x
        finally:
            log.append(i)
            total += 0.5 * x
    return total + len(log)


def finally_with_return(x):
    def inner():
        try:
            if x > 0.2:
                return x * 2.0
            return x
        finally:
            print("done", x > 0.2)
    return inner() * x


def raised_again(x, y):
    try:
        try:
            z = x / y
        except ZeroDivisionError:
            print("inner")
            raise
    except ArithmeticError:
        z = x * 4.0
    return z


def from_a_handler(x, y):
    try:
        try:
            z = math.log(y)
        except ValueError as error:
            raise Negative("worse") from error
    except Negative:
        z = x * 3.0
    return z * x


def carries_a_code(x):
    try:
        if x > 0.0:
            raise Carrier(3)
        y = x
    except Carrier:
        y = x * 3
    return y


def expression_in_the_middle(x, y):
    def safe(v):
        try:
            return 1.0 / v
        except ZeroDivisionError:
            return 5.0
    return x * safe(y) + (safe(x) if x > y else safe(0.0 * x)) + max(safe(x * y), 2.0)


def conditional_expressions(x, y):
    try:
        z = (1.0 / y if x > 0 else x) + (x if y > 0 and 1.0 / y > 0.1 else 2.0 * x)
    except ZeroDivisionError:
        z = -x
    return z


def writes_before_it(a, n):
    try:
        a[0] = a[0] * 2.0
        a[n] = a[n] + a[0]
        a[1] = 7.0
    except IndexError:
        a[1] = a[1] * 3.0
    return a[0] * a[1] + np.sum(a)


def asserts(x):
    try:
        assert x < 0.0, "positive"
        y = x
    except AssertionError as error:
        y = x * len(str(error))
    return y


def generator_that_raises(x, n):
    def terms():
        for i in range(n):
            yield x / (i - 2)
    total = 0.0
    try:
        for t in terms():
            total += t
        total += 100.0
    except ZeroDivisionError:
        total *= 2.0
    return total


def lookups(x):
    found = 0.0
    for key in ("a", "b"):
        try:
            found += {"a": x}[key]
        except KeyError:
            found += 10.0 * x
    try:
        found += [x, x][5]
    except LookupError:
        found += 1.0
    try:
        found += float("no")
    except ValueError:
        found += 2.0
    return found


def newton(x, n):
    y = 1.0
    for k in range(n):
        try:
            y = y - (y * y - x) / (2.0 * y * (k != 1))
        except ZeroDivisionError:
            y = y + 0.1 * x
            if k > 3:
                break
    else:
        y = y * 2.0
    return y


CASES = [
    (division, 0.3, 0.4), (raised_and_caught, 0.3), (raised_and_caught, -0.3), (known_beforehand, 0.3),
    (suppressed, 0.3), (several_handlers, 0.3, 0), (several_handlers, 0.3, 1), (several_handlers, 0.3, 2),
    (several_handlers, 0.3, 5), (several_handlers, -0.3, 0), (in_a_loop, 0.3, 5), (leaves_a_loop, 0.3, 5),
    (leaves_a_loop, 0.3, 2), (leaves_a_while, 0.3, 3), (through_a_call, 0.3, 0.4),
    (nested_tries, 0.3, 0.4), (finally_runs_always, 0.3, 1), (finally_runs_always, 0.3, 9), (finally_with_return, 0.3),
    (finally_with_return, 0.1), (raised_again, 0.3, 0.4), (from_a_handler, 0.3, 0.4), (from_a_handler, 0.3, -0.4),
    (carries_a_code, 0.3), (expression_in_the_middle, 0.3, 0.4), (expression_in_the_middle, 0.5, 0.4),
    (conditional_expressions, 0.3, 0.4), (conditional_expressions, 0.3, -0.4),
    (writes_before_it, np.array([0.3, 0.4, 0.5]), 1), (writes_before_it, np.array([0.3, 0.4, 0.5]), 7), (asserts, 0.3),
    (generator_that_raises, 0.3, 2), (generator_that_raises, 0.3, 5), (lookups, 0.3), (newton, 2.0, 5),
]
# at a zero that the program catches there are no differences: values and derivatives by hand
AT_ZERO = [(division, (0.3, 0.0), 0.09, 0.6), (nested_tries, (0.3, 0.0), 0.54, 3.6),
           (raised_again, (0.3, 0.0), 1.2, 4.0), (conditional_expressions, (0.3, 0.0), -0.3, -1.0)]
