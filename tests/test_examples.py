"""The examples of docstrings run, as a user would type them, and the public names have one."""

from __future__ import annotations

import builtins
import doctest
import importlib
import pkgutil
from types import ModuleType
from unittest import mock

import pytest

import workbench as wb
from workbench.operators import Derivative


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
def test_a_public_name_says_what_it_gives_and_raises_with_an_example(name: str) -> None:
    text = getattr(wb, name).__doc__ or ""
    assert ">>>" in text and "Returns" in text
    assert any(words in text for words in ("Raises", "Nothing is raised", "errors as"))


@pytest.mark.parametrize("name", [
    "cost", "costs", "export", "ir", "is_recorded", "measure", "op_counts", "plan", "source", "source_map"])
def test_what_users_ask_of_a_derivative_has_an_example(name: str) -> None:
    assert ">>>" in (getattr(Derivative, name).__doc__ or "")
