"""Exceptions that a program catches: what names hold behind the `try`."""
from __future__ import annotations

import pytest

from tests.frontend.running import agrees


@pytest.mark.parametrize("flag", [1.0, -1.0])
def test_a_name_of_a_loop_is_read_behind_the_exception_that_came_before_it_was_bound_anew(flag: float) -> None:
    def program(x: float, n: int, flag: float) -> float:
        try:
            for k in range(n):
                s = x * k
            if flag > 0.0:
                raise ValueError("before s is bound anew")
            s = 5.0 * x
        except ValueError:
            pass
        return s

    agrees(program, 0.7, 2000, flag)  # (more turns than are unrolled as a last resort)
