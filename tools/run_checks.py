"""All checks of the project, one after the other, with a summary that fits a screen.

Lint, types and imports look at the sources; the tests run against the wheel that was just built, laid out in
`.build/site` at the head of the path. Every step runs even where one before it failed; full outputs are kept
in `.build/logs`. Run it with the Python of the environment that holds the `test` extra.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
SITE = BUILD / "site"
BIN = Path(sys.executable).parent
TAIL = 40
DETAILS = ("FAILURES", "ERRORS", "warnings summary")


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


Check = tuple[str, str, Callable[[], list[str]], bool]


def steps(pytest_arguments: list[str]) -> list[Check]:
    """(name, group, command maker, shown as it runs) of every check, in order."""
    return [
        ("ruff", "lint", lambda: [str(BIN / "ruff"), "check", "."], False),
        ("imports", "lint", lambda: [sys.executable, "tools/check_imports.py"], False),
        ("mypy", "lint", lambda: [str(BIN / "mypy")], False),
        ("wheel", "test", build_wheel, False),
        ("unpack", "test", unpack_wheel, False),
        ("tests", "test", lambda: test_command("not timing", "-n", "2", "--dist=loadfile", *pytest_arguments), True),
        ("timing", "test", lambda: test_command("timing", *pytest_arguments), True),
    ]


def run(name: str, command: list[str], live: bool) -> tuple[bool, float]:
    """Run one check; print what failed, and details only in continuous integration, where no log is kept.

    The environment puts the wheel before the sources.
    """
    environment = dict(os.environ, PYTHONPATH=str(SITE), WORKBENCH_TESTED_FROM=str(SITE))
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
            lines.append(line)
            if line.startswith("=") and line.rstrip().endswith("="):
                detail = not os.environ.get("CI") and any(f" {title} " in line for title in DETAILS)
            if live and not detail:
                print(line, end="", flush=True)
    log.write_text("".join(lines))
    nothing_selected = name == "timing" and process.returncode == 5
    passed = process.returncode == 0 or nothing_selected
    if not passed and not live:
        print("".join(lines[-TAIL:]), end="")
    return passed, time.monotonic() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["lint", "test"], help="one group of checks")
    options, pytest_arguments = parser.parse_known_args()
    results: list[tuple[str, bool, float]] = []
    for name, group, command, live in steps(pytest_arguments):
        if options.only in (None, group):
            print(f"--- {name}", flush=True)
            results.append((name, *run(name, command(), live)))
    print("\n=== summary")
    for name, passed, seconds in results:
        print(f"{'ok  ' if passed else 'FAIL'}  {name:8} {seconds:7.1f} s   .build/logs/{name}.log")
    if not browser_found() and options.only != "lint":
        print(
            "\n!!! NO BROWSER: the browser tests did not run. Debian: apt install chromium chromium-driver\n"
            "!!! (With CI=true this is a failure.)"
        )
    return 0 if all(passed for _, passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
