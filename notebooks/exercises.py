"""What the exercises of the lessons are checked with: `check(name, answer)` says in words whether an answer is right.

An answer is compared with something that does not know it: differences of the plain Python function, counted memory, a
search. Where it is wrong and the mistake is a known one, it is named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import workbench as wb

Verdict = str | None  # what is wrong, or None
CHECKS: dict[str, Callable[[Any], Verdict]] = {}


def check(name: str, answer: Any) -> None:
    """Print whether the answer to an exercise is right; if not, what is wrong with it."""
    if name not in CHECKS:
        raise ValueError(f"there is no exercise {name!r}; there are: {', '.join(CHECKS)}")
    if answer is ...:
        print("Open: put your answer where the three dots are.")
        return
    try:
        wrong = CHECKS[name](answer)
    except Exception as error:  # whatever the student's function does
        wrong = f"your answer cannot be compared: {type(error).__name__}: {error}"
    print(f"Not yet: {wrong}" if wrong else "Right.")


def exercise(function: Callable[[Any], Verdict]) -> Callable[[Any], Verdict]:
    """Enter a check by its function's name."""
    CHECKS[function.__name__] = function
    return function


def slopes(f: Callable[..., float], *args: float) -> list[float]:
    """The derivative by each argument: central differences, extrapolated, good to some nine digits."""
    found = []
    for k in range(len(args)):
        def along(d: float, k: int = k) -> float:
            moved = [a + d * (j == k) for j, a in enumerate(args)]
            return f(*moved)

        h = 1e-3 * max(1.0, abs(args[k]))
        wide, narrow = (along(h) - along(-h)) / (2 * h), (along(h / 2) - along(-h / 2)) / h
        found.append((4 * narrow - wide) / 3)
    return found


def gradient(f: Callable[[Any], float], x: Sequence[float]) -> Any:
    """The same of a function of a vector, which gets a fresh copy at each call."""
    return np.array(slopes(lambda *parts: float(f(np.array(parts))), *x))


