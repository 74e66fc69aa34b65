"""An IPython shell with the extension loaded, for each test a fresh one."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output


@dataclass
class Ran:
    """What a cell did: its result, its error, what it printed and what it displayed."""

    result: Any
    error: BaseException | None
    stdout: str
    stderr: str
    shown: list[dict[str, str]]

    @property
    def value(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result


class Notebook:
    """Cells run one after the other in a shell, as a kernel runs them."""

    def __init__(self) -> None:
        InteractiveShell.clear_instance()
        self.shell = InteractiveShell.instance(colors="nocolor", history_load_length=0)
        self.shell.history_manager.enabled = False
        self.run("%load_ext workbench").value

    def run(self, text: str) -> Ran:
        with capture_output() as captured:
            outcome = self.shell.run_cell(text, store_history=True)
        shown = [output.data for output in captured.outputs]
        error = outcome.error_before_exec or outcome.error_in_exec
        return Ran(outcome.result, error, captured.stdout, captured.stderr, shown)

    def __getitem__(self, name: str) -> Any:
        return self.shell.user_ns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.shell.user_ns

    def lines_in_cells(self, error: BaseException) -> list[tuple[int, int]]:
        """(cell number, line) of each frame of an error that lies in a cell."""
        numbers = self.shell.compile._filename_map
        frames = traceback.extract_tb(error.__traceback__)
        return [(numbers[f.filename], f.lineno or 0) for f in frames if f.filename in numbers]


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    notebook = Notebook()
    yield notebook
    notebook.shell.history_manager.end_session()
    InteractiveShell.clear_instance()
