"""Both modes over all programs, to second order, against differences and each other."""

from __future__ import annotations

import pytest

from tests.transforms.oracle import check
from tests.transforms.programs import PROGRAMS, names


@pytest.mark.parametrize("name", names())
def test_derivatives(name: str) -> None:
    function, args, wrt, outputs = PROGRAMS[name]()
    check(function, args, wrt, outputs)
