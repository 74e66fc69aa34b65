"""How far long work is: shown once it has lasted, gone when it is over."""

from __future__ import annotations

import time
from typing import Any

import pytest
from workbench_jupyter import progress as bars
from workbench_jupyter.progress import Bars, share_of, text_of, told

from tests.extension.conftest import Notebook
from workbench import progress
from workbench.progress import Work, observed, working


class Page:
    """A shell with a page that remembers what it is told."""

    kernel = object()

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[dict[str, Any]] = []
        page = self

        class Model:
            def __init__(self, told: dict[str, Any]) -> None:
                self.told = told

            def __setattr__(self, name: str, value: Any) -> None:
                page.told.append(value)
        monkeypatch.setattr(bars, "BarModel", Model)

    def get_parent(self) -> dict[str, Any]:
        return {"content": {"code": "\n  %%grad\nx"}}


def test_short_work_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(monkeypatch)
    with observed(Bars(page)), working("short"):
        pass
    time.sleep(bars.PATIENCE + 0.1)
    assert page.told == []


def test_long_work_is_shown_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(monkeypatch)
    with pytest.raises(KeyboardInterrupt), observed(Bars(page)), working("long", 4, 5.0) as step:
        time.sleep(bars.PATIENCE + 0.2)
        (first,) = page.told
        assert first["text"].startswith("long ") and "s left" in first["text"] and first["first"] == "%%grad"
        with working("inside"):
            time.sleep(bars.OFTEN + 0.1)
            step()
        assert page.told[-1]["share"] == 0.25 and page.told[-1]["goal"] == 0.5
        raise KeyboardInterrupt
    assert page.told[-1] == {"over": True, "first": "%%grad"} and len(page.told) == 3


def test_in_a_terminal_one_line_is_written_and_wiped(capsys: pytest.CaptureFixture[str]) -> None:
    with observed(Bars(object())), working("long", 4, 5.0):
        time.sleep(bars.PATIENCE + 0.2)
    assert capsys.readouterr().err.endswith("s left\r\033[K")


def test_what_an_observer_raises_does_not_reach_the_work() -> None:
    def broken(work: Work) -> None:
        raise RuntimeError("no display")
    with observed(broken), working("on") as step:
        step()
    assert progress._OBSERVERS.get() == ()


def test_estimates_in_words() -> None:
    assert share_of(Work("a", 0.0, 1.0, 2.0), 1.0) == 0.5 and share_of(Work("a", 0.0, 1.0, 2.0), 9.0) is None
    assert text_of(Work("measuring", 3.0, 4.0, None), 6.0) == "measuring 75%, about 2 s left"
    assert text_of(Work("waiting", 0.0, 4.0, None), 6.0) == "waiting"
    assert told(Work("measuring", 2.0, 4.0, None), 6.0)["span"] == 3.0


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
