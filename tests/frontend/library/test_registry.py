"""A library function has one meaning; the arguments of its call are taken, refused, or raise as Python's."""
from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.interpreted import traced
from workbench.frontend.composed import compositions
from workbench.frontend.library.arguments import positioned, title
from workbench.frontend.library.registry import handlers, handles

X = np.array([0.5, 1.5, -0.5])
# (program, what NumPy and Python raise)
RAISING: list[tuple[Any, str]] = [
    (lambda x: np.sum(x, order="C"), "unexpected keyword argument 'order'"),
    (lambda x: np.argsort(x, ascending=True), "unexpected keyword argument 'ascending'"),
    (lambda x: np.trace(np.outer(x, x), 1, offset=0), "multiple values for argument 'offset'"),
    (lambda x: np.vdot(a=x, b=x), "positional-only arguments"),
    (lambda x: np.dot(x), "missing"),
    (lambda x: np.random.default_rng(0).chisquare() * x, "positional argument"),
]
# (program, the argument that is refused)
REFUSED: list[tuple[Any, str]] = [
    (lambda x: np.eye(3, order="F") @ x, "the option 'order' of np.eye"),
    (lambda x: np.concatenate([x, x], casting="unsafe"), "casting='unsafe' of np.concatenate"),
    (lambda x: np.mean(np.sum(x, keepdims=x[0] > 0)), "the option 'keepdims' known at run time only"),
    (lambda x: isinstance(x, np.ndarray, 3) * x, "3 arguments of isinstance"),
]


@pytest.mark.parametrize(("program", "words"), RAISING)
def test_raises_as_python_does(program: Any, words: str) -> None:
    with pytest.raises(TypeError):
        program(X)
    with pytest.raises(TypeError, match=words):
        traced(program, (X,))


@pytest.mark.parametrize(("program", "words"), REFUSED)
def test_refuses_by_name(program: Any, words: str) -> None:
    with pytest.raises(wb.DifferentiationError, match=words):
        traced(program, (X,))


def test_a_callable_has_one_meaning() -> None:
    written = compositions().all()
    assert len(written) > 300 and not handlers().keys() & written.keys()
    with pytest.raises(ValueError, match=r"np\.mean is written out"):
        handles(np.mean)(lambda act, args, named: None)


def test_parameters_have_the_names_of_the_callables() -> None:
    """Of functions in Python every parameter of an implementation is the callable's (`newshape`: of an old NumPy)."""
    wrong = []
    for function, handler in handlers().items():
        own = getattr(function, "_implementation", function)
        implementation = inspect.unwrap(handler)
        known = inspect.isfunction(own) and own.__module__.startswith(("numpy", "scipy"))
        theirs = inspect.signature(function).parameters if known else {}
        if implementation is handler or any(p.kind is p.VAR_KEYWORD for p in theirs.values()):
            continue
        for name, parameter in list(inspect.signature(implementation).parameters.items())[1:]:
            several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            if not several and name not in theirs and name != "newshape" and theirs:
                wrong.append(f"{title(function)}: {name}")
    assert not wrong


def test_arguments_by_name_are_put_in_their_places() -> None:
    assert positioned(np.flip, (), {"m": X, "axis": 0}) == ((X,), {"axis": 0})
    in_c = {"start": 0, "stop": 3}  # which takes other names than it shows
    assert positioned(np.arange, (), in_c) == ((), in_c)
