"""The lessons run top to bottom; their reference answers pass, wrong ones are told what is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.notebooks.conftest import Run
from tests.notebooks.outputs import check_outputs, printed, read

ANSWER = re.compile(r"<details><summary>Answer</summary>\n\n```python\n(.*?)```", re.DOTALL)
FORGETS_TO_ADD = """
def reverse(tape):
    bars = [0.0] * len(tape)
    bars[-1] = 1.0
    for node in reversed(list(tape)):
        for k, partial in zip(node.inputs, node.partials):
            bars[k] = bars[node.index] * partial
    return bars
"""
LATE = """
def decay_and_slope(x, n):
    kept, y, x_bar = [], 1.0, 0.0
    for k in range(n):
        kept.append(y)
        y = y * x + 0.5
    y_bar = 2 * y
    for k in reversed(range(n)):
        y_bar = y_bar * x
        x_bar += y_bar * kept[k]
    return y * y, x_bar
"""
#: for each exercise: an answer that is wrong, and a part of what is said to it
WRONG = {
    "lesson1_tape": {
        "tangent_y": ("2.2431975", "slope along x"),
        "sine_bar": ("math.sin(2.0)", "twice"),
        "reverse_sweep": (f"reverse\n{FORGETS_TO_ADD}", "add (+=)"),
        "tape_length": ("2000", "nearly"),
    },
    "lesson2_adjoint": {
        "decay_by_hand": (f"decay_and_slope\n{LATE}", "change y_bar last"),
        "at_the_bend": ("3.0", "is 1.0 > 1.0?"),
        "overwritten_gradient": ("[7.0, 1.0, 1.0]", "no longer matters"),
        "view_gradient": ("[3.0, 3.0, 4.0]", "overwritten before the sum"),
    },
    "lesson3_memory": {
        "what_is_kept": ('{"square": 8000, "linear": 8000, "scaled": 8000}', "look at linear"),
        "longest_run": ("5000", "nearly"),
        "best_segment": ("50", "others keep fewer"),
        "two_levels": ("swing", "less than 700 is possible"),
    },
}


def code(source: str) -> Any:
    return nbformat.v4.new_code_cell(source)


def wrong_answer(name: str, given: str) -> Any:
    """A cell that checks a wrong answer: an expression, with the functions below it defined first."""
    expression, _, definitions = given.partition("\n")
    return code(f"{definitions}\ncheck({name!r}, {expression})")


@pytest.fixture(scope="module", params=sorted(WRONG))
def lesson(request: pytest.FixtureRequest, project_root: Path, run_notebook: Run) -> tuple[str, list[tuple[Any, ...]]]:
    """A lesson's name, and for each exercise: its name and the cells with the wrong answer, the right one, none."""
    notebook = read(project_root, request.param)
    cells, exercises = [], []
    for index, cell in enumerate(notebook.cells):
        if "exercise" in cell.metadata.get("tags", []):
            (name,) = re.findall(r'check\("(\w+)"', cell.source)
            answers = ANSWER.findall(notebook.cells[index + 1].source)
            assert len(answers) == 1, f"the text after {name} should hold one answer"
            exercises.append((name, wrong_answer(name, WRONG[request.param][name][0]), code(answers[0]), cell))
            cells += exercises[-1][1:]
        else:
            cells.append(cell)
    notebook.cells = cells
    run_notebook(notebook)
    check_outputs(notebook)
    return request.param, exercises


@pytest.mark.sampled(1 / 2)
def test_open_wrong_and_reference_answers(lesson: tuple[str, list[tuple[Any, ...]]]) -> None:
    name, exercises = lesson
    assert [exercise for exercise, *_ in exercises] == list(WRONG[name])
    for exercise, wrong, right, empty in exercises:
        assert printed(right) == "Right.\n", exercise
        assert printed(empty).startswith("Open: "), exercise
        assert printed(wrong).startswith("Not yet: ") and WRONG[name][exercise][1] in printed(wrong), printed(wrong)
