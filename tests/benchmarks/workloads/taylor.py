"""The sine by its Taylor series: 20 terms, one call at a time and in a batch; and as many terms as a number needs.

Source of the adjoints: reverse sweep of the recurrence, Griewank & Walther (2008), section 3.2.
"""
from __future__ import annotations

import numpy as np

from tests.benchmarks.workload import Workload


def taylor_sine(x, terms):
    term = x
    total = x
    k = 1
    while k < terms:
        term = -term * x * x / ((2 * k) * (2 * k + 1))
        total += term
        k += 1
    return total


def taylor_sines(xs, terms):
    total = 0.0
    for i in range(len(xs)):
        total += taylor_sine(xs[i], terms)
    return total


def taylor_until(xs):
    total = 0.0
    for i in range(len(xs)):
        x = xs[i]
        term = x
        total += x
        k = 1
        while abs(term) > 1e-12:
            term = -term * x * x / ((2 * k) * (2 * k + 1))
            total += term
            k += 1
    return total


def taylor_sines_by_hand(xs, terms):
    """One residual a term in scratch that is reused; factors known from the primal are grouped off the chain."""
    x_bar = np.empty_like(xs)
    kept = np.empty(terms + 1)
    total = 0.0
    for i in range(len(xs)):
        x = xs[i]
        square = x * x
        term = x
        total_of_one = x
        k = 1
        while k < terms:
            kept[k] = term
            term = -term * x * x / ((2 * k) * (2 * k + 1))
            total_of_one += term
            k += 1
        total += total_of_one
        term_bar = 0.0
        bar = 0.0
        for k in range(terms - 1, 0, -1):
            term_bar += 1.0
            factor = -1.0 / ((2 * k) * (2 * k + 1))
            bar += term_bar * (2.0 * factor * kept[k])
            term_bar *= factor * square
        x_bar[i] = bar * x + term_bar + 1.0
    return total, (x_bar,)


def taylor_until_by_hand(xs):
    """One residual a term, in scratch that is long enough for |x| < 10."""
    x_bar = np.empty_like(xs)
    terms = np.empty(64)
    total = 0.0
    for i in range(len(xs)):
        x = xs[i]
        square = x * x
        term = x
        k = 1
        total += x
        while abs(term) > 1e-12:
            terms[k] = term
            term = -term * square / ((2 * k) * (2 * k + 1))
            total += term
            k += 1
        term_bar = 0.0
        bar = 0.0
        for j in range(k - 1, 0, -1):
            term_bar += 1.0
            inverse = -1.0 / ((2 * j) * (2 * j + 1))
            bar += term_bar * (inverse * terms[j])
            term_bar *= inverse * square
        x_bar[i] = 2.0 * x * bar + term_bar + 1.0
    return total, (x_bar,)


def points(count, terms=None):
    xs = np.random.default_rng(1).uniform(-3.0, 3.0, size=count)
    return (xs,) if terms is None else (xs, terms)


WORKLOADS = (
    Workload("taylor_single", "Taylor sine, 20 terms, single calls in a compiled loop", taylor_sines, points,
             {"count": 2000, "terms": 20}, {"count": 5, "terms": 20}, by_hand=taylor_sines_by_hand,
             derivative="repeated"),
    Workload("taylor_batch", "Taylor sine, 20 terms, 10⁵ points", taylor_sines, points,
             {"count": 100_000, "terms": 20}, {"count": 5, "terms": 20}, by_hand=taylor_sines_by_hand),
    Workload("taylor_mapped", "Taylor sine, 20 terms, 10⁵ points, mapped", taylor_sines, points,
             {"count": 100_000, "terms": 20}, {"count": 5, "terms": 20}, by_hand=taylor_sines_by_hand),
    Workload("taylor_until", "Taylor sine, as many terms as it needs, 5,000 points", taylor_until, points,
             {"count": 5_000}, {"count": 5}, by_hand=taylor_until_by_hand),
)
