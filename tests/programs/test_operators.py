"""Operators inside programs: every kind of function with every operator and nesting of operators, against operators by
differences (`reference`), in programs that are differentiated by either engine, and in programs that are not.

`python -m tests.programs.test_operators [python|tape|outside] [every]` runs all combinations, the tests a small part.
"""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from tests.programs.tables import FIRST, combined, judged, main, program

HEAD = """
import functools
import math
{wb}

W = np.array([1.0, 2.0, 4.0])
V = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])


class Holder:
    def __init__(self, p, q):
        self.p = p
        self.q = q
        self.calls = 0

    def loss(self, u, v):
        self.calls += 1
        return self.p * u * np.sum(v * self.q)

    def __call__(self, u, v):
        return self.p * u * u + np.sum(v * self.q * v)


def shared(u, v, k=0.5):
    return k * u * np.sum(v * v) + k * k * u


def recursive(u, v, n=3):
    return u * np.sum(v) if n == 0 else recursive(u * v[0] + u, v, n - 1) * 0.5


@wb.rule
def softened(u):
    return math.log1p(math.exp(u))


@softened.defjvp
def softened_jvp(primals, y, tangents):
    return tangents[0] / (1.0 + math.exp(-primals[0]))
"""
HEADS = [HEAD.format(wb=text) for text in ("import workbench as wb", "from tests.programs import reference as wb")]
FUNCTIONS = {
    "plain": "def f(u, v):\n    return np.sum(np.sin(v) * u) + u ** 2",
    "in place": "def f(u, v):\n    b = v * 1.0\n    b[0] = u * b[1]\n    b *= b[::-1].copy()\n    return np.sum(b * W)",
    "aliases": "def f(u, v):\n    b = v * u\n    c = b\n    c[1] += u * u\n    w = c[1:]\n    w *= 2.0\n"
               "    return np.sum(b ** 3)",
    "writes its argument": "def f(u, v):\n    v[0] = u * v[1]\n    v *= 0.5\n    return np.sum(v * v) * u",
    "list": "def f(u, v):\n    l = [u, v * u]\n    l.append(l[1])\n    l[2][0] = u\n    l[0] *= 2.0\n"
            "    return l[0] * np.sum(l[1] * W)",
    "dict": "def f(u, v):\n    d = {'u': u, 'v': v * 1.0}\n    d['v'][1] *= d['u']\n    d['w'] = d.pop('u') * 2.0\n"
            "    return d['w'] * np.sum(d['v'] ** 2)",
    "closure": "k = a * x\ndef f(u, v):\n    return np.sum(k * v) * u + k[0] * u * u",
    "closure bound later": "k = a * x\ndef f(u, v):\n    return np.sum(k * v) * u + k[0] * u * u\nk = k * 2.0 + x",
    "closure written later": "k = a * x\ndef f(u, v):\n    return np.sum(k * v) * u + k[0] * u * u\nk[0] = 3.0 * x",
    "closure over the argument": "def f(u, v):\n    return np.sum(a * v) * u + x * u * u",
    "loop": "def f(u, v):\n    for i in range(3):\n        u = np.sin(u) * v[i] + u\n    return u * np.sum(v)",
    "while": "def f(u, v):\n    while u < 20.0:\n        u = u * 10.0 + v[0] * 0.1\n    return u * np.sum(v)",
    "branch": "def f(u, v):\n    if u > 1.65:\n        return u * np.sum(v * v)\n    return np.sum(v) * u ** 3",
    "default": "def f(u, v, k=a[1] * x):\n    return k * u * u + np.sum(v ** 2) * k",
    "method": "o = Holder(x, a)\nf = o.loss",
    "object": "f = Holder(x, a)",
    "partial": "f = functools.partial(shared, k=x)",
    "lambda": "f = lambda u, v: x * u * np.sum(v * a) + u ** 3",
    "generator": "def f(u, v):\n    return sum(u * w * w for w in v) + u * u",
    "recursion": "f = recursive",
    "global": "f = shared",
    "nested": "def f(u, v):\n    def g(t):\n        return t * u * np.sum(v)\n    return g(u) + g(x)",
    "checkpoint": "f = wb.checkpoint(lambda u, v: np.sum(np.sin(v * u)) * u)",
    "rule": "def f(u, v):\n    return softened(u * v[0]) * np.sum(v)",
    "inner grad": "def f(u, v):\n    return wb.grad(lambda t: t ** 3 * np.sum(v * t))(u)",
    "inner vmap": "def f(u, v):\n    return np.sum(wb.vmap(lambda t: t * t * u)(v) * W)",
    "mapped": "def f(u, v):\n    return u * np.sum(np.array([t * t for t in v]) * W)",
}
OPERATORS = {
    "called": "s = f(x, a)",
    "grad": "s = wb.grad(f)(x, a)",
    "grad of an array": "s = np.sum(wb.grad(f, 1)(x, a) * W)",
    "grad by name": "s = np.sum(wb.grad(f, 'v')(x, a) * W)",
    "grad of both": "g, h = wb.grad(f, (0, 1))(x, a)\ns = g * np.sum(h * W)",
    "grad in other order": "h, g = wb.grad(f, ('v', 'u'))(x, a)\ns = g * np.sum(h * W)",
    "grad of one in a tuple": "h, = wb.grad(f, (1,))(x, a)\ns = np.sum(h * h)",
    "keyword": "s = np.sum(wb.grad(f, 1)(x, v=a) * W)",
    "value and grad": "y, h = wb.value_and_grad(f, 1)(x, a)\ns = y * np.sum(h * W)",
    "value and grad of both": "y, (g, h) = wb.value_and_grad(f, (0, 1))(x * 2.0, a * x)\ns = y + g * np.sum(h * W)",
    "of an intermediate": "b = a * x\ns = np.sum(wb.grad(f, 1)(x, b) * b)",
    "written afterwards": "b = a * 1.0\nh = wb.grad(f, 1)(x, b)\nb[0] = 7.0 * x\nh *= 2.0\ns = np.sum(h * b)",
    "of a view": "b = np.concatenate([a, a * x])\ns = np.sum(wb.grad(f, 1)(x, b[1:4]) * W) + np.sum(b * b)",
    "jvp": "y, d = wb.jvp(f, (x, a), (1.0, a * x))\ns = y * d",
    "jvp of one": "y, d = wb.jvp(f, (x, a), (x, None))\ns = y + d * d",
    "vjp": "y, p = wb.vjp(f, x, a)\ng, h = p(x)\ns = y + g * np.sum(h * W)",
    "vjp twice": "y, p = wb.vjp(f, x, a)\ng, h = p(1.0)\nk, l = p(2.0 * x)\ns = y + g * np.sum(l * W) + k",
    "vjp later": "b = a * x\ny, p = wb.vjp(f, x, b)\nb[0] = 5.0 * x\ng, h = p(1.0)\ns = y + g * np.sum(h * b)",
    "vjp in a loop": "y, p = wb.vjp(f, x, a)\ns = 0.0\nfor i in range(int(x * 3)):\n    s += p(s + 1.0)[0]",
    "vmap": "s = np.sum(wb.vmap(f, (0, None))(np.array([x, x * 2.0]), a * x) * np.array([1.0, 3.0]))",
    "vmap of rows": "s = np.sum(wb.vmap(f, (None, 0))(x, np.outer(a, a)) * W)",
    "vmap of columns": "s = np.sum(wb.vmap(f, (None, 1))(x, V * a) * W)",
    "vmap of both": "s = np.sum(wb.vmap(f)(a + 2.0, V * a) * W)",
    "vmap of grad": "s = np.sum(wb.vmap(wb.grad(f, 1), (None, 0))(x, V * a) * V)",
    "vmap of grad, out": "s = np.sum(wb.vmap(wb.grad(f, 1), (None, 0), 1)(x, V * a) * V)",
    "vmap of several": "g, h = wb.vmap(wb.grad(f, (0, 1)), (None, 0))(x, V * a)\ns = np.sum(h * V) + np.sum(g * W)",
    "grad of vmap": "s = np.sum(wb.grad(lambda m: np.sum(wb.vmap(f, (None, 0))(x, m) ** 2))(V * a) * V)",
    "jvp of grad": "s = np.sum(wb.jvp(wb.grad(f, 1), (x, a), (x, a * 2.0))[1] * W)",
    "grad of grad": "s = wb.grad(lambda t: wb.grad(f)(t, a))(x)",
    "grad of grad of arrays": "s = np.sum(wb.grad(lambda t: np.sum(wb.grad(f, 1)(x, t) * W))(a) * a)",
    "grad of jvp": "s = wb.grad(lambda t: wb.jvp(f, (t, a), (1.0, a))[1])(x)",
    "vjp of grad": "y, p = wb.vjp(wb.grad(f, 1), x, a)\ng, h = p(W)\ns = g + np.sum(h * y)",
    "vmap of jvp": "s = np.sum(wb.vmap(lambda t: wb.jvp(f, (t, a), (1.0, a))[1])(a + 2.0) * W)",
    "checkpoint": "s = wb.checkpoint(f)(x, a)",
    "grad of checkpoint": "s = np.sum(wb.grad(wb.checkpoint(f), 1)(x, a) * W)",
    "checkpoint of grad": "s = np.sum(wb.checkpoint(wb.grad(f, 1))(x, a) * W)",
    "stopped": "s = wb.stop_gradient(f(x, a * 1.0)) * f(x, a * 1.0)",
    "in a loop": "s = x\nfor i in range(2):\n    s = s - 0.1 * wb.grad(f)(s, a)",
    "in a loop of unknown length": "s = x\nfor i in range(int(x * 2)):\n    s = s - 0.1 * wb.grad(f)(s, a)",
    "in an arm": "s = x\nif x > 0.5:\n    s = np.sum(wb.grad(f, 1)(x, a) * W)",
    "in a helper": "def helper(g, *args):\n    return wb.grad(g)(*args)\ns = helper(f, x, a) * x",
    "in a list": "s = sum([np.sum(wb.grad(f, k)(x, a * 1.0)) * (k + 1) for k in (0, 1)])",
    "held": "d = wb.grad(f)\ns = d(x, a) + d(x * 2.0, a) * x",
    "with more": "g, more = wb.grad(lambda t: (f(t, a), t * 2.0), has_aux=True)(x)\ns = g * more",
    "of a structure": "g = wb.grad(lambda d: f(d['x'], d['l'][0]))({'x': x, 'l': [a * 1.0, 2.0]})\n"
                      "s = g['x'] + np.sum(g['l'][0] * W) + g['l'][1]",
    "of a tuple": "g = wb.grad(lambda t: f(*t))((x, a * 1.0))\ns = g[0] * np.sum(g[1] * W)",
    "one array twice": "b = a * 1.0\ng, h = wb.grad(lambda p, q: f(np.sum(p), q * 1.0), (0, 1))(b, b)\n"
                       "s = np.sum(g * W) + np.sum(h)",
    "hook": "s = f(wb.hook(x, lambda bar: bar), a)",
}


