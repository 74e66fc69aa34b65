"""Wrong and unsupported programs: each fails as plain Python does, or is refused at its line, or is right."""
from __future__ import annotations

import types
from typing import Any

import pytest

from tests.fuzz.emitted import in_python
from tests.programs import refused
from tests.programs.judge import judged
from tests.programs.wrong import THEMES

ALL = [(theme, function, args) for theme in THEMES for function, args in theme.CASES]
NAMES = [f"{theme.__name__.rpartition('.')[2]}-{function.__name__}-{type(args[0]).__name__}"
         for theme, function, args in ALL]


AGAIN = 5  # with engine="auto", which is one or the other of the two, every fifth


@pytest.mark.parametrize("engine, theme, function, args", [
    *(pytest.param(engine, *case, id=f"{engine}-{name}") for engine in ("numba", "tape")
      for case, name in zip(ALL, NAMES)),
    *(pytest.param("auto", *case, id=f"auto-{name}") for case, name in list(zip(ALL, NAMES))[::AGAIN])])
def test_wrong_program(engine: str, theme: types.ModuleType, function: Any, args: tuple[Any, ...]) -> None:
    """(What is emitted runs as the Python that it is.)"""
    with in_python():
        wrong = judged(theme, function, args, engine, function.__name__ in theme.MUST)
    assert wrong is None, wrong


@pytest.mark.sampled(1 / 10)
@pytest.mark.parametrize("theme, function, args", [pytest.param(*case, id=name) for case, name in zip(ALL, NAMES)])
def test_wrong_program_compiled(theme: types.ModuleType, function: Any, args: tuple[Any, ...]) -> None:
    wrong = judged(theme, function, args, "numba", function.__name__ in theme.MUST)
    assert wrong is None, wrong


def test_there_are_enough() -> None:
    assert len(ALL) + len(refused.MUST_REFUSE) + len(refused.REFUSE_OR_RIGHT) + len(refused.RAISING) >= 150
