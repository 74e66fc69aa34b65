"""The tape: the whole corpus, the language beyond the compiler's, the record itself, and what it refuses."""
from __future__ import annotations

import colorsys
import contextlib
import copy
import dataclasses
import functools
import itertools
import json
import math
import statistics
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus import PROGRAMS, Program
from tests.corpus.oracle import disagreement, expected_gradient, plain, ridders
from tests.programs.calling import assert_structure_kept, by_path, close, draw

#: Programs that write an array whose memory another argument shares: refused by the tape.
OVERLAPPING = {entry.name for entry in PROGRAMS if "overlap" in entry.tags}


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("program", PROGRAMS, ids=[entry.name for entry in PROGRAMS])
def test_corpus(program: Program) -> None:
    value_and_grad = wb.value_and_grad(program.function, program.wrt, engine="tape")
    points = [(program.make_args, seed) for seed in (0, 1)]
    points += [(sample, 7 + i) for i, sample in enumerate(program.small)]
    for sample, seed in points:
        expected = plain(program.function, draw(sample, seed))
        args = draw(sample, seed)
        try:
            value, derivative = value_and_grad(*args)
        except wb.DifferentiationError:
            assert program.name in OVERLAPPING
            return
        assert close(value, expected.value, 1e-12) and close(args, expected.arguments, 1e-12)
        assert_structure_kept(program, draw(sample, seed), derivative)
        wrong = disagreement(by_path(program, derivative), expected_gradient(program, sample, seed),
                             float(expected.value), program.oracle)
        assert wrong is None, f"{program.name}, point {seed}: {wrong}"


# ---------------------------------------------------------------------- the language
class Vector:
    def __init__(self, x: float, y: float) -> None:
        self.x = x
        self.__y = y

    def __add__(self, other: Vector) -> Vector:
        return Vector(self.x + other.x, self.__y + other.__y)

    def __mul__(self, k: float) -> Vector:
        return type(self)(self.x * math.exp(k), self.__y * k)

    @property
    def norm(self) -> float:
        return math.sqrt(self.x**2 + self.__y**2)

    def turned(self, angle: float) -> Vector:
        return Vector(self.x * math.cos(angle) - self.__y * math.sin(angle), self.x * math.sin(angle))

    def __call__(self, t: float) -> float:
        return math.exp(self.x * t)


class Spinning(Vector):
    def __init__(self, x: float, y: float, rate: float) -> None:
        super().__init__(x, y)
        self.rate = rate

    def turned(self, angle: float) -> Vector:
        return super().turned(angle * self.rate)


def classes(x: float, y: float) -> float:
    v = Vector(x, y) * 0.3 + Spinning(y, x, 2.0).turned(x)
    return v.x * v(0.3) + v.norm


def sines(n: int, x: float) -> Iterator[float]:
    for k in range(n):
        yield math.sin(k * x)


def generators(x: float, y: float) -> float:
    return sum(sines(4, x)) + sum(v * v for v in sines(3, y) if v > 0)


def exceptions(x: float, y: float) -> float:
    total = 0.0
    for k in (0, 1, 2):
        try:
            total += math.log(x * (k - 1))
        except ValueError:
            total += x * y
        finally:
            total *= x
    return total


@contextlib.contextmanager
def sine_of(x: float) -> Iterator[float]:
    yield math.sin(x)


def contexts(x: float, y: float) -> float:
    with sine_of(x) as s, sine_of(y) as t:
        return s * x + t


def functional(x: float, y: float) -> float:
    power = functools.partial(math.pow, x)
    folded = functools.reduce(lambda a, b: a * math.sin(b), [x, y, x])
    running = sum(itertools.accumulate([x, y], lambda a, b: a * b))
    return power(y) + folded + sum(map(math.exp, [x, y])) + running + sorted([x, y], key=lambda v: -math.cos(v))[0]


@functools.lru_cache(maxsize=None)
def cached(x: float) -> float:
    return math.sin(x) * x


