"""A sample of random programs about names; `python -m tests.fuzz.names` runs more."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.names import check


@pytest.mark.parametrize("unrolled", [False, True])
def test_names(unrolled: bool) -> None:
    seed = random.SystemRandom().randrange(10**9)
    found, refused = check(seed, 60, unrolled)
    assert not found and refused < 50
