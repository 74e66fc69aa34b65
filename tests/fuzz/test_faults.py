"""Each planted fault is noticed by the program of a seed that is known to, and without it that program is right.

`make faults` hunts all of them with fresh seeds.
"""
from __future__ import annotations

import pytest

from tests.fuzz.faults import FAULTS, Fault


@pytest.mark.sampled(1 / 3)
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_planted_fault_is_noticed(fault: Fault) -> None:
    with fault.plant():
        assert fault.noticed(), f"{fault.name}: nobody noticed"
    assert not fault.noticed(), f"{fault.name}: a complaint with nothing planted"


def test_there_are_twenty_faults_of_different_names() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 20
