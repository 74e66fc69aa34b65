"""`.export`: a file that runs with NumPy and Numba alone and checks itself; a failed write leaves nothing behind."""
from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.operators import Derivative

RNG = np.random.default_rng(12)


def relax(u, n):
    v = u.copy()
    for _ in range(n):
        for i in range(1, len(u) - 1):
            v[i] = 0.5 * (u[i - 1] + u[i + 1]) + np.sin(u[i])
        u, v = v, u
    return np.sum(u * u)


def chosen(a, b, x):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * x if a[i] > 0.0 else b[i] ** 2
    return total


CASES: list[Any] = [(relax, 0, (RNG.normal(size=6), 4)),
                    (chosen, (0, 1, 2), (RNG.normal(size=5), RNG.normal(size=5), 0.7))]


def run(path: Path) -> subprocess.CompletedProcess[str]:
    """Run a file where the project cannot be imported."""
    blocker = path.parent / "blocked"
    (blocker / "workbench").mkdir(parents=True, exist_ok=True)
    (blocker / "workbench" / "__init__.py").write_text("raise ImportError('the exported file must stand alone')\n")
    environment = {**os.environ, "PYTHONPATH": str(blocker)}
    return subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=120, cwd=path.parent,
                          env=environment)


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("function, wrt, args", CASES, ids=["relax", "chosen"])
def test_the_file_stands_alone_and_checks_itself(tmp_path: Path, function: Any, wrt: Any, args: Any) -> None:
    derivative = wb.value_and_grad(function, wrt)
    derivative(*args)
    derivative.export(tmp_path / "adjoint.py")
    text = (tmp_path / "adjoint.py").read_text()
    modules = {name.name.split(".")[0] for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)
               for name in node.names}
    modules |= {node.module.split(".")[0] for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    assert modules <= {"numpy", "numba", "math", "__future__"} and "numba" in modules
    done = run(tmp_path / "adjoint.py")
    assert done.returncode == 0, done.stderr
    assert "relative error" in done.stdout


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("size", [3, 90])
def test_what_is_composed_of_derivatives_checks_itself(tmp_path: Path, size: int) -> None:
    """By the numbers that it gave; larger arguments are drawn anew."""
    hessian = wb.hessian(relax, engine="numba")
    hessian(RNG.normal(size=size), 4)
    hessian.export(tmp_path / "hessian.py")
    done = run(tmp_path / "hessian.py")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "hessian.py").read_text()
    (tmp_path / "hessian.py").write_text(text.replace("np.cos", "1.01 * np.cos").replace("math.cos", "1.01 * math.cos"))
    assert "other numbers" in run(tmp_path / "hessian.py").stderr


def test_nothing_but_the_file_is_left(tmp_path: Path) -> None:
    derivative = wb.grad(relax)
    derivative(np.ones(5), 2)
    derivative.export(str(tmp_path / "adjoint.py"))
    derivative.export(tmp_path / "adjoint.py")
    assert [p.name for p in tmp_path.iterdir()] == ["adjoint.py"]


def test_before_a_first_call_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="call relax once"):
        wb.grad(relax).export(tmp_path / "adjoint.py")
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    derivative = wb.grad(relax)
    derivative(np.ones(5), 2)
    with pytest.raises(OSError):
        derivative.export(tmp_path / "no such folder" / "adjoint.py")
    (tmp_path / "adjoint.py").mkdir()
    with pytest.raises(OSError):
        derivative.export(tmp_path / "adjoint.py")
    assert [p.name for p in tmp_path.iterdir()] == ["adjoint.py"]


def test_a_failed_write_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    derivative = wb.grad(relax)
    derivative(np.ones(5), 2)
    target = tmp_path / "adjoint.py"
    target.write_text("older")

    def full(*args: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("workbench.operators.shown.os.replace", full)
    with pytest.raises(OSError, match="no space"):
        derivative.export(target)
    assert target.read_text() == "older" and [p.name for p in tmp_path.iterdir()] == ["adjoint.py"]


def test_a_tangent_program_is_not_exported(tmp_path: Path) -> None:
    tangent = Derivative(relax, "jvp", 0)
    tangent.specialised((np.ones(5), 2))
    with pytest.raises(wb.DifferentiationError, match="a tangent alone"):
        tangent.export(tmp_path / "adjoint.py")
    assert not list(tmp_path.iterdir())
