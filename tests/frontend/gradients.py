"""How the tests of library functions look at a program: interpreted value, gradient and slope against plain Python."""
from __future__ import annotations

from typing import Any

import numpy as np

from tests.corpus.oracle import gradient
from tests.fuzz.interpreted import interpreted_gradient, interpreted_slope


def differentiates(function: Any, *args: Any, method: str = "difference", tolerance: float = 2e-7) -> None:
    """Asserts value, gradient and slope of a program with a real result, at these arguments."""
    value, found = interpreted_gradient(function, args)
    expected_value = function(*args)
    assert np.allclose(value, expected_value, rtol=1e-11, atol=1e-12), f"value {value}, not {expected_value}"
    expected = gradient(function, args, tuple(range(len(args))), method)
    scale = max((float(np.max(np.abs(e), initial=0.0)) for e in expected.values()), default=0.0) + 1.0
    assert found.keys() == expected.keys()
    for path, bar in expected.items():
        assert np.shape(found[path]) == np.shape(bar)
        error = float(np.max(np.abs(found[path] - bar), initial=0.0))
        assert error <= tolerance * scale, f"{function.__name__}, {path}: {found[path]}, not {bar}"
    rng = np.random.default_rng(0)
    direction = {path: rng.uniform(-1.0, 1.0, np.shape(bar)) for path, bar in expected.items()}
    slope = interpreted_slope(function, args, direction)
    along = sum(float(np.sum(bar * direction[path])) for path, bar in found.items())
    assert abs(slope - along) <= 1e-9 * (1.0 + abs(along)), f"{function.__name__}: slope {slope}, not {along}"