CHANGING = {f"writes its argument, {name}" for name in (
    "vmap", "vmap of jvp", "grad of grad", "grad of jvp", "with more", "stopped")}  # differences change what they write


def sources() -> list[str]:
    """A function for every combination."""
    return [program(number, name, "\n".join([*parts, "return float(s + 0.5 * x * np.sum(a * a))"]))
            for number, (name, parts) in enumerate(combined(FUNCTIONS, OPERATORS)) if name not in CHANGING]


@pytest.mark.parametrize("engine", ["numba", "tape"])
def test_a_tangent_that_the_function_writes(engine: str) -> None:
    def f(u: float, v: np.ndarray) -> float:
        v[0] = u * v[1]
        v *= 0.5
        return np.sum(v * v) * u

    a, b = FIRST.copy(), FIRST.copy()
    with in_python():
        assert wb.jvp(f, (1.1, a), (1.0, a), engine=engine) == wb.jvp(f, (1.1, b), (1.0, FIRST), engine=engine)


LEFT_BEHIND = {  # what the function of an inner operator leaves in variables, lists and objects of the outer one
    "a number": "s = x\ndef f(t):\n    nonlocal s\n    s = s * t\n    return s * t\ng = {}(f)\ns = s * g",
    "a count": "k = 0\ndef f(t):\n    nonlocal k\n    k += 1\n    return t * t * k\ns = {0}(f) + {0}(f)\ns = s * k",
    "another's": "k = x\ndef bump():\n    nonlocal k\n    k = k * 2.0\ndef f(t):\n    bump()\n    return k * t * t\n"
                 "s = {}(f) * k",
    "read by another": "k = x\nh = lambda t: k * t\ndef f(t):\n    nonlocal k\n    k = k + t\n    return h(t)\n"
                       "s = h({}(f))",
    "on a path": "k = x\ndef f(t):\n    nonlocal k\n    if t > 0.8:\n        k = t * t\n    return k * t\n"
                 "s = {}(f) * k",
    "in a loop": "s = x\ndef f(t):\n    nonlocal s\n    s = s * t\n    return s * t\n"
                 "for i in range(int(3 * x) + 1):\n    s = s + 0.1 * {}(f)",
    "None before": "k = None\ndef f(t):\n    nonlocal k\n    k = t * 2.0\n    return k * t\ns = {}(f) * k",
    "an array": "w = a * x\ndef f(t):\n    nonlocal w\n    w = w * t\n    return np.sum(w * w)\ns = {}(f) * np.sum(w)",
    "another array": "w = a * x\nv = a * 2.0\ndef f(t):\n    nonlocal w\n    w = v\n    w[0] = t\n"
                     "    return np.sum(w * v * t)\ns = {}(f)\nw[1] = x\ns = s * np.sum(w * v * a)",
    "another entry": "l = [a * 1.0, a * 2.0]\nb = l[1]\ndef f(t):\n    l[0] = l[1]\n    return t * np.sum(l[0])\n"
                     "s = {}(f)\nl[0][0] = 5.0 * x\ns = s * np.sum(b * a)",
    "calls itself": "def r(t, n):\n    return t if n == 0 else r(t * t * 0.5, n - 1) * t\n"
                    "def f(t):\n    return r(t, 2)\ns = {}(f)",
}
TAKERS = {"grad": "take = lambda f: wb.grad(f)(x)", "jvp": "take = lambda f: wb.jvp(f, (x,), (1.0,))[1]",
          "checkpoint": "take = lambda f: wb.checkpoint(f)(x)"}
