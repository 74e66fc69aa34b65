"""The panel's line in a real kernel: questions on a comm, over a subshell, as JupyterLab sends them."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.extension.panel_kernel import Kernel

SOURCE = "def f(x, k=3):\n    y = x * x\n    return (np.sin(y) * y).sum()\n\nf(np.linspace(0.0, 1.0, 500))\n"
QUESTION = {"what": "analyse", "cell": {"id": "a", "source": SOURCE, "line": 2}, "others": []}


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    kernel.run("%load_ext workbench")
    kernel.run("import numpy as np")
    yield kernel
    kernel.close()


def test_a_function_is_analysed_before_its_cell_has_run(kernel: Kernel) -> None:
    found = kernel.ask(QUESTION)["value"]
    assert (found["name"], found["first"], found["last"]) == ("f", 1, 3)
    assert found["arguments"] == {"text": "x: f64[n], k: int", "source": "the call in line 5"}
    assert [(dim["name"], dim["value"]) for dim in found["dims"]] == [("n", 500)]
    assert found["totals"]["value"]["texts"]["flops"] == "4·n"
    at = kernel.ask({"what": "at", "key": found["key"], "sizes": {"n": 1000}})["value"]
    assert at["totals"]["value"]["flops"] == 4000.0


def test_questions_are_answered_while_a_cell_computes(kernel: Kernel, tmp_path: pathlib.Path) -> None:
    running = kernel.begin(f"import os\nwhile not os.path.exists({str(tmp_path / 'end')!r}): pass")
    found = kernel.ask({"what": "analyse", "cell": {"id": "a", "source": SOURCE + "\n", "line": 1}, "others": []})
    assert found["value"]["name"] == "f"
    assert not kernel.is_done(running)
    (tmp_path / "end").touch()
    kernel.wait(running)


def test_an_analysis_that_is_gone_is_an_error(kernel: Kernel) -> None:
    assert "ask again" in kernel.ask({"what": "at", "key": "?", "sizes": {}})["error"]


def test_what_has_run_is_what_changes_are_told_from(kernel: Kernel) -> None:
    def analyse(source: str) -> dict[str, Any]:
        found: dict[str, Any] = kernel.ask({"what": "analyse", "cell": {"id": "c", "source": source, "line": 1},
                                            "others": []})["value"]
        return found
    kernel.run(SOURCE, cell="c")
    assert analyse(SOURCE)["change"] is None
    found = analyse(SOURCE.replace("np.sin(y) * y", "np.sin(y)"))
    assert found["change"]["since"] == "its last run"
    kernel.run(SOURCE.replace("np.sin(y) * y", "np.sin(y)"), cell="c")
    assert analyse(SOURCE.replace("np.sin(y) * y", "np.sin(y)"))["change"] is None


def test_arrays_of_views_travel_as_buffers(kernel: Kernel) -> None:
    key = kernel.ask(QUESTION)["value"]["key"]
    assert kernel.ask({"what": "view", "key": key, "view": "tape"})["value"]["kind"] == "tape"
    asked = {"what": "nodes", "first": 0, "stop": 4}
    nodes = kernel.ask({"what": "ask", "key": key, "view": "tape", "question": asked})
    values = nodes["value"]["value"]
    assert values["dtype"] == "float64" and len(nodes["buffers"][values["$array"]]) == 32


def test_two_pages_ask_on_one_comm(kernel: Kernel) -> None:
    numbers = [kernel.post(QUESTION) for _ in range(4)]
    keys = {kernel.answer(number)["value"]["key"] for number in reversed(numbers)}
    assert len(keys) == 1


def test_nothing_is_printed_by_answers(kernel: Kernel) -> None:
    source = ("import warnings\ndef f(x):\n    '\\d'\n    print(x)\n    warnings.warn('mind')\n"
              "    return x * np.exp(1000.0) + np.float64(1.0) / 0.0 + np.log(-1.0) if x is not () else 1\nf(2.0)")
    for text in (source, source.replace("    warnings.warn('mind')\n", "")):
        found = kernel.ask({"what": "analyse", "cell": {"id": "a", "source": text, "line": 2}, "others": []})["value"]
        for view in found.get("views", ()):
            kernel.ask({"what": "view", "key": found["key"], "view": view})
    assert "key" in found
    kernel.run("pass")
    assert kernel.printed == []


def test_the_extension_is_loaded_again_and_taken_out(kernel: Kernel) -> None:
    before = kernel.comms[-1]
    kernel.run("%reload_ext workbench")
    assert kernel.closed == [before] and kernel.comms[-1] != before
    assert kernel.ask(QUESTION)["value"]["key"]
    kernel.run("%unload_ext workbench")
    assert len(kernel.closed) == 2
    kernel.run("%load_ext workbench")
    assert len(kernel.comms) == 3 and kernel.printed == []


def test_several_kernels_know_nothing_of_each_other(kernel: Kernel) -> None:
    other = Kernel()
    try:
        other.run("%load_ext workbench")
        other.run("import numpy as np\nhidden = np.ones(3)")
        source = "def f(x):\n    return (x * hidden).sum()\nf(np.ones(3))"
        question = {"what": "analyse", "cell": {"id": "a", "source": source, "line": 1}, "others": []}
        assert "key" in other.ask(question)["value"]
        assert "hidden" in kernel.ask(question)["value"]["problems"][0]["message"]
    finally:
        other.close()
