"""The logistic map until its sum passes a limit, and logistic growth with a `break`: how long is known at the end."""
from __future__ import annotations

import numpy as np

from tests.benchmarks.workload import Workload


def logistic_while(r, x, limit):
    total = 0.0
    while total < limit:
        x = r * x * (1.0 - x)
        total += x
    return total


def logistic_until(rate, y, limit, h, steps):
    for _ in range(steps):
        y = y + h * rate * y * (1.0 - y)
        if y > limit:
            break
    return y * y + rate


def logistic_while_by_hand(r, x, limit):
    """One residual a step in an array that doubles; what the primal knows is off the chain of the reverse sweep."""
    kept = np.empty(1024)
    count = 0
    total = 0.0
    while total < limit:
        if count == len(kept):
            longer = np.empty(2 * count)
            longer[:count] = kept
            kept = longer
        room = len(kept)
        while total < limit and count < room:  # apart from the growing, so that nothing else is in the way
            kept[count] = x
            count += 1
            x = r * x * (1.0 - x)
            total += x
    x_bar = 0.0
    r_bar = 0.0
    for i in range(count - 1, -1, -1):
        before = kept[i]
        slope = r * (1.0 - 2.0 * before)
        x_bar += 1.0
        r_bar += x_bar * (before * (1.0 - before))
        x_bar *= slope
    return total, (r_bar, x_bar)


def logistic_until_by_hand(rate, y, limit, h, steps):
    """One residual a step; the number of steps taken is known when the reverse sweep starts."""
    ys = np.empty(steps)
    taken = 0
    for i in range(steps):
        ys[i] = y
        taken += 1
        y = y + h * rate * y * (1.0 - y)
        if y > limit:
            break
    y_bar = 2.0 * y
    rate_bar = 1.0
    for i in range(taken - 1, -1, -1):
        before = ys[i]
        slope = h * y_bar
        rate_bar += slope * (before * (1.0 - before))
        y_bar += slope * (rate * (1.0 - 2.0 * before))
    return y * y + rate, (rate_bar, y_bar)


def map_arguments(limit):
    return 3.2, 0.3, limit


def growth_arguments(steps):
    return 1.0, 0.01, 0.98, 10.2 / steps, steps


WORKLOADS = (
    Workload("while", "logistic map until its sum passes a limit, about 10⁴ steps", logistic_while, map_arguments,
             {"limit": 6_500.0}, {"limit": 12.0}, wrt=(0, 1), by_hand=logistic_while_by_hand),
    Workload("break", "logistic growth, loop with a break, 10⁵ steps", logistic_until, growth_arguments,
             {"steps": 120_000}, {"steps": 30}, wrt=(0, 1), by_hand=logistic_until_by_hand),
)
