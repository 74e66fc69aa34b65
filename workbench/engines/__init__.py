"""What runs IR. `workbench.engines.numba` compiles it for the CPU; `warm_up` gets the compiler ready in the background.

The engine is imported when it is first used: importing Numba takes a third of a second."""

from __future__ import annotations

import importlib
import threading

__all__ = ["warm_up"]

_started: list[threading.Thread] = []


def _compile_something_tiny() -> None:
    importlib.import_module("workbench.engines.numba.warming").warm()


def warm_up() -> threading.Thread:
    """Import and exercise the compiler in a background thread, once per process; gives the thread.

    After it a first gradient costs only its own compilation (importing Numba and the first compilation of a process
    cost about 0.9 s otherwise)."""
    if not _started:
        thread = threading.Thread(target=_compile_something_tiny, name="workbench-warm-up", daemon=True)
        _started.append(thread)
        thread.start()
    return _started[0]