ONCE = HEADS[0] + """

def held(f):
    for cell in f.__closure__ or ():
        yield cell, cell.cell_contents
        if hasattr(cell.cell_contents, "__closure__") and cell.cell_contents is not f:
            yield from held(cell.cell_contents)


def once(f, x):
    # the derivative by differences, in which what `f` leaves behind is taken back, but for that of one call
    cells = [(c, v, [w.copy() if hasattr(w, "copy") else w for w in v] if isinstance(v, list) else
              v.copy() if isinstance(v, np.ndarray) else v, list(v) if isinstance(v, list) else None)
             for c, v in held(f)]

    def at(t):
        y = f(t)
        for cell, value, content, entries in cells:
            cell.cell_contents = value
            if entries is not None:
                value[:] = entries
                for entry, was in zip(entries, content):
                    if isinstance(entry, np.ndarray):
                        entry[:] = was
            elif isinstance(value, np.ndarray):
                value[:] = content
        return y
    h = 1e-3
    slope = (8 * (at(x + h) - at(x - h)) - (at(x + 2 * h) - at(x - 2 * h))) / (12 * h)
    return f(x), slope


class wb:
    grad = staticmethod(lambda f: lambda x: once(f, x)[1])
    jvp = staticmethod(lambda f, primals, tangents: once(f, *primals))
    checkpoint = staticmethod(lambda f: f)
"""