def near(a: Any, b: Any) -> bool:
    """Whether numbers or vectors agree to six digits."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= 1e-6 * (1.0 + np.abs(b))))


def named(answer: Any, right: Any, mistakes: Sequence[tuple[Any, str]], otherwise: str) -> Verdict:
    """None for the right answer; the words of a known mistake, else the words for any other."""
    if near(answer, right):
        return None
    return next((words for value, words in mistakes if near(answer, value)), otherwise)


# ---------------------------------------------------------------------- lesson 1: the tape
def first_function(x: float, y: float) -> float:
    a = x * y
    b = math.sin(x)
    return a + b * b


@exercise
def tangent_y(answer: Any) -> Verdict:
    by_x, by_y = slopes(first_function, 2.0, 3.0)
    return named(answer, by_y, [(by_x, "that is the slope along x: seed the tangent of y with 1 and that of x with 0"),
                                (by_x + by_y, "both inputs move at once: only y is to have the tangent 1")],
                 "moving y by a little changes the result by another amount; which nodes does y reach?")


@exercise
def sine_bar(answer: Any) -> Verdict:
    right = slopes(lambda b: 6.0 + b * b, math.sin(2.0))[0]
    return named(answer, right, [
        (right / 2, "node 3 enters the product twice, and each use sends something back: the two add up"),
        (right * math.cos(2.0), "you went one node too far: that is what node 3 sends on to x"),
        (1.0, "1 is the adjoint of node 4; multiply it by the partials")],
        "change node 3 by a little and keep the others: by how much does the result change?")


@exercise
def reverse_sweep(answer: Any) -> Verdict:
    if not callable(answer):
        return "hand over the function itself: check('reverse_sweep', reverse)"

    def shared(x: float, y: float) -> float:
        a = x * y
        return a * a + a / x

    for f, args in ((first_function, (2.0, 3.0)), (shared, (1.5, -0.5))):
        tape = wb.tape(f, *args)
        bars = answer(tape)
        if bars is None:
            return "the function returns nothing: return the list of adjoints"
        if len(bars) != len(tape):
            return f"the tape has {len(tape)} nodes, your list {len(bars)} entries"
        if not near(bars[-1], 1.0):
            return "the sweep begins with the adjoint 1 at the last node"
        if not near(bars[:2], slopes(f, *args)):
            return (f"of {f.__name__} at {args} the adjoints of the inputs should be "
                    f"{', '.join(f'{s:.6f}' for s in slopes(f, *args))}, and are {float(bars[0]):.6f}, "
                    f"{float(bars[1]):.6f}: go from the last node to the first, and add (+=) what each use sends")
    return None


@exercise
def tape_length(answer: Any) -> Verdict:
    def decay(x: float, n: int) -> float:
        y = 1.0
        for _ in range(n):
            y = y * x + 0.5
        return y * y

    right = len(wb.tape(decay, 0.9, 1000))
    return named(answer, right, [(1000, "each turn does more than one operation"),
                                 (2000, "nearly: the input, and the last line, have nodes, too"),
                                 (right - 1, "nearly: the input is a node, too"), (4, "the loop is not on the tape, "
                                 "only what its turns did: count them all")],
                 "count the operations on active numbers in one turn, times 1000, and what is before and after")


# ---------------------------------------------------------------------- lesson 2: the adjoint program
def decay(x: float, n: int) -> float:
    y = 1.0
    for _ in range(n):
        y = y * x + 0.5
    return y * y


@exercise
def decay_by_hand(answer: Any) -> Verdict:
    if not callable(answer):
        return "hand over the function itself: check('decay_by_hand', decay_and_slope)"
    for x, n in ((0.9, 0), (0.9, 1), (0.9, 2), (1.05, 7)):
        got = answer(x, n)
        if not isinstance(got, tuple) or len(got) != 2:
            return "return two numbers: the value and x_bar"
        value, slope = decay(x, n), slopes(lambda x, n=n: decay(x, n), x)[0]
        if not near(got[0], value):
            return f"the value of decay({x}, {n}) should be {value:.6f}, and is {got[0]:.6f}"
        otherwise = f"x_bar of decay({x}, {n}) should be {slope:.6f}, and is {got[1]:.6f}"
        wrong = named(got[1], slope, _slips(x, n), otherwise)
        if wrong:
            return wrong
    return None


def _slips(x: float, n: int) -> list[tuple[float, str]]:
    """What x_bar becomes with the slips that everybody makes once."""
    kept = [1.0]
    for _ in range(n):
        kept.append(kept[-1] * x + 0.5)
    late = final = forward = 0.0
    bars = [2.0 * kept[-1] * x ** k for k in range(n + 1)]  # y_bar after k turns back
    for k in range(n):
        late += bars[k + 1] * kept[n - 1 - k]
        final += bars[k] * kept[n]
        forward += bars[k] * kept[k]
    return [(late, "the order of two lines: x_bar needs the y_bar of after the turn; change y_bar last"),
            (final, "you used the last y in every turn; the product needs the y that came into that turn: keep them"),
            (forward, "you read the kept values from the first to the last; the reverse sweep meets them backwards"),
            (0.0, "x_bar is never added to")]


def bend(x: float) -> float:
    if x > 1.0:
        y = x * x
    else:
        y = 3.0 * x
    return y + x


@exercise
def at_the_bend(answer: Any) -> Verdict:
    left, right = (slopes(bend, x)[0] for x in (0.9, 1.1))
    return named(answer, left, [(3.0, "that is the slope from the right, where x > 1; is 1.0 > 1.0?"),
                                (right, "that is the other arm"), (3.5, "no average is taken: one arm was run")],
                 "which arm runs at x = 1.0, and what is its slope (with the last line's x)?")


@exercise
def overwritten_gradient(answer: Any) -> Verdict:
    def f(x: Any) -> float:
        y = np.sin(x)
        y[0] = 7.0
        return float(np.sum(y * x))

    x = np.array([1.0, 2.0, 3.0])
    return named(answer, gradient(f, x), [
        (np.sin(x) + x * np.cos(x), "that is the gradient without the line y[0] = 7.0"),
        (np.where(x == 1.0, 0.0, np.sin(x) + x * np.cos(x)),
         "nearly: x[0] still counts, as the factor in y * x; only its way through the sine is cut")],
        "write the sum out: what is y[0] in it, and what are the others? The sine of an element that was overwritten "
        "no longer matters")


@exercise
def view_gradient(answer: Any) -> Verdict:
    def f(x: Any) -> float:
        y = x.copy()
        left = y[:2]
        left *= y[2]
        y[0] = 1.0
        return float(np.sum(y))

    return named(answer, gradient(f, [1.0, 2.0, 3.0]), [
        ([3.0, 3.0, 4.0], "y[0] is overwritten before the sum: nothing of x[0] arrives"),
        ([3.0, 3.0, 3.0], "y[0] is overwritten before the sum, and y[2] itself is in the sum, too"),
        ([0.0, 1.0, 1.0], "left is a view of y: multiplying it changes y"),
        ([1.0, 1.0, 1.0], "left is a view of y, and y[0] is overwritten"),
        ([0.0, 3.0, 2.0], "y[2] is a summand itself, besides being a factor")],
        "write down y after each line, in terms of x; then differentiate the sum")


# ---------------------------------------------------------------------- lesson 3: memory and cost
@exercise
def what_is_kept(answer: Any) -> Verdict:
    right = {"square": 8000, "linear": 0, "scaled": 8000}
    if not isinstance(answer, dict) or set(answer) != set(right):
        return "give a dict of the bytes of 'square', 'linear' and 'scaled'"
    if near(list(answer.values()), [right[name] / 1000 for name in answer]):
        return "right for one turn; there are 1000 of them"
    words = {"square": "x * x: going back needs the x that came in, in every turn, a float of 8 bytes",
             "linear": "2 x + 1: its partial by x is 2, whatever x is",
             "scaled": "c * x: the slope by c is the x that came in"}
    return next((f"look at {name} again. {words[name]}" for name in right if not near(answer[name], right[name])), None)


@exercise
def longest_run(answer: Any) -> Verdict:
    right = (4_000_000_000 - 24 * 100_000) // (8 * 100_000)  # 8·n·steps + 24·n bytes in 4·10⁹, n = 100,000
    if answer == right:
        return None
    if near(answer, 4e9 / 8e5):
        return "nearly: the 24·n bytes beside the residuals take up what the last steps need"
    return f"{answer} steps are {'too many' if answer > right else 'fewer than fit'}: solve 8·n·steps + 24·n <= 4·10⁹"


@exercise
def best_segment(answer: Any) -> Verdict:
    n = 10_000
    size = {m: 8 * m + 8 * (n // m) for m in range(1, n + 1) if n % m == 0}
    least = min(size.values())
    if answer not in size:
        return f"the length of a segment should divide {n:,}"
    if size[answer] > least:
        return f"segments of {answer} keep {size[answer]:,} bytes; others keep fewer"
    return None


@exercise
def two_levels(answer: Any) -> Verdict:
    if not callable(answer):
        return "hand over the function itself: check('two_levels', thrifty)"

    def plain(x: float, n: int) -> float:
        for _ in range(n):
            x = x + 0.1 * math.sin(x)
        return x

    n = 8000
    if not near(answer(0.3, n), plain(0.3, n)):
        return (f"thrifty(0.3, {n}) should be {plain(0.3, n):.6f}, and is {answer(0.3, n):.6f}: "
                "does it take all n turns?")
    kept = wb.cost(wb.grad(answer, mode="reverse"), 0.3, n).residual_bytes
    return f"it keeps {kept:,} bytes; less than 700 is possible" if kept >= 700 else None
