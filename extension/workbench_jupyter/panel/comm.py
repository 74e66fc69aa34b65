"""The panel's line to the kernel: a comm that the kernel opens, questions in, answers out.

Pages register the target for every kernel and attach to the comm that is there; several pages may ask on one comm, and
each finds its answer by the number that it has chosen. Messages arrive on the main thread, or on a subshell's while a
cell runs, so a session answers under a lock, and prints nothing.

An edit is answered in two parts: first by what the value costs; the page asks for the gradient then. When the next edit
comes before that is known, it is given up.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import comm

from workbench_jupyter.live import packed
from workbench_jupyter.panel.later import Later
from workbench_jupyter.panel.session import Session
from workbench_jupyter.panel.turns import Turns

TARGET = "workbench.panel"
PROTOCOL = 1
#: Questions that are answered later, unless an edit comes before.
LONG = ("gradient", "view")


class Panel:
    """The kernel's side for one shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.session = Session(lambda: dict(shell.user_ns))
        shell.events.register("post_run_cell", self._ran)
        self._answering = threading.Lock()
        self._later = Later()
        self._turns = Turns()
        self.comm = comm.create_comm(target_name=TARGET, data={"protocol": PROTOCOL})
        self.comm.on_msg(self._asked)

    def close(self) -> None:
        """Close the comm; pages are told."""
        self.shell.events.unregister("post_run_cell", self._ran)
        self._later.close()
        self._turns.close()
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
        """A question has come. Those that may take long are answered in a thread of their own, so that an edit, which
        makes them vain, is heard meanwhile."""
        what = (message["content"]["data"].get("question") or {}).get("what")
        if what == "analyse":
            self._later.give_up()
            with self._turns.ours():
                self._answer(message)
        elif what in LONG:
            self._later.put(lambda: self._answer(message))
        else:
            self._answer(message)

    def _answer(self, message: Mapping[str, Any]) -> None:
        content: Mapping[str, Any] = message["content"]["data"]
        reply: dict[str, Any] = {"answer": content.get("number")}
        buffers: list[Any] = []
        with self._later.at_work():
            try:
                with self._answering:
                    reply["value"] = packed(self.session.answer(content["question"]), buffers)
            except Exception as error:  # the page shows it
                reply["error"] = f"{type(error).__name__}: {error}"
                buffers.clear()
            self.comm.send(reply, buffers=buffers)
