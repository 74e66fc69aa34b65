"""One workload raced: a process for each contender, all on one core, taking turns; medians and quartiles.

A contender that does not answer in time, or dies, is out of the race with a reason; it never hides the others. One
whose derivative differs from the reference's (the adjoint by hand, else ours) keeps its time and is marked wrong.
"""
from __future__ import annotations

import json
import os
import re
import selectors
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.agreement import apart
from tests.benchmarks.tools import Tool
from tests.benchmarks.workload import Workload

ROOT = Path(__file__).parent.parent.parent
ROUNDS = 25
SAMPLE_SECONDS = 5e-3
PATIENCE = 120.0  # seconds for making a contender and its first call
BUDGET = 6.0  # seconds for all samples of one contender
TOLERANCE = 1e-8
CORE = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


class Out(Exception):
    """Why a contender is not in the race."""


class Runner:
    """A contender's process."""

    def __init__(self, tool: Tool, name: str, workload: Workload, size: str, folder: str) -> None:
        self.name = name
        self.file = Path(folder) / f"{tool.name}-{tool.contenders.index(name)}.npz"
        self.log = open(self.file.with_suffix(".log"), "w+")
        pinned = (lambda: os.sched_setaffinity(0, {CORE})) if CORE is not None else None
        self.process = subprocess.Popen(
            [tool.python, "-m", "tests.benchmarks.worker", tool.module, name, workload.name, size, str(self.file)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, cwd=ROOT, preexec_fn=pinned,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])})
        self.samples: list[float] = []
        self.started: dict[str, Any] = json.loads(self.answer(PATIENCE))

    def answer(self, seconds: float) -> str:
        """The next line, or Out."""
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.process.stdout, selectors.EVENT_READ)
            if not waiting.select(seconds):
                self.close()
                raise Out(f"gave up after {seconds:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            self.close()
            self.log.seek(0)
            said = [text for text in self.log.read().splitlines() if text.strip()]
            last = next((text for text in reversed(said) if "Error" in text or "Exception" in text),
                        said[-1] if said else "died")
            raise Out(re.sub(r"^[\w.]*\.(?=\w+:)", "", last.strip())[:160])
        return line

    def sample(self) -> None:
        """One turn: as many calls as fill a sample, unless the contender has used up its time."""
        assert self.process.stdin is not None
        once = max(self.started["once"], 1e-7)
        if len(self.samples) * max(once, SAMPLE_SECONDS) > BUDGET:
            return
        if once > BUDGET:  # measured when it was started; once is enough
            self.samples.append(once)
            return
        self.process.stdin.write(f"{max(1, int(SAMPLE_SECONDS / once))}\n")
        self.process.stdin.flush()
        self.samples.append(float(self.answer(PATIENCE)))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def started(tools: list[Tool], workload: Workload, size: str, folder: str) -> tuple[list[Runner], dict[str, Any]]:
    """The contenders that answered, and what is to be said of the others."""
    runners, said = [], {}
    for tool in tools:
        for name in tool.contenders:
            try:
                runner = Runner(tool, name, workload, size, folder)
            except Out as reason:
                said[name] = {"tool": tool.name, "out": str(reason)}
                continue
            if runner.started.get("absent"):
                runner.close()
                continue
            said[name] = {"tool": tool.name, "first": runner.started["first"]}
            runners.append(runner)
    return runners, said


def judge(runners: list[Runner], said: dict[str, Any]) -> None:
    """How far each derivative is from the reference's; small sizes have tests that ask differences."""
    found = {runner.name: np.load(runner.file)["derivative"] for runner in runners}
    reference = next((name for name in ("hand", "workbench", *found) if len(found.get(name, ()))), None)
    if reference is None:
        return
    for name, derivative in found.items():
        if len(derivative):
            said[name]["apart"] = apart(derivative, found[reference])
            said[name]["wrong"] = not said[name]["apart"] <= TOLERANCE
    said[reference]["reference"] = True


def race(workload: Workload, tools: list[Tool], size: str = "full", rounds: int = ROUNDS) -> dict[str, Any]:
    """All contenders of these tools on one workload: name -> what was measured."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        runners, said = started(tools, workload, size, folder)
        try:
            judge(runners, said)
            for _ in range(rounds):
                for runner in list(runners):
                    try:
                        runner.sample()
                    except Out as reason:
                        said[runner.name]["out"] = str(reason)
                        runners.remove(runner)
        finally:
            for runner in runners:
                runner.close()
        for runner in runners:
            said[runner.name].update(summary(runner.samples))
    return {"title": workload.title, "measured": time.strftime("%Y-%m-%d %H:%M"), "load": os.getloadavg()[0],
            "contenders": said}


def summary(samples: list[float]) -> dict[str, float]:
    """Median, quartiles and least of the seconds per call."""
    ordered = sorted(samples)
    low, middle, high = statistics.quantiles(ordered, n=4) if len(ordered) > 1 else ordered * 3
    return {"median": middle, "lower": low, "upper": high, "least": ordered[0], "samples": len(ordered)}
