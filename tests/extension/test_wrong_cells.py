"""Wrong programs in the notebook: the exception or refusal at the cell's line, no machinery, no name rebound."""

from __future__ import annotations

from typing import Any

import pytest

from tests.extension.conftest import Notebook
from tests.extension.wrong_cells import function_cell, judged_cell, plain_cell
from tests.programs.wrong import THEMES

CASES = [(theme, function, args) for theme in THEMES for function, args in theme.CASES
         if "recurs" not in function.__name__]  # (IPython takes seconds to show a thousand frames)
SHOWN = {"in_method", "calls_from_text", "calls_jitted_with_objects", "raises_group", "exits", "singleton"}
SAMPLE = [case for k, case in enumerate(CASES) if k % 9 == 0 or case[1].__name__ in SHOWN]


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("made, engine, step", [(function_cell, "auto", 1), (function_cell, "tape", 4),
                                                 (plain_cell, "auto", 2)])
def test_wrong_programs_as_cells(notebook: Notebook, made: Any, engine: str, step: int) -> None:
    wrong, count = {}, 0
    for theme, function, args in SAMPLE[::step]:
        cell = made(function)
        if cell is not None:
            count += 1
            found = judged_cell(notebook, theme, function, args, cell, engine, function.__name__ in theme.MUST)
            if found is not None:
                wrong[function.__name__] = found
    assert not wrong, "\n".join(f"{name}: {text}" for name, text in wrong.items())
    assert count >= 15
