"""The summary of `make test`: what failed, in one screen."""
from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def checks(project_root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_checks", project_root / "tools" / "run_checks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_what_failed_is_named_and_can_be_run_again(checks: ModuleType) -> None:
    lines = ("....F", "=== FAILURES ===", "E   assert 1 == 2", "=== short test summary info ===",
             "FAILED tests/ir/test_text.py::test_names - assert 1 == 2", "1 failed, 4 passed in 1.00s")
    text = checks.summary([checks.Outcome("ruff", True, 0.1, ()), checks.Outcome("tests", False, 9.0, lines)])
    assert "ok    ruff" in text and "FAIL  tests" in text
    assert "FAILED tests/ir/test_text.py::test_names - assert 1 == 2" in text
    assert text.endswith("one of them again: .venv/bin/pytest 'tests/ir/test_text.py::test_names'")


@pytest.mark.parametrize("line", [
    "workbench/api.py:12: error: Name \"x\" is not defined  [name-defined]", "import cycle: a <-> b",
    "  --> workbench/api.py:12:3", "../src/index.ts(12,3): error TS2322: Type 'string' is not assignable",
    "not ok 3 - rows that changed are marked"])
def test_places_of_other_checks_are_shown(checks: ModuleType, line: str) -> None:
    assert line.strip() in checks.summary([checks.Outcome("lint", False, 1.0, ("noise", line, "Found 1 error"))])


def test_however_much_failed_it_is_one_screen(checks: ModuleType) -> None:
    many = tuple(f"FAILED tests/test_{k}.py::test - {'long ' * 60}" for k in range(400))
    outcomes = [checks.Outcome(name, False, 1.0, many) for name in ("ruff", "imports", "mypy", "tests", "timing")]
    rows = checks.summary(outcomes).splitlines()
    assert len(rows) <= 50 and all(len(row) <= 120 for row in rows)


def test_where_no_line_says_so_the_end_is_shown(checks: ModuleType) -> None:
    text = checks.summary([checks.Outcome("wheel", False, 1.0, ("building", "no space left on device"))])
    assert "no space left on device" in text


def test_the_panel_is_checked_before_the_wheel_that_carries_it(checks: ModuleType) -> None:
    names = [name for name, *_ in checks.steps([])]
    assert names.index("panel") < names.index("wheel") and {"tsc", "node"} < set(names)


def test_files_that_measure_time_are_found(checks: ModuleType) -> None:
    assert "tests/notebooks/test_first_gradient.py" in checks.timed()
