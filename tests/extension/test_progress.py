"""How far long work is: shown once it has lasted, gone when it is over."""

from __future__ import annotations

import time
from typing import Any

import pytest
from workbench_jupyter import progress as bars
from workbench_jupyter.progress import Bars, bar, share_of, text_of

from tests.extension.conftest import Notebook
from workbench import progress
from workbench.progress import Work, observed, working


class Page:
    """A display that remembers what it shows."""

    kernel = object()

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: dict[str, Any] = {}
        self.drawings = 0
        monkeypatch.setattr(bars, "display", self.draw)
        monkeypatch.setattr(bars, "update_display", self.draw)

    def draw(self, shown: Any, display_id: str, raw: bool = False) -> None:
        self.shown[display_id] = shown if raw else shown.data
        self.drawings += 1


def test_short_work_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(monkeypatch)
    with observed(Bars(page)), working("short"):
        pass
    time.sleep(bars.PATIENCE + 0.1)
    assert page.drawings == 0


def test_long_work_is_shown_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(monkeypatch)
    with pytest.raises(KeyboardInterrupt), observed(Bars(page)), working("<b>long</b>", 4, 5.0) as step:
        time.sleep(bars.PATIENCE + 0.2)
        (shown,) = page.shown.values()
        assert "&lt;b&gt;long&lt;/b&gt; 8%, about 5 s left" in shown or "12%" in shown or "about 4 s left" in shown
        with working("inside"):
            time.sleep(bars.OFTEN + 0.1)
            step()
        assert page.drawings == 2 and "25%" in next(iter(page.shown.values()))
        raise KeyboardInterrupt
    assert list(page.shown.values()) == [{}]


def test_what_an_observer_raises_does_not_reach_the_work() -> None:
    def broken(work: Work) -> None:
        raise RuntimeError("no display")
    with observed(broken), working("on") as step:
        step()
    assert progress._OBSERVERS.get() == ()


def test_estimates_in_words() -> None:
    assert share_of(Work("a", 0.0, 1.0, 2.0), 1.0) == 0.5 and share_of(Work("a", 0.0, 1.0, 2.0), 9.0) == 0.97
    assert text_of(Work("measuring", 3.0, 4.0, None), 6.0) == "measuring 75%, about 2 s left"
    assert text_of(Work("waiting", 0.0, 4.0, None), 6.0) == "waiting"
    assert 'aria-valuenow="75"' in bar(Work("measuring", 3.0, 4.0, None), 6.0)


def test_cells_are_observed_and_threads_are_not(notebook: Notebook) -> None:
    notebook.run("from workbench import progress\nseen = progress._OBSERVERS.get()").value
    assert [type(found) for found in notebook["seen"]] == [Bars]
    notebook.run("import threading\nseen_there = []\n"
                 "thread = threading.Thread(target=lambda: seen_there.append(progress._OBSERVERS.get()))\n"
                 "thread.start(); thread.join()").value
    assert notebook["seen_there"] == [()]
    notebook.run("%unload_ext workbench").value
    notebook.run("seen = progress._OBSERVERS.get()").value
    assert notebook["seen"] == ()


def test_compiling_and_measuring_tell_how_far_they_are() -> None:
    import numpy as np

    import workbench as wb

    def energy(x):  # type: ignore[no-untyped-def]
        return (x * x * x * 1.375).sum()
    seen: list[str] = []
    with observed(lambda work: seen.append(work.what)):
        wb.sweep(wb.grad(energy), wb.spec("f64[n]"), n=[10, 20], measured=[10, 20])
    assert "measuring <gradient of energy>" in seen
    assert all(what.startswith(("measuring", "compiling energy")) for what in seen) and np.ones(1)[0] == 1.0
