"""Libraries that are imported late: their functions mean the same, whenever they are imported."""
from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
import scipy.special

from workbench.deferred import Deferred, Library, Meanings, is_ufunc, resolved

PROGRAM = """
import sys
import numpy as np
import workbench as wb

slow = {"scipy.special", "scipy.linalg", "scipy.integrate", "scipy.optimize", "scipy.fft"}
assert not slow & set(sys.modules), slow & set(sys.modules)
import scipy.special, scipy.fft

def f(x):
    spread = scipy.special.logsumexp(np.array([x, 1.0]))
    return scipy.special.erf(x) + spread + scipy.fft.fft(np.array([x, 2.0]))[0].real

for engine in ("reference", "tape"):
    wb.grad(f, engine=engine)(0.3)
print(wb.grad(f, engine="tape")(0.3))
"""


def test_import_loads_no_slow_library_and_finds_it_afterwards(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    expected = 2.0 / math.sqrt(math.pi) * math.exp(-0.09) + 1.0 / (1.0 + math.exp(0.7)) + 1.0
    assert float(done.stdout) == pytest.approx(expected, rel=1e-12)


def test_an_entry_is_found_by_name_and_by_object() -> None:
    meanings: Meanings[str] = Meanings()
    meanings[Library("scipy.special").erf] = "named"
    meanings[len] = "object"
    assert meanings.get(Deferred("scipy.special", "erf")) == "named"
    assert meanings.get(scipy.special.erf) == "named" and meanings.get(len) == "object"
    assert meanings.get(scipy.special.erfc) is None and scipy.special.erf in meanings
    assert meanings.all() == {scipy.special.erf: "named", len: "object"} == dict(meanings.items())


def test_a_deferred_object_is_called_as_itself() -> None:
    erf = Library("scipy.special").erf
    assert erf(0.3) == scipy.special.erf(0.3) and erf.__name__ == "erf"
    assert resolved(erf) is scipy.special.erf and resolved(len) is len
    assert is_ufunc(erf) and is_ufunc(scipy.special.erf) and not is_ufunc(len)
