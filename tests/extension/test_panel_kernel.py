"""The panel's line in a real kernel: questions on a comm, over a subshell, as JupyterLab sends them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.extension.panel_kernel import Kernel

SOURCE = "def f(x, k=3):\n    y = x * x\n    return (np.sin(y) * y).sum()\n\nf(np.linspace(0.0, 1.0, 500))\n"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    kernel.run("%load_ext workbench")
    kernel.run("import numpy as np")
    yield kernel
    kernel.close()


def test_a_function_is_analysed_before_its_cell_has_run(kernel: Kernel) -> None:
    found = kernel.ask({"what": "analyse", "cell": {"id": "a", "source": SOURCE, "line": 2}, "others": []})["value"]
    assert (found["name"], found["first"], found["last"]) == ("f", 1, 3)
    assert found["arguments"] == {"text": "x: f64[n], k: int", "source": "the call in line 5"}
    assert [(dim["name"], dim["value"]) for dim in found["dims"]] == [("n", 500)]
    assert found["totals"]["value"]["texts"]["flops"] == "4·n"
    at = kernel.ask({"what": "at", "key": found["key"], "sizes": {"n": 1000}})["value"]
    assert at["totals"]["value"]["flops"] == 4000.0


def test_questions_are_answered_while_a_cell_computes(kernel: Kernel) -> None:
    running = kernel.begin("import time\nbegin = time.time()\nwhile time.time() < begin + 3.0: pass")
    found = kernel.ask({"what": "analyse", "cell": {"id": "a", "source": SOURCE + "\n", "line": 1}, "others": []})
    assert found["value"]["name"] == "f"
    assert not kernel.is_done(running)
    kernel.wait(running)


def test_an_analysis_that_is_gone_is_an_error(kernel: Kernel) -> None:
    assert "ask again" in kernel.ask({"what": "at", "key": "?", "sizes": {}})["error"]
