"""Shared by all tests: which copy of the package is under test, and where caches go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import workbench

os.environ.setdefault("WORKBENCH_CACHE", "source")  # tests change passes and rules while they run


def pytest_configure(config: pytest.Config) -> None:
    """Where a wheel is under test, the sources must not shadow it."""
    expected = os.environ.get("WORKBENCH_TESTED_FROM")
    found = Path(workbench.__file__).resolve()
    if expected and not found.is_relative_to(Path(expected).resolve()):
        raise pytest.UsageError(f"the tests would run against {found}, not against the wheel in {expected}")


@pytest.fixture(scope="session")
def project_root() -> Path:
    return Path(__file__).resolve().parent.parent
