"""A cell that computes waits while an edit is answered, a moment at most, and can be interrupted."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest
from workbench_jupyter.panel import turns
from workbench_jupyter.panel.turns import LONGEST, Turns

from tests.extension.panel_kernel import Kernel

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGRTMAX"), reason="there are no signals that nobody uses")


@pytest.fixture
def made() -> Iterator[Turns]:
    made = Turns()
    yield made
    made.close()


def answering(made: Turns, seconds: float) -> tuple[threading.Thread, list[float]]:
    """A thread that works an answer out after a while; when it has begun and ended."""
    times: list[float] = []

    def answer() -> None:
        time.sleep(0.2)
        with made.ours():
            times.append(time.monotonic())
            time.sleep(seconds)
            times.append(time.monotonic())
    return threading.Thread(target=answer), times


def gaps(thread: threading.Thread) -> tuple[float, float]:
    """When this thread, which computes, stood still for longest, and for how long."""
    thread.start()
    longest, at, last = 0.0, 0.0, time.monotonic()
    is_over = False
    while not is_over:
        is_over = not thread.is_alive()
        now = time.monotonic()
        if now - last > longest:
            longest, at = now - last, last
        last = now
    return at, longest


def test_what_computes_waits_for_the_answer(made: Turns) -> None:
    thread, times = answering(made, 0.1)
    at, longest = gaps(thread)
    assert longest > 0.05 and at < times[1]


def test_it_waits_a_moment_at_most(made: Turns) -> None:
    thread, _ = answering(made, LONGEST + 1.0)
    _, longest = gaps(thread)
    assert LONGEST / 2 < longest < LONGEST + 0.9


def test_an_interrupt_ends_the_waiting(made: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST", 20.0)
    thread, times = answering(made, 10.0)
    threading.Timer(0.6, lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        gaps(thread)
    assert len(times) == 1 and not made._is_waiting  # (the answer is not there yet)
    made._answered.set()


def test_signals_that_are_in_use_are_left_alone() -> None:
    last = signal.SIGRTMAX
    before = signal.signal(last - 1, lambda *_: None)
    try:
        made = Turns()
        assert made._signal == last - 2
        made.close()
        assert signal.getsignal(last - 2) == signal.SIG_DFL and signal.getsignal(last - 1) != signal.SIG_DFL
    finally:
        signal.signal(last - 1, before)


def test_in_the_main_thread_or_without_a_signal_nobody_waits(made: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    with made.ours():
        assert made._answered.is_set()
    monkeypatch.setattr(turns, "_free", lambda: None)
    other = Turns()
    thread, _ = answering(other, 0.3)
    _, longest = gaps(thread)
    assert longest < 0.3
    other.close()


def test_cells_go_on_as_they_were_behind_an_answer() -> None:
    kernel = Kernel()
    try:
        kernel.run("%load_ext workbench")
        running = kernel.begin("import time\nend = time.monotonic() + 3\ntotal = 0\nwhile time.monotonic() < end:\n"
                               "    total += 1\nprint('done')")
        for k in range(5):
            text = f"def f(x: float):\n    return x * {k}.5"
            question = {"what": "analyse", "cell": {"id": "a", "source": text, "line": 1}, "others": [], "parts": True}
            assert kernel.ask(question)["value"]["key"]
        kernel.wait(running)
        kernel.run("print(total > 0)")
        assert "".join(kernel.printed) == "done\nTrue\n"
    finally:
        kernel.close()
