"""All checks of the project, one after the other, with a summary that fits a screen.

Lint, types and imports look at the sources; the tests run against the wheel that was just built, laid out in
`.build/site` at the head of the path. Every step runs even where one before it failed, types (of Python and of the
panel's TypeScript) are looked at while the tests begin; full outputs are kept in `.build/logs`. Run it with the Python
of the environment that holds the `test` extra.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
SITE = BUILD / "site"
BIN = Path(sys.executable).parent
SHOWN = 24  # lines of what failed, so that all of it fits a screen
WIDTH = 118
DETAILS = ("FAILURES", "ERRORS", "warnings summary", "short test summary info")
#: lines that say what failed: pytest's summary, and places of ruff, mypy and the lint of imports
FINDING = re.compile(r"(FAILED|ERROR) |\S+\.py:\d+|import cycle|\s+--> \S+\.py:\d+|\S+\.ts\(\d+,\d+\)|\S*not ok ")


def build_wheel() -> list[str]:
    """Empty the build folder and give the command that builds the wheel into it."""
    for folder in (BUILD / "dist", SITE):
        shutil.rmtree(folder, ignore_errors=True)
    return [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(BUILD / "dist")]


def unpack_wheel() -> list[str]:
    """The command that lays the built wheel out in `SITE`, without its dependencies."""
    wheels = [str(path) for path in (BUILD / "dist").glob("*.whl")]
    return [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(SITE), *wheels]


def browser_found() -> bool:
    return shutil.which("chromedriver") is not None


def test_command(selection: str, *more: str) -> list[str]:
    command = [
        str(BIN / "pytest"),
        "-q",
        "--no-header",
        "--durations=8",
        "-m",
        selection,
        *more,
    ]
    if not browser_found() and not os.environ.get("CI"):
        command.append("--ignore=tests/browser")
    return command


def timed() -> list[str]:
    """The files with tests that measure time: the others need not be imported again for them."""
    return [str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests").rglob("test_*.py"))
            if "pytest.mark.timing" in path.read_text(encoding="utf-8")]


#: Of tests with many items, how many are run (drawn anew each time), unless `TESTS_SHARE` says otherwise.
SHARE = "0.25"
Check = tuple[str, str, Callable[[], list[str]], bool]
BESIDE = ("mypy", "tsc")  # run on while the steps after them do, until those begin that measure time


def steps(pytest_arguments: list[str]) -> list[Check]:
    """(name, group, command maker, shown as it runs) of every check, in order."""
    chosen = any(not argument.startswith("-") for argument in pytest_arguments)
    return [
        ("ruff", "lint", lambda: [str(BIN / "ruff"), "check", "."], False),
        ("imports", "lint", lambda: [sys.executable, "tools/check_imports.py"], False),
        ("mypy", "lint", lambda: [str(BIN / "mypy")], False),
        ("tsc", "panel", lambda: [sys.executable, "tools/panel.py", "check"], False),
        ("panel", "panel", lambda: [sys.executable, "tools/panel.py"], True),
        ("node", "panel", lambda: [sys.executable, "tools/panel.py", "test"], False),
        ("wheel", "test", build_wheel, False),
        ("unpack", "test", unpack_wheel, False),
        ("tests", "test", lambda: test_command("not timing", "-n", "2", "--dist=loadfile", "--no-loadscope-reorder",
                                               *pytest_arguments), True),
        ("timing", "test", lambda: test_command("timing", *pytest_arguments, *([] if chosen else timed())), True),
    ]


@dataclass(frozen=True)
class Outcome:
    """What became of one check; `lines` are its output."""

    name: str
    passed: bool
    seconds: float
    lines: tuple[str, ...]

    def findings(self) -> list[str]:
        """The lines that say what failed; the last ones where none does."""
        found = [line.strip() for line in self.lines if FINDING.match(line)]
        return list(dict.fromkeys(found)) or [line for line in self.lines if line.strip()][-8:]


def run(name: str, command: list[str], live: bool) -> Outcome:
    """Run one check; of tests, print the progress. Their details are printed in continuous integration alone, where no
    log is kept.

    The environment puts the wheel before the sources.
    """
    environment = {"TESTS_SHARE": SHARE, **os.environ, "PYTHONPATH": str(SITE), "WORKBENCH_TESTED_FROM": str(SITE)}
    start = time.monotonic()
    log = BUILD / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        lines = []
        detail = False
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("=") and line.rstrip().endswith("="):
                detail = not os.environ.get("CI") and any(f" {title} " in line for title in DETAILS)
            if live and not detail:
                print(line, end="", flush=True)
    log.write_text("\n".join([*lines, ""]))
    nothing_selected = name == "timing" and process.returncode == 5
    return Outcome(name, process.returncode == 0 or nothing_selected, time.monotonic() - start, tuple(lines))


def summary(outcomes: list[Outcome]) -> str:
    """All checks, one line each, and under those that failed what did: one screen, however much it is."""
    failed = [outcome for outcome in outcomes if not outcome.passed]
    most = max(3, SHOWN // max(1, len(failed)))
    rows = ["", "=== summary"]
    for outcome in outcomes:
        mark = "ok  " if outcome.passed else "FAIL"
        rows.append(f"{mark}  {outcome.name:8} {outcome.seconds:7.1f} s   .build/logs/{outcome.name}.log")
        if outcome.passed:
            continue
        findings = outcome.findings()
        rows += [f"      {_cut(line)}" for line in findings[:most]]
        if len(findings) > most:
            rows.append(f"      ... and {len(findings) - most} more")
    tests = [line.split()[1] for outcome in failed for line in outcome.findings()
             if line.startswith(("FAILED ", "ERROR "))]
    if tests:
        rows.append(f"\none of them again: .venv/bin/pytest {tests[0]!r}")
    return "\n".join(rows)


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH - 6 else line[:WIDTH - 9] + "..."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["lint", "panel", "test"], help="one group of checks")
    options, pytest_arguments = parser.parse_known_args()
    running: list[Future[Outcome]] = []
    with ThreadPoolExecutor(1 + len(BESIDE)) as beside:
        for name, group, command, live in steps(pytest_arguments):
            if options.only in (None, group):
                if name == "timing":
                    wait(running)
                print(f"--- {name}", flush=True)
                running.append(beside.submit(run, name, command(), live))
                if name not in BESIDE:
                    wait(running[-1:])
    outcomes = [outcome.result() for outcome in running]
    print(summary(outcomes))
    if not browser_found() and options.only in (None, "test"):
        print(
            "\n!!! NO BROWSER: the browser tests did not run. Debian: apt install chromium chromium-driver\n"
            "!!! (With CI=true this is a failure.)"
        )
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
