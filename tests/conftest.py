"""Shared by all tests: which copy of the package is under test, where caches go, and which of many alike are run.

`@pytest.mark.sampled(share)` on a test: of its items a share is run, drawn anew in each session. Of every test with
many items `make test` draws `TESTS_SHARE` of that, so that it takes minutes on two cores. The summary names the seed;
`TESTS_SAMPLE=seed` draws the same again, `--whole` runs all.
"""

from __future__ import annotations

import gc
import itertools
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis  # noqa: F401  (it asks the collector who refers to what, which it cannot say of what is frozen)
import pytest

import workbench

os.environ.setdefault("WORKBENCH_CACHE", "source")  # tests change passes and rules while they run


#: Files and folders that take longest are begun first: at the end of a session no process waits for another.
LONG = ("tests/browser/", "tests/programs/test_corpus.py", "tests/rules/test_compiled.py", "tests/packages/",
        "tests/fuzz/", "tests/programs/", "tests/extension/", "tests/benchmarks/", "tests/cost/", "tests/frontend/")


#: So many items are many, of which `TESTS_SHARE` are run; of tests of which so few are run anyway, no fewer.
MANY, RARE = 8, 1 / 20


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run every item of tests that are sampled")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    drawn = "all" if config.getoption("--whole") else " ".join(
        f"{name}={os.environ[name]}" for name in ("TESTS_SAMPLE", "TESTS_SHARE") if name in os.environ)
    terminalreporter.write_line(f"sampled tests: {drawn}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long first; leave out what this session does not draw. (Items named by hand are run.)"""
    addressed = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if addressed:  # (processes of a session would not agree which tests there are)
        raise pytest.UsageError(f"an address is part of a test's name: {addressed[0]}")
    items.sort(key=lambda item: next((k for k, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG)))
    if config.getoption("--whole") or any("::" in arg for arg in config.args):
        return
    left = []
    counts = Counter(item.nodeid.partition("[")[0] for item in items)
    of_many = float(os.environ.get("TESTS_SHARE", "1"))
    for item in items:
        mark = item.get_closest_marker("sampled")
        share = mark.args[0] if mark is not None else 1.0
        if counts[item.nodeid.partition("[")[0]] > MANY and share > RARE:
            share *= of_many
        if random.Random(os.environ["TESTS_SAMPLE"] + item.nodeid).random() >= share:
            left.append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        out = set(left)
        items[:] = [item for item in items if item not in out]


_MODULES = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def _collections_look_at_new_objects() -> Iterator[None]:
    """What earlier modules made stays out of garbage collections: tests that ask for one would wait for seconds. (Every
    so often all of it is looked at: what has become garbage since.)"""
    yield
    if next(_MODULES) % 25 == 0:
        gc.unfreeze()
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    """One seed for all processes of a session. Where a wheel is under test, the sources must not shadow it. (What a
    shell runs in the background ignores interrupts, which some tests are about.)"""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.setdefault("TESTS_SAMPLE", str(random.SystemRandom().randrange(10**6)))
    expected = os.environ.get("WORKBENCH_TESTED_FROM")
    found = Path(workbench.__file__).resolve()
    if expected and not found.is_relative_to(Path(expected).resolve()):
        raise pytest.UsageError(f"the tests would run against {found}, not against the wheel in {expected}")


@pytest.fixture(scope="session")
def project_root() -> Path:
    return Path(__file__).resolve().parent.parent
