"""Each planted fault is noticed, and without it the same check is content."""
from __future__ import annotations

import pytest

from tests.fuzz.faults import FAULTS, Fault


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_planted_fault_is_noticed(fault: Fault) -> None:
    with fault.plant():
        assert fault.noticed(), f"{fault.name}: nobody noticed"
    assert not fault.noticed(), f"{fault.name}: a complaint with nothing planted"
