"""Numbers that go wrong: zero divisors of both kinds, domains, overflow, integers of 64 bits, conversions."""
from __future__ import annotations

import cmath
import decimal
import fractions
import functools
import math
import operator
import statistics
import types

import numpy as np


def python_quotient(x):
    y = x * 0.0
    return 2.0 / y + x


def numpy_quotient(x):
    y = np.float64(x) * 0.0
    return float(2.0 / y) + x


def numpy_divisor(x):
    y = np.float64(x - x)
    return 1.0 / y * x


def quotient_through_operator(x):
    return operator.truediv(x, x - x)


def quotient_by_divmod(x):
    whole, rest = divmod(x, x - x)
    return whole + rest


def quotient_in_place(x):
    y = 1.0
    y /= x - 1.5
    return y


def quotient_of_complex(x):
    z = complex(x, x)
    return (z / complex(x - x, 0.0)).real


def integer_modulo_zero(x):
    n = 4
    return x * (5 % (n - 4))


def numpy_integer_by_zero(x):
    n = np.int64(4)
    return x * float(n // np.int64(0))


def power_of_zero(x):
    return 0.0 ** (-x)


def integer_power_negative(x):
    return x * 2 ** -2


def zero_power_negative(x):
    n = 0
    return x * n ** -1


def numpy_integer_power_negative(x):
    return x * float(np.sum(np.arange(1, 4) ** -1))


def square_overflows(x):
    return (x * 1e160) ** 2


def cube_overflows(x):
    y = x * 1e120
    return y ** 3


def float_power_overflows(x):
    return (x * 10.0) ** 400.0


def builtin_power_overflows(x):
    return pow(x * 1e200, 2)


def squares_until_overflow(x):
    y = x
    for _ in range(12):
        y = y ** 2
    return y


def product_overflows_quietly(x):
    y = x * 1e200
    return y * y


def numpy_square_overflows(x):
    y = np.float64(x) * 1e200
    return float(y ** 2)


def exponential_overflows(x):
    return math.exp(x * 1000.0)


def numpy_exponential_overflows(x):
    return float(np.exp(x * 1000.0))


def expm1_overflows(x):
    return math.expm1(x * 1000.0)


def cosh_overflows(x):
    return math.cosh(-1000.0 * x)


def ldexp_overflows(x):
    return math.ldexp(x, 5000)


def math_power_domain(x):
    return math.pow(-x, 0.5)


def math_power_overflows(x):
    return math.pow(x, 10000.0)


def logarithm_of_zero(x):
    return math.log(x - 1.5)


def logarithm_base_one(x):
    return math.log(x, 1.0)


def logarithm_base_data(x):
    return math.log(x + 1.0, x - 0.5)


def log2_of_negative(x):
    return math.log2(-x)


def log10_of_zero(x):
    return math.log10(x - x)


def log1p_outside(x):
    return math.log1p(-x)


def numpy_log_of_negative(x):
    return float(np.log(-x))


def acosh_outside(x):
    return math.acosh(x - 1.0)


def atanh_at_one(x):
    return math.atanh(x - 0.5)


def remainder_of_zero(x):
    return math.remainder(x, x - x)


def fmod_of_infinity(x):
    return math.fmod(math.inf * x, 2.0)


def sine_of_infinity(x):
    return math.sin(math.inf * x)


def gamma_overflows(x):
    return math.gamma(x * 200.0)


def lgamma_at_pole(x):
    return math.lgamma(x - 2.5)


def integer_root_of_negative(x):
    return x * math.isqrt(-4)


def complex_logarithm_of_zero(x):
    return cmath.log(complex(x - x, 0.0)).real


def rounds_infinity(x):
    return x * round(x * math.inf)


def floors_nan(x):
    return x * math.floor(x * math.nan)


def truncates_overflow(x):
    n = int(x * 1e300)
    return x * 2.0 if n > 0 else x


def ratio_of_infinity(x):
    n, d = (x * math.inf).as_integer_ratio()
    return n / d


def counts_to_infinity(x):
    total = 0.0
    for k in range(int(x * math.inf)):
        total += k
    return total


def integer_too_large_for_float(x):
    return x * (10 ** 400)


def factorial_too_large(x):
    return x / math.factorial(200)


def factorial_of_float(x):
    return x * math.factorial(int(x) - 5)


def product_leaves_64_bits(x):
    n = 1
    for k in range(1, 25):
        n *= k
    return x * (n % 1000003)


def sum_leaves_64_bits(x):
    n = 2 ** 62
    for _ in range(3):
        n = n + n
    return x / n


def power_leaves_64_bits(x):
    base = 10
    for _ in range(5):
        base = base * base
    return x * (base % 7)


def numpy_integer_wraps(x):
    n = np.int64(2 ** 62)
    return x * float(n + n)


def fibonacci_grows(x):
    a, b = 0, 1
    for _ in range(100):
        a, b = b, a + b
    return x * (a % 10)


def small_integer_array_wraps(x):
    counts = np.array([200, 100], dtype=np.uint8)
    return x * float(counts[0] + counts[1])


def small_integer_takes_too_much(x):
    counts = np.zeros(2, dtype=np.uint8)
    counts[0] = 300
    return x * float(counts[0])


def shift_far_left(x):
    n = 1
    for _ in range(7):
        n = n << 10
    return x * (n % 11)


def shift_by_negative(x):
    k = 2
    for _ in range(3):
        k -= 1
    return x * (8 >> k)


def shift_of_float(x):
    return x << 2


def inverted_float(x):
    return ~x


def modulo_of_text(x):
    return "%d" % x % x


def adds_none(x):
    y = None
    return x + y


def adds_text(x):
    return x + "1.0"


def multiplies_lists(x):
    return [x] * [x]


def compares_with_text(x):
    return x if x < "2" else -x


def negates_text(x):
    return x * -"2"


def float_of_word(x):
    return x * float("one and a half")


def integer_of_float_text(x):
    return x * int("1.5")


def float_of_list(x):
    return float([x])


def float_of_vector(x):
    return float(np.array([x, x]))


def range_of_data(x):
    return sum(range(x))


def repeats_by_data(x):
    return len([0.0] * x)


def rounds_to_float_digits(x):
    return round(x, 1.5)


def mean_of_nothing(x):
    return x * statistics.mean([])


def deviation_of_one(x):
    return statistics.stdev([x])


def fraction_by_zero(x):
    return x * fractions.Fraction(1, 0)


def decimal_by_zero(x):
    return x * float(decimal.Decimal(1) / decimal.Decimal(0))


def reduces_nothing(x):
    return functools.reduce(operator.add, [v for v in (x,) if v > 2.0])


def sums_texts(x):
    return x + sum(["a", "b"])


def maximum_of_nothing(x):
    return max(v for v in (x, -x) if v > 5.0)


def not_a_number_in_derivative(x):
    return math.sqrt((x - 1.5) * (x - 1.5))


def infinite_derivative(x):
    return math.sqrt(x - 1.5)


def power_with_infinite_derivative(x):
    return (x - 1.5) ** 0.25


def infinity_minus_infinity(x):
    y = x * math.inf
    return y - y


def unequal_products(x):
    return sum(a * b for a, b in zip([x, x], [1.0], strict=True))


DEFAULTS = {}
OTHER_WORDS = frozenset()
MUST = set()
CASES = [(f, (1.5,)) for f in list(globals().values()) if isinstance(f, types.FunctionType)
         and f.__module__ == __name__]
