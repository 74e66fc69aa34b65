"""Containers that hold numbers, arrays, views or one array twice: every way to build one, to pass it on, and to use it.

`python -m tests.programs.test_containers [engine] [every]` runs all combinations, the tests a small part.
"""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.tables import combined, judged, main, program

HEAD = """
import copy
import dataclasses
import functools
import itertools
import operator
from collections import OrderedDict, deque, namedtuple
from dataclasses import dataclass
from typing import NamedTuple

W = np.array([1.0, 2.0, 4.0])


@dataclass
class Record:
    p: object
    q: object
    r: object


@dataclass(frozen=True)
class Frozen:
    p: object
    q: object
    r: object = 2.0


class Slotted:
    __slots__ = ("p", "q", "r")

    def __init__(self, p, q, r):
        self.p, self.q, self.r = p, q, r


class Plain:
    def __init__(self, p, q, r=1.0):
        self.p = p
        self.q = q
        self.r = r


Pair = namedtuple("Pair", "p q r")


class Typed(NamedTuple):
    p: object
    q: object
    r: object


def total(items):
    s, k = 0.0, 1.0
    for item in items:
        if isinstance(item, (list, tuple, deque)):
            s += k * total(item)
        else:
            s += k * np.sum(item * item * 0.5 + item)
        k = k * 1.5
    return s


def same(c):
    return c


def packed(*args):
    return args


def listed(p, q, r):
    return [p, q, r]


def named(**named):
    return named


def scaled_in_place(c):
    c[0] *= 0.5
    return c


def gathered(c, into=None):
    into = [] if into is None else into
    for item in c:
        into.append(item)
    return into


def each(c):
    for item in c:
        yield item
"""
CONTENTS = {  # three items, of which `b` is an array of the program's own
    "numbers": "p, q, r = x * 1.5, a[0] * x, a[1]",
    "arrays": "p, q, r = b, a * x, np.sin(a)",
    "argument": "p, q, r = a, b, x * a",
    "views": "p, q, r = b[:2], b[1:], b[::-1][:2]",
    "one twice": "p, q, r = b, b, np.cos(b)",
    "mixed": "p, q, r = b, x, b[0]",
}
SEQUENCES = {
    "list": "c = [p, q, r]",
    "tuple": "c = (p, q, r)",
    "namedtuple": "c = Pair(p, q, r)",
    "typed namedtuple": "c = Typed(q=q, p=p, r=r)",
    "deque": "c = deque([p, q, r])",
    "nested": "c = [p, [q, r], q]",
    "nested tuple": "c = (p, (q, [r]), q)",
    "appended": "c = []\nfor item in (p, q, r):\n    c.append(item)",
    "star": "c = [*(p, q), r]",
    "comprehension": "c = [item for item in (p, q, r)]",
    "generator": "c = list(item for item in [p, q, r])",
    "dict values": "c = list({'p': p, 'q': q, 'r': r}.values())",
    "multiplied": "c = [p] * 2 + [r]",
    "sum": "c = (p,) + (q, r)",
    "sorted": "c = sorted([p, q, r], key=lambda item: float(np.sum(item * 0)) + 1.0)",
    "generator function": "c = list(each([p, q, r]))",
    "growing": "c = [p]\nfor i in range(int(x * 2) + 1):\n    c.append(r)",
}
PASSED = {  # another container, `d`
    "itself": "d = c",
    "copy": "d = copy.copy(c)",
    "deepcopy": "d = copy.deepcopy(c)",
    "list": "d = list(c)",
    "slice": "d = list(c)[:]",
    "slice 1": "d = list(c)[1:] + list(c)[:1]",
    "stars": "d = [*c]",
    "sum": "d = list(c) + list(c)",
    "product": "d = list(c) * 2",
    "reversed": "d = list(reversed(c))",
    "backwards": "d = list(c)[::-1]",
    "sorted": "d = sorted(c, key=lambda item: -float(np.sum(total([item]))))",
    "helper": "d = same(c)",
    "packed": "d = list(packed(*c))",
    "named": "d = list(named(p=c[0], q=c[1], r=c[-1]).values())",
    "closure": "def inner():\n    return c\nd = list(inner())",
    "default": "def inner(e=c):\n    return e\nd = list(inner())",
    "comprehension": "d = [item for item in c]",
    "map": "d = list(map(same, c))",
    "zip": "d = [one for one, other in zip(c, reversed(c))]",
    "zip stars": "d = list(list(zip(*[c, c]))[1])",
    "enumerate": "d = [item for k, item in enumerate(c) if k != 1]",
    "unpacked": "first, *rest = c\nd = [*rest, first]",
    "unpacked last": "*rest, last = c\nd = [last, *rest]",
    "chain": "d = list(itertools.chain(c, c))",
    "deque": "d = deque(c)\nd.rotate(1)",
    "attribute": "o = Plain(c, 0.0)\nd = list(o.p)",
    "dict": "d = list(dict(enumerate(c)).values())",
    "gathered": "d = gathered(c)",
    "extended": "d = []\nd.extend(c)\nd.insert(1, c[0])",
    "popped": "d = list(c)\nd.append(d.pop(0))",
    "removed": "d = list(c)\ndel d[1]",
    "replaced part": "d = list(c)\nd[1:2] = [c[0], c[0]]",
    "swapped": "d = list(c)\nd[0], d[1] = d[1], d[0]",
    "accumulate": "d = list(itertools.islice(itertools.accumulate(c, lambda s, item: item), 3))",
    "arm": "d = list(c) if x > 0.5 else list(reversed(c))",
    "arm of a statement": "d = list(c)\nif x > 0.5:\n    d = d[::-1]",
    "loop": "d = list(c)\nfor i in range(int(x * 2)):\n    d = d[::-1]",
    "rotated in a loop": "d = list(c)\nfor i in range(int(x * 2)):\n    d.append(d.pop(0))",
    "partial": "d = list(functools.partial(same, c)())",
    "reduce": "d = functools.reduce(lambda s, item: s + [item], c, [])",
    "itemgetter": "d = list(operator.itemgetter(2, 0, 1)(c))",
}
USES = {
    "read": "",
    "write to an item": "if isinstance(d[0], np.ndarray):\n    d[0][0] = x * x",
    "bind an item": "d[0] = x * 3.0",
    "update an item": "d[0] *= x * 3.0",
    "update the last": "d[-1] = d[-1] * 2.0\nd[-1] += x",
    "write the array": "b[1] = x * 0.5\nb *= 1.5",
    "write the argument": "a[0] = x\na *= 2.0",
    "for each": "for item in d:\n    if isinstance(item, np.ndarray):\n        item *= 2.0",
    "for each bound": "for k, item in enumerate(d):\n    if not isinstance(item, list):\n        d[k] = item * x",
    "in a loop": "for i in range(int(x * 3)):\n    d[0] = d[0] * 0.5\n    d[0] += 1.0",
    "in an arm": "if x > 0.5:\n    d[0] *= 0.25",
    "in an arm of the other": "if x > 0.5:\n    if isinstance(c[0], np.ndarray):\n        c[0][:] = 0.25 * x",
    "exchange": "d[0], d[-1] = d[-1], d[0]\nd[0] *= 3.0",
    "exchange in a loop": "for i in range(int(x * 3)):\n    d[0], d[-1] = d[-1], d[0]\nd[0] *= 3.0",
    "append": "d.append(x * b)\nb *= 2.0",
    "helper": "scaled_in_place(d)",
    "bind the name": "d = [item * 2.0 for item in d if not isinstance(item, (list, tuple))]\nb *= 3.0",
    "pop": "e = d.pop()\nif isinstance(e, np.ndarray):\n    e *= x",
    "clear the other": "c = None\nb[:] = x\nc = d",
    "keep one": "e = d[0]\nd[0] = x\nb *= 2.0\nc = [e, *d]",
}
RESULT = "return float(total(c) + 0.3 * total(d) + np.sum(b * W) + 0.1 * np.sum(a * W))"
RECORDS = {
    "dataclass": "c = Record(p, q, r)",
    "frozen": "c = Frozen(p, q, r)",
    "slots": "c = Slotted(p, q, r)",
    "object": "c = Plain(p, q, r)",
    "object by name": "c = Plain(r=r, q=q, p=p)",
    "namedtuple": "c = Pair(p, q, r)",
    "dict": "c = {'p': p, 'q': q, 'r': r}",
    "dict()": "c = dict(p=p, q=q, r=r)",
    "dict of zip": "c = dict(zip(('p', 'q', 'r'), (p, q, r)))",
    "dict comprehension": "c = {key: item for key, item in zip('pqr', [p, q, r])}",
    "ordered": "c = OrderedDict([('p', p), ('q', q)])\nc['r'] = r",
    "filled": "c = {}\nfor key, item in (('p', p), ('q', q), ('r', r)):\n    c[key] = item",
    "setdefault": "c = {'p': p}\nc.setdefault('q', q)\nc.setdefault('p', r)\nc.update(r=r)",
    "fromkeys": "c = dict.fromkeys('pq', p)\nc['r'] = r",
    "filled object": "c = Plain(0.0, 0.0)\nfor key, item in zip('pqr', (p, q, r)):\n    setattr(c, key, item)",
}
PASSED_RECORDS = {
    "itself": ("d = c", "d = c"),
    "copy": ("d = copy.copy(c)", "d = copy.copy(c)"),
    "deepcopy": ("d = copy.deepcopy(c)", "d = copy.deepcopy(c)"),
    "replaced": ("d = dataclasses.replace(c, p=c.q) if dataclasses.is_dataclass(c) else c", "d = {**c, 'p': c['q']}"),
    "renamed": ("d = c._replace(q=c.p) if isinstance(c, tuple) else c", "d = c | {'q': c['p']}"),
    "dict": ("d = Plain(**c.__dict__) if hasattr(c, '__dict__') else c", "d = dict(c)"),
    "named": ("d = Plain(**named(p=c.p, q=c.q, r=c.r))", "d = named(**c)"),
    "items": ("d = Plain(*(getattr(c, key) for key in 'pqr'))", "d = {key: item for key, item in c.items()}"),
    "helper": ("d = same(c)", "d = same(c)"),
    "closure": ("def inner():\n    return c\nd = inner()", "def inner():\n    return c\nd = inner()"),
    "default": ("def inner(e=c):\n    return e\nd = inner()", "def inner(*, e=c):\n    return e\nd = inner()"),
    "in a list": ("d = [c, c][1]", "d = [c, c][1]"),
    "arm": ("d = c if x > 0.5 else Plain(c.q, c.p, c.r)",
            "d = c if x > 0.5 else {'p': c['q'], 'q': c['p'], 'r': c['r']}"),
    "loop": ("d = c\nfor i in range(int(x * 2)):\n    d = Plain(d.q, d.p, d.r)",
             "d = c\nfor i in range(int(x * 2)):\n    d = {'p': d['q'], 'q': d['p'], 'r': d['r']}"),
    "other order": ("d = Plain(c.r, c.p, c.q)", "d = {key: c[key] for key in reversed(c)}"),
    "popped": ("d = copy.copy(c)", "d = dict(c)\nd['p'] = d.pop('q') * 1.0\nd['q'] = c['q']"),
}
USES_OF_RECORDS = {  # `.p` is written `['p']` where they are dicts
    "read": "",
    "write": "if isinstance(d.p, np.ndarray):\n    d.p[0] = x * x",
    "bind": "d.p = x * 3.0",
    "update": "d.p *= x * 3.0",
    "update twice": "d.r = d.r * 2.0\nd.r += x",
    "write the array": "b[1] = x * 0.5\nb *= 1.5",
    "write the argument": "a[0] = x\na *= 2.0",
    "in a loop": "for i in range(int(x * 3)):\n    d.p = d.p * 0.5\n    d.p += 1.0",
    "in an arm": "if x > 0.5:\n    d.p *= 0.25",
    "exchange": "d.p, d.r = d.r, d.p\nd.p *= 3.0",
    "exchange in a loop": "for i in range(int(x * 3)):\n    d.p, d.q = d.q, d.p\nd.p *= 3.0",
    "in an arm of the other": "if x > 0.5:\n    if isinstance(c.p, np.ndarray):\n        c.p[:] = 0.25 * x",
    "keep one": "e = d.p\nd.p = x\nb *= 2.0\nd.q = e",
    "views": "if isinstance(d.q, np.ndarray):\n    e = d.q[:1]\n    e[:] = x\n    d.q[-1] *= 2.0",
}


