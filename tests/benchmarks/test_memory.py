"""The measurement of peak memory: what arrays are for, that bytes are counted exactly, and that a waste is noticed."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from unittest import mock

import numpy as np

import workbench as wb
from tests.benchmarks.memory.bar import Peaks, allocator
from tests.benchmarks.memory.programs import damped_until, linear_chain, recursive_integral, scaled_rows
from tests.fuzz import emitted
from workbench.cost.roles import COTANGENT, OUTPUT, RESIDUAL, SCRATCH, UNNAMED, roles


def roles_of(program, wrt, *args):
    """How many arrays of a gradient have which role."""
    found: Counter[str] = Counter()
    compiled = emitted.compile_in_python

    def noting(function, name=None, *, exact=None, **options):
        found.update(roles(function, exact).values())
        return compiled(function, name, exact=exact, **options)
    with mock.patch.object(emitted, "compile_in_python", noting), emitted.in_python():
        wb.value_and_grad(program, wrt, engine="numba", mode="reverse")(*args)
    return dict(found)


def sums_of_running_products(x):
    a = np.sin(x)
    b = np.cumsum(a * a)
    return np.sum(b * b) + np.sum(a[::-1] * b)


def test_roles_in_a_chain_of_arrays():
    """The reverse sweep reads `a` and `b`, and makes the gradient."""
    found = roles_of(sums_of_running_products, 0, np.arange(5.0))
    assert found[RESIDUAL] == 2 and found[OUTPUT] == 1


def test_roles_in_linear_code():
    """Arrays of the primal that nothing of the reverse sweep reads are scratch."""
    assert roles_of(linear_chain, (0, 1), np.arange(5.0), np.arange(5.0)) == {SCRATCH: 3, COTANGENT: 4, OUTPUT: 2}


def test_the_cotangent_of_a_value_without_a_name():
    """Of the rows over their lengths; what is recomputed (reciprocals, masks) is scratch."""
    found = roles_of(scaled_rows, 0, np.random.default_rng(1).normal(size=(4, 3)))
    assert found[UNNAMED] == found[OUTPUT] == 1 and found[SCRATCH] >= 3


def test_roles_of_lists_and_stacks():
    assert roles_of(damped_until, 0, 0.4, 2.5, 10.0) == {RESIDUAL: 1}
    assert roles_of(recursive_integral, 0, 0.2, 1.9, 3) == {RESIDUAL: 2}  # of numbers, and of conditions


def squares(x, steps):
    """Kept: a row of x a step. Made: a cotangent, an output."""
    for _ in range(steps):
        x = x * x * 0.5
    return np.sum(np.sin(x))


def measured(text):
    """What a process with the counting allocator says; nothing compiled before is taken from the disk."""
    environment = {**os.environ, "LD_PRELOAD": str(allocator()), "WORKBENCH_CACHE": "0"}
    done = subprocess.run([sys.executable, "-c", text], env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_bytes_are_counted():
    size, steps = 10_000, 20
    found = Peaks("squares", **measured(
        "import json; import numpy as np; from tests.benchmarks.memory.process import measure\n"
        "from tests.benchmarks.test_memory import squares\n"
        f"print(json.dumps(measure(squares, (np.linspace(0.5, 0.9, {size}), {steps}), 0)))"))
    row = 8 * size
    page = 8192  # heads of arrays, and what malloc rounds up
    assert abs(found.roles[RESIDUAL] - steps * row) < page
    assert found.roles[OUTPUT] % row < page
    assert abs(found.marked - found.gradient) < page  # the marked program is the program
    assert found.allotted <= found.gradient <= found.allotted + 2 * row + page
    assert found.ratio < 1.0


def test_lists_that_are_copied_when_they_grow_are_noticed():
    """A planted waste: the text of `grow` as it is, compiled."""
    found = Peaks("damped_until", **measured(
        "import json; from tests.benchmarks.memory.process import measure\n"
        "from workbench.engines.numba import growing\n"
        "growing.COMPILED.clear()\n"
        "from tests.benchmarks.memory.programs import damped_until\n"
        "print(json.dumps(measure(damped_until, (0.4, 3.5, 2e5), (0, 1))))"))
    assert found.allotted > 4_000_000 and found.ratio > 1.15