def decorated(x: float, y: float) -> float:
    return cached(x) + cached(y)


def matched(x: float, y: float) -> float:
    match (x > 1, [x, y]):
        case (True, [a, b]):
            return a * b
        case (_, [a, *rest]):
            return a * math.sin(rest[0])
    return 0.0


def walrus(x: float, y: float) -> float:
    return [z := x * k for k in range(4)][-1] * z if (w := x * y) > 0 else w


def dynamic(x: float, y: float) -> float:
    groups = defaultdict(list)
    for k in range(6):
        groups[k % 2].append(x**k)
    queue = deque([x])
    queue.append(y * 3)
    queue.popleft()
    names = {f"{x:.3f}": y}
    return sum(groups[0]) * groups[1].pop() + queue[0] + sum(names.values()) + len({x, y, x})


def nested(tree: Any, x: float) -> float:
    return x * math.sin(x) if isinstance(tree, int) else sum(nested(child, x * 1.1) for child in tree)


def recursion(x: float, y: float) -> float:
    return nested([1, [2, 3, [4]]], x) * y


def library(x: float, y: float) -> float:
    return statistics.mean([x, y, 1.0]) + statistics.stdev([x, y, 0.1]) + sum(colorsys.rgb_to_hls(x, y, 0.2))


def types_by_value(x: float, y: float) -> float:
    state: Any = x
    for k in range(3):
        state = [state, y] if isinstance(state, float) else state[0] * state[1]
    return state[0] * math.hypot(*state) if isinstance(state, list) else state


def arrays(x: float, y: float) -> float:
    a = np.array([x, y, x * y])
    c = np.zeros(4)
    c[1:] = a
    view = c[1:]
    view *= a
    np.add.at(c, np.array([0, 0, 1]), a)
    c[::2] = [math.exp(v) for v in c[::2]]
    return np.sum(np.where(c > 1, c**2, c)) + np.linalg.norm(c) + np.max(a) + (a @ np.outer(a, a)).mean() + c.std()


LANGUAGE = (classes, generators, exceptions, contexts, functional, decorated, matched, walrus, dynamic, recursion,
            library, types_by_value, arrays)


@pytest.mark.parametrize("function", LANGUAGE)
def test_language(function: Callable[..., float]) -> None:
    x, y = 0.7, 0.4
    value, gradient = wb.value_and_grad(function, (0, 1), engine="tape")(x, y)
    plain_value = function(x, y)
    assert value == plain_value and type(value) is type(plain_value)
    for k in (0, 1):
        slope, off = ridders(lambda h, k=k: float(function(x + h * (k == 0), y + h * (k == 1))), 1e-3)
        assert gradient[k] == pytest.approx(slope, rel=1e-7, abs=max(1e-9, 10 * off))
    forward = wb.jvp(function, (x, y), (0.3, -0.2), engine="tape")[1]
    assert forward == pytest.approx(0.3 * gradient[0] - 0.2 * gradient[1], rel=1e-12)
    assert wb.vjp(function, x, y, engine="tape")[1](2.0) == pytest.approx([2 * g for g in gradient])


# ---------------------------------------------------------------------- arguments
@dataclasses.dataclass
class State:
    name: str
    rate: float
    cells: np.ndarray


def step(state: State, history: list[float]) -> float:
    state.cells[1:] += state.rate * state.cells[:-1]
    state.rate *= 2.0
    history.append(float(np.sum(state.cells)))
    return history[-1] * state.rate


def test_structures_and_writes() -> None:
    def arguments() -> tuple[State, list[float]]:
        return State("a", 0.5, np.array([1.0, 2.0, 3.0])), [1.0]
    plain_args, ours = arguments(), arguments()
    expected = step(*plain_args)
    value, gradient = wb.value_and_grad(step, engine="tape")(*ours)
    assert value == expected
    assert ours[0].rate == plain_args[0].rate and ours[1] == plain_args[1] and type(ours[1][-1]) is float
    np.testing.assert_array_equal(ours[0].cells, plain_args[0].cells)
    compiled = wb.grad(lambda cells, rate: step(State("a", rate, cells), [1.0]), (0, 1), engine="tape")
    cells, rate = compiled(np.array([1.0, 2.0, 3.0]), 0.5)
    np.testing.assert_allclose(gradient.cells, cells)
    assert gradient.rate == pytest.approx(rate) and gradient.name is None


