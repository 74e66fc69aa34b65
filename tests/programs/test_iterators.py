"""Iterators are consumed once, by whoever gets them, and read an item when its turn comes: every way to make one, and
every way to go through it, twice, in part, while its source is written, from several places.

`python -m tests.programs.test_iterators [engine] [every]` runs all combinations, the tests a small part.
"""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.tables import combined, judged, main, program

HEAD = """
import itertools
from collections import deque


def total(u):
    if isinstance(u, (tuple, list)):
        return sum((k + 1.0) * total(v) for k, v in enumerate(u))
    return float(np.sum(u * u)) + np.sum(u)


def gen(c):
    for u in c:
        yield u * 2


def same(*u):
    return u[0]


def pair(u):
    return total(u), 2 * total(u)


def consumed(it):
    s = 0.
    for u in it:
        s += total(u)
    return s
"""
ITERATORS = {
    "zip": "zip(b, c)",
    "zip one": "zip(c, (1., 2., 3.))",
    "enumerate": "enumerate(b)",
    "enumerate list": "enumerate(c)",
    "reversed list": "reversed(c)",
    "reversed array": "reversed(b)",
    "iter array": "iter(b)",
    "iter list": "iter(c)",
    "map": "map(abs, b)",
    "filter": "filter(None, c)",
    "generator": "(u * 2 for u in b)",
    "gen fn": "gen(c)",
    "product": "itertools.product(c, (1., 2.))",
    "pairwise": "itertools.pairwise(b)",
    "pairwise list": "itertools.pairwise(c)",
    "islice": "itertools.islice(b, 2)",
    "islice list": "itertools.islice(c, 2)",
    "longest": "itertools.zip_longest(b, (1., 2.), fillvalue=x)",
    "combinations": "itertools.combinations(c, 2)",
    "repeat": "itertools.repeat(x, 3)",
    "ndenumerate": "np.ndenumerate(b)",
    "ndindex": "np.ndindex(3)",
    "flat": "b.flat",
    "chain": "itertools.chain(b, c)",
    "accumulate": "itertools.accumulate(c)",
    "starmap": "itertools.starmap(same, zip(b, c))",
    "range iter": "iter(range(3))",
    "dict values": "iter(dict(enumerate(c)).values())",
    "dict view": "dict(enumerate(c)).values()",
    "dict items": "dict(enumerate(c)).items()",
    "values iter": "iter({'a': x, 'b': a[0]}.items())",
    "takewhile": "itertools.takewhile(bool, c)",
    "compress": "itertools.compress(c, [1, 0, 1])",
    "cycle": "itertools.islice(itertools.cycle(c), 5)",
    "count": "zip(itertools.count(), c)",
    "tuple": "iter((x, a[0], x * 2))",
    "zip of iter": "zip(iter(b), c)",
    "grouped": "zip(*[iter(b)] * 2)",
    "groupedlist": "zip(*[iter(c)] * 2)",
    "enum of zip": "enumerate(zip(b, c))",
    "zip of enum": "zip(enumerate(c), b)",
    "reversed range": "reversed(range(3))",
    "matrix": "iter(np.outer(a, a))",
    "matrix zip": "zip(np.outer(a, b), c)",
}
USES = {
    "once": "s = 0.\nfor u in it:\n    s += total(u)",
    "twice": "s = 0.\nfor u in it:\n    s += total(u)\nfor u in it:\n    s += total(u) * 2",
    "list twice": "d = list(it)\ne = list(it)\ns = len(d) * x + len(e) * x * 3",
    "next then loop": "s = total(next(it))\nfor u in it:\n    s += total(u) * 2",
    "next twice": "s = total(next(it))\ns += 2 * total(next(it))",
    "next default": "s = sum([total(next(it, k)) for k in (0., 1., 2., 5., 7., 9., 11.)])",
    "break": "s = 0.\nfor u in it:\n    s += total(u)\n    break\nfor u in it:\n    s += total(u) * 2",
    "break on number": "s = 0.\nfor u in it:\n    s += total(u)\n    if s > 0.4:\n        break\n"
                       "for u in it:\n    s += total(u) * 2",
    "write before": "b[1] = x * 5\nc[1] = x * 7\ns = 0.\nfor u in it:\n    s += total(u)",
    "write while": "s = 0.\nfor u in it:\n    s += total(u)\n    b[2] = s\n    c[2] = s",
    "write then list": "b[1] = x * 5\nc[1] = x * 7\ns = total([total(u) for u in it])",
    "bind before": "b = b * 3\nc = [x]\ns = 0.\nfor u in it:\n    s += total(u)",
    "sum twice": "s = sum(total(u) for u in it)\ns += 3 * sum(total(u) for u in it)",
    "star": "d = [*it]\ne = [*it, 0.]\ns = total([total(u) for u in d]) + len(e) * x",
    "first rest": "u, *r = it\ns = total(u) + len(list(it)) * x + sum(total(v) * 3 for v in r)",
    "nested": "s = 0.\nfor u in it:\n    for v in it:\n        s += total(u) * total(v)",
    "helper": "s = consumed(it) + 3 * consumed(it)",
    "in the other": "s = 0.\nfor u, v in zip(it, it):\n    s += total(u) * 2 + total(v)",
    "iter of": "s = 0.\nfor u in iter(it):\n    s += total(u)\nfor u in iter(it):\n    s += 2 * total(u)",
    "tuple compare": "s = x * float(it == it) + len(tuple(it))",
    "max": "s = max(total(u) for u in it)",
    "in loop": "s = 0.\nfor i in range(int(x * 3)):\n    for u in it:\n        s += total(u) * (i + 1)",
    "else": "s = 0.\nfor u in it:\n    s += total(u)\nelse:\n    s += x * 10",
    "in arm": "s = 0.\nif x > 0.5:\n    for u in it:\n        s += total(u)\nfor u in it:\n    s += 2 * total(u)",
    "islice twice": "s = sum(total(u) for u in itertools.islice(it, 1))\ns += 3 * sum(total(u) for u in it)",
    "zip with count": "s = sum(total(u) * k for k, u in zip(range(2), it))\ns += 3 * sum(total(u) for u in it)",
    "zip first": "s = sum(total(u) * k for u, k in zip(it, range(2)))\ns += 3 * sum(total(u) for u in it)",
    "unzip": "p = list(zip(*map(pair, it)))\ns = total(p[0]) + 2 * total(p[1])",
    "len": "s = x * len(it)",
    "index": "s = total(it[0])",
    "bool": "s = x * bool(it)",
    "in": "s = x if 0.7 in it else x * 2",
    "dict": "d = dict(enumerate(it))\ns = sum(k * total(u) for k, u in d.items()) + x * len(list(it))",
    "array": "s = float(np.sum(np.array([total(u) for u in it]) * 2)) + x * len(list(it))",
    "deque": "d = deque(it)\nd.rotate(1)\ns = total([total(u) for u in d])",
}


def sources() -> list[str]:
    """A function for every combination."""
    return [program(number, name, f"b = a * x\nc = [x, x * 2, a[0]]\nit = {iterator}\n{use}\n"
                                  "return float(s + 0.1 * np.sum(b) + total(c))")
            for number, (name, (iterator, use)) in enumerate(combined(ITERATORS, USES))]


@pytest.mark.parametrize("engine", ["python", "tape"])
def test_iterators(engine: str, tmp_path: Path) -> None:
    chosen = [source for k, source in enumerate(sources()) if not k % 31 or (", in loop" in source and not k % 3)]
    outcome = judged(HEAD, chosen, tmp_path, engine)
    assert not outcome.wrong, "\n\n".join(outcome.wrong)
    assert outcome.verdicts["right"] > 60


if __name__ == "__main__":
    main(HEAD, sources)