def left_behind() -> list[str]:
    """A program for every combination."""
    return [program(number, name, f"{taken}\n{lines.replace('{}', 'take').replace('{0}', 'take')}\nreturn float(s)")
            for number, (name, (taken, lines)) in enumerate(combined(TAKERS, LEFT_BEHIND))]


@pytest.mark.parametrize("engine", ["python", "tape"])
def test_what_is_left_behind(engine: str, tmp_path: Path) -> None:
    outcome = judged(HEADS[0], left_behind(), tmp_path, engine, slack=1e-6, other_head=ONCE)
    assert not outcome.wrong, "\n\n".join(outcome.wrong)
    assert outcome.verdicts["right"] > (60 if engine == "python" else 20), outcome.refusals


MADE_ON_THE_WAY = {  # functions that a program makes, and the tape takes as one operation
    "hook": "s = np.sum(wb.hook(np.sin(a) * x, lambda bar: np.clip(bar, -1e6, 1e6)) * a)",
    "checkpoint": "s = np.sum(wb.checkpoint(lambda v: np.sin(v) * v[0])(a * x) * a)",
    "checkpoint, written": "c = wb.checkpoint(lambda v: (np.sin(v), {'c': np.cos(v)}))\nb, d = c(a * x)\n"
                           "b[0] = x\nd['c'][1] *= x\ns = np.sum(b * d['c'])",
    "checkpoint, given back": "p, q = wb.checkpoint(lambda v: (v * 2.0, v))(a)\nq[1] = x\ns = np.sum(p * a * q)",
    "vmap of checkpoint": "s = np.sum(wb.vmap(wb.checkpoint(lambda v: np.sin(v) * v[0]))(V * a) * V)",
    "checkpoint of vmap": "s = np.sum(wb.checkpoint(wb.vmap(lambda v: np.sin(v) * v[0]))(V * a) * V)",
    "grad of checkpoint": "s = np.sum(wb.grad(lambda t: np.sum(wb.checkpoint(lambda v: np.sin(v) * v)(t)))(a * x) * a)",
}


@pytest.mark.parametrize("engine", ["python", "tape"])
def test_functions_made_on_the_way(engine: str, tmp_path: Path) -> None:
    made = [program(number, name, f"{lines}\nreturn float(s)")
            for number, (name, lines) in enumerate(MADE_ON_THE_WAY.items())]
    outcome = judged(HEADS[0], made, tmp_path, engine, slack=1e-6, other_head=HEADS[1])
    assert outcome.verdicts == {"right": 2 * len(made)}, outcome.wrong or outcome.refusals


@pytest.mark.parametrize(("engine", "every"), [("python", 97), ("tape", 61), ("outside", 97)])
def test_operators(engine: str, every: int, tmp_path: Path) -> None:
    outcome = judged(HEADS[0], sources()[5::every], tmp_path, engine, slack=1e-6, other_head=HEADS[1])
    assert not outcome.wrong, "\n\n".join(outcome.wrong)
    assert outcome.verdicts["right"] > 16


if __name__ == "__main__":
    main(HEADS[0], sources, 1e-6, HEADS[1])