def sources() -> list[str]:
    """A function for every combination."""
    made = []
    for name, (content, sequence, passed, use) in combined(CONTENTS, SEQUENCES, PASSED, USES):
        made.append((name, "\n".join(["b = a * 1.0", content, sequence, passed, use, RESULT])))
    for name, (content, record, passed, use) in combined(CONTENTS, RECORDS, PASSED_RECORDS, USES_OF_RECORDS):
        keyed = "ct" in name.split(", ")[1] or name.split(", ")[1] in ("ordered", "filled", "setdefault", "fromkeys")
        keyed = keyed and "object" not in name.split(", ")[1]
        lines = [passed[keyed], use, "s = total([c.p, c.q, c.r]) + 0.3 * total([d.p, d.q, d.r])"]
        if keyed:
            lines = [lines[0], *(by_key(line) for line in lines[1:])]
        made.append((name, "\n".join(["b = a * 1.0", content, record, *lines,
                                      "return float(s + np.sum(b * W) + 0.1 * np.sum(a * W))"])))
    return [program(number, name, lines) for number, (name, lines) in enumerate(made)]


def by_key(lines: str) -> str:
    """Attributes written as keys."""
    for key in "pqr":
        lines = lines.replace(f"c.{key}", f"c['{key}']").replace(f"d.{key}", f"d['{key}']")
    return lines


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("engine", ["python", "tape"])
def test_containers(engine: str, tmp_path: Path) -> None:
    outcome = judged(HEAD, sources()[::1999], tmp_path, engine)
    assert not outcome.wrong, "\n\n".join(outcome.wrong)
    assert outcome.verdicts["right"] > 40


if __name__ == "__main__":
    main(HEAD, sources)
