"""Random searches of least and greatest values, in every spelling: the gradient compiled to Python is the tape's."""

from __future__ import annotations

import importlib.util
import random
import sys
import textwrap
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python

UPDATES = (
    "best = best if best {o} d else d", "best = d if d {o} best else best", "best = {m}(best, d)",
    "best = {m}(d, best)", "if best {o} d:\n    pass\nelse:\n    best = d", "if d {o} best:\n    best = d",
    "if not (best {o} d):\n    best = d", "if not best > d and not best < d:\n    pass\nelif d {o} best:\n    best = d")
TERMS = ("x[k] * x[k] + 0.1 * x[0]", "(x[k] - 0.3 * x[i]) ** 2", "np.sin(3.0 * x[k]) + x[i]", "x[k] * x[i]",
         "abs(x[k] - x[i])")
TOTALS = ("total += best * x[i]", "total += best", "total += best * best - x[i]", "total = total * 0.5 + best")


def written(draw: random.Random) -> str:
    """A program."""
    order = draw.choice(["<", "<=", ">", ">="])
    least = "<" in order
    spelled = {"o": order, "m": "min" if least else "max"}
    begin = draw.choice(["1e30", "10.0"] if least else ["-1e30", "-10.0"]) if draw.random() < 0.8 else "x[0] * 2.0"
    turns = [f"d = {draw.choice(TERMS)}\n{draw.choice(UPDATES).format(**spelled)}"
             for _ in range(draw.choice([1, 1, 1, 2]))]
    body = "\n".join(turns)
    if draw.random() < 0.15:
        body = "if x[k] > 0.0:\n" + textwrap.indent(body, "    ")
    indices = draw.choice(["len(x)", "len(x)", "1, len(x)", "len(x) - 1, -1, -1", "2"])
    inner = f"best = {begin}\nfor k in range({indices}):\n" + textwrap.indent(body, "    ") + f"\n{draw.choice(TOTALS)}"
    if draw.random() < 0.3:
        outer = "    i = 1\n" + textwrap.indent(inner, "    ")
    else:
        outer = "    for i in range(len(x)):\n" + textwrap.indent(inner, "        ")
    return f"import numpy as np\n\n\ndef f(x):\n    total = 0.0\n{outer}\n    return total\n"


@pytest.mark.parametrize("seed", range(24))
def test_as_on_the_tape(seed: int, tmp_path: Path) -> None:
    text = written(random.Random(seed))
    path = tmp_path / f"extrema_{seed}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    rng = np.random.default_rng(seed)
    with in_python(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        derivative = wb.value_and_grad(module.f, engine="numba")
        for n in (2, 3, 7):
            x = rng.normal(size=n)
            value, gradient = derivative(x)
            plain, expected = wb.value_and_grad(module.f, engine="tape")(x)
            np.testing.assert_allclose((value, plain), module.f(x), rtol=1e-14, atol=1e-14)
            np.testing.assert_allclose(gradient, expected, rtol=1e-11, atol=1e-11, err_msg=text)
