"""Looking at a program from inside while it is traced: `probe(...)` in a program is what the test says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.fuzz.interpreted import interpret
from workbench.frontend.library import handles

_meaning: list[Callable[..., Any]] = []


def probe(*values: Any) -> Any:
    """What the test makes of the evaluator's values."""
    raise AssertionError("it is called in traced programs only")


@handles(probe)
def _probed(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return _meaning[-1](act, *args)


def probed(meaning: Callable[..., Any], program: Callable[..., Any], *args: Any) -> Any:
    """The value of a program, interpreted, of which `probe` has a meaning: a function of the activation and the values
    of the evaluator that it is called with."""
    _meaning.append(meaning)
    try:
        return interpret(program, args)
    finally:
        _meaning.pop()
