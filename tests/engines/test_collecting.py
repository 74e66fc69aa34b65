"""The collector of cycles waits while a program is specialised, and is then as it was."""
from __future__ import annotations

import gc
import os
import threading

import pytest

import workbench as wb
from workbench.engines.collecting import uncollected


def test_it_is_as_it_was_after_a_first_gradient_and_after_a_refusal() -> None:
    def square(x: float) -> float:
        return x * x

    def refused(x: float) -> float:
        return float(str(x))

    for setting in (True, False):
        (gc.enable if setting else gc.disable)()
        try:
            assert wb.grad(square, engine="numba")(3.0) == 6.0
            with pytest.raises(wb.DifferentiationError):
                wb.grad(refused, engine="numba")(3.0)
            assert gc.isenabled() is setting
        finally:
            gc.enable()


def test_the_last_of_overlapping_blocks_switches_it_on_again() -> None:
    begun, leave = threading.Event(), threading.Event()

    def other() -> None:
        with uncollected():
            begun.set()
            leave.wait(10.0)

    thread = threading.Thread(target=other)
    with uncollected():
        thread.start()
        assert begun.wait(10.0)
        with uncollected():
            assert not gc.isenabled()
    assert not gc.isenabled()  # (the other thread is at it)
    leave.set()
    thread.join()
    assert gc.isenabled()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_process_that_is_forked_meanwhile_collects() -> None:
    with uncollected():
        child = os.fork()
        if not child:
            os._exit(0 if gc.isenabled() else 1)
        assert not gc.isenabled()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert gc.isenabled()