def test_writes_are_left_where_the_program_raises() -> None:
    def fails(a: np.ndarray, log: list[float]) -> float:
        a[0] = a[1] * 2.0
        log.append(a[0])
        raise KeyError("half way")
    a, log = np.array([1.0, 2.0]), [0.0]
    with pytest.raises(KeyError, match="half way"):
        wb.grad(fails, engine="tape")(a, log)
    assert a[0] == 4.0 and log == [0.0, 4.0] and type(log[1]) in (float, np.float64)


# ---------------------------------------------------------------------- the record
def test_the_record() -> None:
    def f(x: float, y: float) -> float:
        product = x * y
        return math.sin(product)
    tape = wb.tape(f, 0.5, 2.0)
    assert [node.operation for node in tape] == ["input", "input", "mul", "sin"]
    assert tape[2].inputs == (0, 1) and tape[2].partials == (2.0, 0.5)
    first = f.__code__.co_firstlineno
    assert [node.line for node in tape][2:] == [first + 1, first + 2] and tape[3].filename == __file__
    tape.backward()
    assert tape.gradient(0) == pytest.approx(2.0 * math.cos(1.0)) and tape[2].adjoint == pytest.approx(math.cos(1.0))
    whole = copy.copy(tape.adjoints)
    tape.position = len(tape)
    assert tape.step_back().operation == "sin" and tape.adjoints[0] == 0.0
    tape.step_back()
    assert tape.position == 2 and tape.step_forward().operation == "mul" and tape.adjoints[0] == 0.0
    while tape.position:
        tape.step_back()
    np.testing.assert_allclose(tape.adjoints, whole)
    with pytest.raises(IndexError):
        tape.step_back()
    data = json.loads(tape.to_json())
    assert [node["operation"] for node in data["nodes"]] == ["input", "input", "mul", "sin"]
    assert "line" in repr(tape)


def test_the_record_of_arrays() -> None:
    def f(a: np.ndarray, z: complex) -> float:
        b = np.linalg.inv(a) @ a[0]
        c = np.sum(b * b) * abs(z)
        return c + (z * z).imag
    a, z = np.array([[2.0, 0.3], [0.1, 1.5]]), 0.5 + 0.2j
    tape = wb.tape(f, a, z)
    first = f.__code__.co_firstlineno
    names = [node.operation for node in tape]
    assert names == [*["input"] * 6, *["inv"] * 4, *["matmul"] * 2, "mul", "mul", "sum", "modulus", *["mul"] * 3, "add"]
    assert tape[6].inputs == (0, 1, 2, 3) and tape[6].line == first + 1 and tape[-1].line == first + 3
    inverse = np.linalg.inv(a)
    np.testing.assert_allclose(tape[7].partials, np.outer(-inverse[0], inverse[:, 1]).ravel())
    assert [n.index for n in tape[4:8:2]] == [4, 6] and isinstance(tape[2:3], list)
    adjoints = tape.backward().copy()
    tape.position = len(tape)
    while tape.position:
        tape.step_back()
    np.testing.assert_allclose(tape.adjoints, adjoints, rtol=1e-12)
    by_z = tape.gradient(1)
    assert type(by_z) is complex and by_z.real == pytest.approx(adjoints[4]) and by_z.imag == adjoints[5]
    rows = tape.by_line()
    assert [(r["line"] - first, r["nodes"]) for r in rows] == [(1, 6), (2, 5), (3, 3)]
    assert rows[0]["operations"] == {"inv": 4, "matmul": 2} and rows[0]["file"] == __file__
    assert sum(r["nodes"] for r in rows) + 6 == len(tape)
    data = json.loads(tape.to_json())
    assert len(data["nodes"]) == len(tape) and data["nodes"][6]["inputs"] == [0, 1, 2, 3]
    text = repr(wb.tape(lambda x: sum(x * k for k in range(40)), 1.5))
    assert text.count("\n") == 21 and "... 61 more" in text and text.startswith("Tape of 81 nodes, value 1170.0")


