"""An edit is answered in two parts: what the value costs, then the gradient, unless a newer edit comes before."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
from workbench_jupyter.panel import session
from workbench_jupyter.panel.later import Later

from tests.extension.panel_kernel import Kernel
from tests.extension.test_panel_answers import Notebook, flops
from workbench.frontend import looking
from workbench.ir import Stopped, in_time, within

SOURCE = "def f(x):\n    y = np.sin(x)\n    return (y * y).sum()\nf(x)"
#: A function of which the gradient takes long
LINES = "".join(f"    x = np.sin(x) * x + {k}.5\n" for k in range(50))
LONG = f"def f(x):\n{LINES}    return x.sum()\nf(np.ones(9))"


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """A session that answers in parts however soon it is done."""
    monkeypatch.setattr(session, "SOON", 0.0)
    return Notebook(x=np.ones(7))


def lasting(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("seconds", "key")}


def test_the_value_comes_first_and_then_all_that_is_asked_at_once(notebook: Notebook) -> None:
    first = notebook.analyse(SOURCE, parts=True)
    assert first["pending"] and first["totals"]["gradient"] is None and flops(first) == "3·n"
    assert first["lines"] and not any(line["kept"] for line in first["lines"]) and first["change"] is None
    second = notebook.ask("gradient", key=first["key"], sizes=None)
    assert "pending" not in second and second["key"] == first["key"]
    assert lasting(second) == lasting(Notebook(x=np.ones(7)).analyse(SOURCE))
    assert lasting(second) == lasting(notebook.analyse(SOURCE, parts=True))  # it is known now
    assert second["totals"]["value"] == first["totals"]["value"] and second["dims"] == first["dims"]


def test_what_is_known_soon_is_told_at_once() -> None:
    found = Notebook().analyse("def f(x: float):\n    return x * x", parts=True)
    assert "pending" not in found and found["totals"]["gradient"]


def test_where_there_is_no_gradient_nothing_is_pending(notebook: Notebook) -> None:
    integers = notebook.analyse("def f(x: int):\n    return x * 2", parts=True)
    assert "pending" not in integers and integers["totals"]["gradient"] is None and integers["problems"]
    refused = notebook.analyse("def f(x):\n    return open(x)\nf(2.0)", parts=True)
    assert "key" not in refused and refused["problems"][0]["line"] == 2


def test_a_gradient_that_is_refused_leaves_the_value(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    first = notebook.analyse(SOURCE, parts=True)
    analysis = notebook.session.analyses[first["key"]]

    def refused(*_: Any) -> Any:
        raise ValueError("no derivative of this")
    monkeypatch.setattr(analysis.derivative, "completed", refused)
    second = notebook.ask("gradient", key=first["key"], sizes=None)
    assert second["totals"] == {"value": first["totals"]["value"], "gradient": None} and "pending" not in second
    assert "no derivative of this" in second["problems"][0]["message"]
    assert "no derivative of this" in notebook.ask("view", key=first["key"], view="adjoint")["html"]
    assert notebook.ask("view", key=first["key"], view="cost")["kind"] == "cost"


def test_sizes_and_views_between_the_parts(notebook: Notebook) -> None:
    first = notebook.analyse(SOURCE, parts=True)
    at = notebook.ask("at", key=first["key"], sizes={"n": 100})
    assert at["pending"] and at["totals"]["value"]["flops"] == 300.0 and at["totals"]["gradient"] is None
    second = notebook.ask("gradient", key=first["key"], sizes={"n": 100})
    assert second["dims"][0]["value"] == 100 and second["totals"]["gradient"]["flops"] == 600.0
    assert "pending" not in notebook.ask("at", key=first["key"], sizes={"n": 100})
    other = notebook.analyse(SOURCE.replace("sin", "cos"), parts=True)
    assert "math.sin" in notebook.ask("ask", key=other["key"], view="adjoint", question={"what": "text"})
    assert "pending" not in notebook.ask("at", key=other["key"], sizes={"n": 100})  # the view has found it


def test_changes_wait_for_the_gradient(notebook: Notebook) -> None:
    first = notebook.analyse(SOURCE, parts=True)  # whose gradient nobody waits for
    second = notebook.analyse(SOURCE.replace("y * y", "y * y * y"), parts=True)
    assert second["change"] is None
    change = notebook.ask("gradient", key=second["key"], sizes=None)["change"]
    assert change["since"] == "before this edit" and change["rows"][0]["of"] == "gradient"
    assert change["rows"][0]["before_text"] == flops(notebook.analyse(SOURCE), "gradient")
    assert first["key"] != second["key"]


def test_a_text_is_pinned_between_the_parts(notebook: Notebook) -> None:
    first = notebook.analyse(SOURCE, parts=True)
    notebook.ask("baseline", key=first["key"])
    notebook.ask("gradient", key=first["key"], sizes=None)
    later = notebook.analyse(SOURCE.replace("y * y", "y"), parts=True)
    change = notebook.ask("gradient", key=later["key"], sizes=None)["change"]
    assert (change["since"], change["rows"][0]["of"]) == ("the pinned text", "gradient")


def test_nothing_of_the_notebook_is_kept_for_what_is_pending(notebook: Notebook) -> None:
    first = notebook.analyse(SOURCE, parts=True)
    notebook.names["x"] = np.ones(9)
    notebook.session.runs.append(("b", "x = np.ones(9)"))
    notebook.session.note_runs()
    assert not list(notebook.session.baselines.pending())
    later = notebook.analyse(SOURCE.replace("y * y", "y"), parts=True)
    change = notebook.ask("gradient", key=later["key"], sizes=None)["change"]
    assert change["rows"][0]["of"] == "value"
    assert first["key"] != later["key"]


def test_what_is_given_up_is_found_when_it_is_asked_again(notebook: Notebook) -> None:
    first = notebook.analyse(LONG, parts=True)
    with pytest.raises(Stopped), within(60.0) as deadline:
        deadline.stop()
        notebook.ask("gradient", key=first["key"], sizes=None)
    assert notebook.session.analyses[first["key"]].pending
    again = notebook.ask("gradient", key=first["key"], sizes=None)
    assert lasting(again) == lasting(Notebook().analyse(LONG))


def test_an_axis_is_found_with_the_gradient_too(notebook: Notebook) -> None:
    source = "def f(x, axis=0):\n    return x.sum(axis=axis).sum()\nf(np.ones((3, 4)), axis=1)"
    first = notebook.analyse(source, parts=True)
    second = notebook.ask("gradient", key=first["key"], sizes=None)
    assert second["arguments"]["text"] == first["arguments"]["text"] == "x: f64[n,m], axis: 1"


# ---------------------------------------------------------------------- the thread
def test_jobs_are_given_up_in_order_and_in_their_context() -> None:
    later, said, begun = Later(), [], threading.Event()

    def job(name: str) -> None:
        begun.set()
        try:
            while name == "first":
                in_time(None)
            in_time(None)
            said.append(f"{name} {looking.is_on()}")
        except Stopped:
            said.append(f"{name} stopped")
    with looking.only_looking():
        later.put(lambda: job("first"))
        later.put(lambda: job("second"))
    assert begun.wait(10.0)
    later.give_up()
    done = threading.Event()
    with looking.only_looking():
        later.put(lambda: job("third"))
    later.put(done.set)
    assert done.wait(10.0)
    assert said == ["first stopped", "second stopped", "third True"]
    later.close()
    assert later._thread is not None
    later._thread.join(10.0)
    assert not later._thread.is_alive()


def test_the_collector_rests_until_a_moment_after_the_answer() -> None:
    import gc

    later = Later()
    assert gc.isenabled()
    with later.at_work():
        assert not gc.isenabled()
    assert not gc.isenabled()
    end = time.monotonic() + 10.0
    while not gc.isenabled():
        assert time.monotonic() < end
        time.sleep(0.01)
    with later.at_work():
        later.close()
    assert later._thread is not None
    later._thread.join(10.0)
    assert gc.isenabled()


def test_an_edit_gives_up_the_gradient_that_is_being_worked_out() -> None:
    kernel = Kernel()
    try:
        kernel.run("%load_ext workbench")
        kernel.run("import numpy as np")

        def question(source: str) -> dict[str, Any]:
            return {"what": "analyse", "cell": {"id": "a", "source": source, "line": 2}, "others": [], "parts": True}
        first = kernel.ask(question(LONG))["value"]
        assert first["pending"]
        gradient = kernel.post({"what": "gradient", "key": first["key"], "sizes": None})
        view = kernel.post({"what": "view", "key": first["key"], "view": "adjoint"})
        second = kernel.post(question(LONG.replace("49.5", "49.25")))
        assert kernel.answer(gradient)["error"].startswith("Stopped")
        assert kernel.answer(view)["error"].startswith("Stopped")
        newer = kernel.answer(second)["value"]
        assert newer["pending"] and newer["key"] != first["key"]
        whole = kernel.ask({"what": "gradient", "key": newer["key"], "sizes": None})["value"]
        assert whole["totals"]["gradient"] and "pending" not in whole
        assert kernel.ask({"what": "view", "key": newer["key"], "view": "adjoint"})["value"]["kind"] == "gradient"
        assert kernel.printed == []
    finally:
        kernel.close()
