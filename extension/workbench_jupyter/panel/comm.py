"""The panel's line to the kernel: a comm that the kernel opens, questions in, answers out.

Pages register the target for every kernel and attach to the comm that is there; several pages may ask on one comm, and
each finds its answer by the number that it has chosen. Messages arrive on the main thread, or on a subshell's while a
cell runs, so a session answers under a lock, and prints nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import comm

from workbench_jupyter.live import packed
from workbench_jupyter.panel.session import Session

TARGET = "workbench.panel"
PROTOCOL = 1


class Panel:
    """The kernel's side for one shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.session = Session(lambda: dict(shell.user_ns))
        shell.events.register("post_run_cell", self._ran)
        self._answering = threading.Lock()
        self.comm = comm.create_comm(target_name=TARGET, data={"protocol": PROTOCOL})
        self.comm.on_msg(self._asked)

    def close(self) -> None:
        """Close the comm; pages are told."""
        self.shell.events.unregister("post_run_cell", self._ran)
        self.comm.close()

    def _ran(self, result: Any) -> None:
        """A cell has run: its text is what later ones are compared with."""
        self.session.runs.append((getattr(result.info, "cell_id", None), str(result.info.raw_cell)))
        if self._answering.acquire(blocking=False):  # (else whoever is answering is followed by one who takes note)
            try:
                self.session.note_runs()
            finally:
                self._answering.release()

    def _asked(self, message: Mapping[str, Any]) -> None:
        content: Mapping[str, Any] = message["content"]["data"]
        reply: dict[str, Any] = {"answer": content.get("number")}
        buffers: list[Any] = []
        try:
            with self._answering:
                reply["value"] = packed(self.session.answer(content["question"]), buffers)
        except Exception as error:  # the page shows it
            reply["error"] = f"{type(error).__name__}: {error}"
            buffers.clear()
        self.comm.send(reply, buffers=buffers)