def test_a_tape_is_differentiated_again() -> None:
    def by_tape(x: float, y: float) -> float:
        inner = wb.tape(lambda u, v: math.sin(u) * v * v + u, x, y)
        inner.backward()
        return inner.gradient(0) * inner.gradient(1) + inner.value
    x, y = 0.7, 0.4
    found = wb.grad(by_tape, (0, 1), engine="tape")(x, y)
    expected = [
        -2 * y**3 * math.sin(x) ** 2 + (math.cos(x) * y * y + 1) * (2 * y * math.cos(x) + 1),
        2 * y * math.cos(x) * 2 * y * math.sin(x) + (math.cos(x) * y * y + 1) * 2 * math.sin(x) + 2 * y * math.sin(x)]
    assert found == pytest.approx(expected)


def test_keywords() -> None:
    def f(x: float, *rest: float, scale: float, **more: float) -> float:
        return math.sin(x) * scale * sum(rest) * math.exp(more["y"])
    call = {"scale": 2.0, "y": 0.4}
    expected = math.sin(0.5) * 3.0 * math.exp(0.4)
    assert wb.grad(f, "scale", engine="tape")(0.5, 1.0, 2.0, **call) == pytest.approx(expected)
    assert wb.grad(f, (0, 2), engine="tape")(0.5, 1.0, 2.0, **call) == pytest.approx(
        (math.cos(0.5) * 6.0 * math.exp(0.4), expected))
    assert wb.grad(np.sin, engine="tape")(0.5) == math.cos(0.5) == wb.grad(math.sin, engine="tape")(0.5)


def test_several_threads_each_record_their_own() -> None:
    class Adder:
        def __init__(self, v: float) -> None:
            self.v = v

        def __add__(self, other: Any) -> Any:
            return Adder(self.v + math.sin(other.v))
    before = dict(vars(Adder))

    def f(x: float) -> float:
        total = Adder(0.0)
        for k in range(300):
            total = total + Adder(x * k)
        return total.v
    found: dict[int, float] = {}

    def work(k: int) -> None:
        found[k] = wb.grad(f, engine="tape")(0.1 * k)
    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(4):
        assert found[k] == pytest.approx(sum(j * math.cos(0.1 * k * j) for j in range(300)))
    assert dict(vars(Adder)) == before


def test_not_finite_is_said() -> None:
    with pytest.warns(RuntimeWarning, match="not finite"):
        assert wb.grad(lambda x: math.sqrt(x), engine="tape")(0.0) == math.inf
    assert wb.grad(lambda x: math.sqrt(x) * 0.0, engine="tape")(0.0) == 0.0
    for given in (np.float64(0.0), 0.0):
        with pytest.warns(RuntimeWarning) as seen:
            assert wb.grad(lambda x: np.sqrt(x), engine="tape")(given) == math.inf
        assert ["not finite" in str(w.message) for w in seen] == [True]


# ---------------------------------------------------------------------- refusals
def into_a_foreign_array(x: float) -> float:
    FOREIGN[0] = x
    return FOREIGN[0]


FOREIGN = np.zeros(2)


def through_histogram(x: float) -> float:
    return np.histogram(np.array([x, 1.0]))[0].sum() * x


@pytest.mark.parametrize("function", (into_a_foreign_array, through_histogram))
def test_refused_at_the_users_line(function: Callable[..., float]) -> None:
    with pytest.raises(wb.DifferentiationError) as caught:
        wb.grad(function, engine="tape")(0.5)
    first = function.__code__.co_firstlineno
    assert caught.value.filename == __file__ and caught.value.lineno == first + 1


