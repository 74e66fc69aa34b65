"""The examples of docstrings run, as a user would type them, and the public names have one."""

from __future__ import annotations

import builtins
import doctest
import importlib
import pkgutil
from types import ModuleType
from typing import Any
from unittest import mock

import pytest

import workbench as wb


def _modules() -> list[ModuleType]:
    names = [m.name for m in pkgutil.walk_packages(wb.__path__, "workbench.")]
    return [wb, *(importlib.import_module(name) for name in names if not name.endswith("__main__"))]


def _examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for module in _modules()
             for test in finder.find(module, globs={**vars(module), "__name__": "examples"})]
    return [test for test in found if test.examples]


@pytest.mark.parametrize("example", _examples(), ids=lambda test: test.name)
def test_example(example: doctest.DocTest) -> None:
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    said: list[str] = []
    with mock.patch.dict(vars(builtins)):  # (it leaves what was printed last there, as `_`)
        runner.run(example, out=said.append)
    assert not runner.failures, "".join(said)


@pytest.mark.parametrize("name", sorted(set(wb.__all__) - {"DifferentiationError"}))
def test_a_public_name_has_an_example(name: str) -> None:
    public: Any = getattr(wb, name)
    assert ">>>" in (public.__doc__ or "")
