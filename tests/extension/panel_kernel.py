"""A kernel that is spoken to as JupyterLab speaks to it: its comm, messages over a subshell."""

from __future__ import annotations

import queue
import time
from collections.abc import Mapping
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

TARGET = "workbench.panel"
PATIENCE = 60.0


class Kernel:
    """A running kernel, its comm, and a subshell."""

    def __init__(self) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel()
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.comms: list[str] = []
        self.closed: list[str] = []
        self.answers: dict[Any, dict[str, Any]] = {}
        self.done: set[str] = set()
        self.printed: list[str] = []
        self.number = 0
        self.subshell: str | None = self._control("create_subshell_request")["subshell_id"]

    def _control(self, kind: str, **content: Any) -> dict[str, Any]:
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        reply = self.client.get_control_msg(timeout=PATIENCE)
        assert isinstance(reply["content"], dict)
        return reply["content"]

    # ------------------------------------------------------------------ cells
    def begin(self, code: str, cell: str = "") -> str:
        """Run a cell, which has an id, perhaps; the message's id."""
        content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False,
                   "stop_on_error": True}
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def wait(self, running: str) -> None:
        """Until a cell has run."""
        self._until(lambda: running in self.done)

    def is_done(self, running: str) -> bool:
        """Whether a cell has run, as far as messages have come."""
        self._read(0.0)
        return running in self.done

    def run(self, code: str, cell: str = "") -> None:
        """Run a cell to its end."""
        self.wait(self.begin(code, cell))

    # ------------------------------------------------------------------ the comm
    def post(self, question: Mapping[str, Any], comm: str | None = None) -> int:
        """Send a question; its number."""
        self.number += 1
        content = {"comm_id": comm or self.comms[-1], "data": {"number": self.number, "question": question}}
        message = self.client.session.msg("comm_msg", content)
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)
        return self.number

    def answer(self, number: int) -> dict[str, Any]:
        """The answer to a question that was sent."""
        self._until(lambda: number in self.answers)
        return self.answers.pop(number)

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """A question's answer."""
        return self.answer(self.post(question))

    # ------------------------------------------------------------------ messages
    def _until(self, reached: Any) -> None:
        end = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < end, "no answer"
            self._read(1.0)

    def _read(self, timeout: float) -> None:
        """Take in what the kernel publishes."""
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=timeout)
            except queue.Empty:
                return
            content, kind = message["content"], message["header"]["msg_type"]
            if kind == "comm_open" and content["target_name"] == TARGET:
                self.comms.append(content["comm_id"])
            elif kind == "comm_close":
                self.closed.append(content["comm_id"])
            elif kind == "comm_msg" and content["comm_id"] in self.comms:
                self.answers[content["data"]["answer"]] = {**content["data"], "buffers": message["buffers"]}
                return
            elif kind == "stream":
                self.printed.append(content["text"])
            elif kind == "status" and content["execution_state"] == "idle":
                self.done.add(message["parent_header"].get("msg_id", ""))
                return

    def close(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