def test_refused_arguments_and_results() -> None:
    with pytest.raises(wb.DifferentiationError, match="holds no float"):
        wb.grad(lambda n: n * 2.0, engine="tape")(3)
    with pytest.raises(wb.DifferentiationError, match="return one real float"):
        wb.grad(lambda x: (x, x), engine="tape")(3.0)

    for hidden in ({1.0, 2.0}, frozenset([1.0]), np.array([1.0], dtype=object)):
        with pytest.raises(wb.DifferentiationError, match="in a set|in a frozenset|array of objects"):
            wb.grad(lambda a: a[0] * 2.0, engine="tape")([1.0, hidden])
    with pytest.raises(wb.DifferentiationError, match="plain array"):
        wb.grad(lambda a: np.sum(a * a), engine="tape")(np.ma.array([1.0, 2.0]))

    def writes(a: np.ndarray, b: np.ndarray) -> float:
        a[0] = 2.0
        return b[0] * a[1]
    shared = np.ones(3)
    with pytest.raises(wb.DifferentiationError, match="shares"):
        wb.grad(writes, engine="tape")(shared, shared)
    assert shared[0] == 1.0


MEMO: dict[float, float] = {}
TOTAL = 0.0


def memoized(x: float) -> float:
    if x not in MEMO:
        MEMO[x] = x * x
    return MEMO[x] * 1.0


def returned_from_memo(x: float) -> float:
    if x not in MEMO:
        MEMO[x] = x * x
    return MEMO[x]


def global_total(x: float) -> float:
    global TOTAL
    TOTAL = TOTAL + x * x
    return TOTAL


@pytest.mark.parametrize("function", (memoized, returned_from_memo))
def test_what_an_earlier_run_has_left_is_no_constant(function: Callable[..., float]) -> None:
    MEMO.clear()
    gradient = wb.grad(function, engine="tape")
    assert gradient(3.0) == 6.0 and gradient(4.0) == 8.0
    with pytest.raises(wb.DifferentiationError, match="earlier recorded run"):
        gradient(3.0)
    MEMO.clear()


def test_globals_hold_plain_numbers_after_the_run() -> None:
    global TOTAL
    TOTAL = 0.0
    gradient = wb.value_and_grad(global_total, engine="tape")
    assert gradient(3.0) == (9.0, 6.0) and type(TOTAL) is float
    assert gradient(2.0) == (13.0, 4.0) and TOTAL == 13.0


class Workspace:
    shared = None

    def __init__(self) -> None:
        self.buffer = None


CACHE: dict[str, Any] = {"list": []}
SPACE = Workspace()


def with_workspace(x: float) -> float:
    if "weights" not in CACHE:
        CACHE["weights"] = np.linspace(0.0, 1.0, 3)
        CACHE["list"].append(np.zeros(2))
        SPACE.buffer = np.ones(3)
        Workspace.shared = np.arange(3.0)
    return np.sum(CACHE["weights"] * SPACE.buffer * Workspace.shared) * x + CACHE["list"][0][1]


def test_constant_arrays_that_a_run_leaves_behind_are_plain() -> None:
    gradient = wb.grad(with_workspace, engine="tape")
    assert gradient(3.0) == gradient(4.0) == 2.5
    left = (CACHE["weights"], CACHE["list"][0], SPACE.buffer, Workspace.shared)
    assert all(type(array) is np.ndarray for array in left)
    assert with_workspace(2.0) == 5.0


def falling(x: float, depth: int) -> float:
    return x if depth == 0 else falling(x * 1.001, depth - 1)


def test_recursion_as_deep_as_the_programs_own() -> None:
    limit = sys.getrecursionlimit()
    depth = limit - 300
    assert wb.grad(falling, engine="tape")(2.0, depth) == pytest.approx(1.001**depth)
    with pytest.raises(RecursionError):
        wb.grad(falling, engine="tape")(2.0, 20 * limit)
    assert sys.getrecursionlimit() == limit
