"""The most bytes of arrays that a compiled program holds at a time, counted by the allocator that its arrays come from.

It shares nothing with what it judges: the program runs as it always does.
"""
from __future__ import annotations

import ctypes
import functools
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


@functools.cache
def allocator() -> Any:
    """The counting allocator, compiled and in use from here on."""
    made = Path(tempfile.mkdtemp(prefix="allocations-")) / "allocations.so"
    source = Path(__file__).with_name("allocations.c")
    subprocess.run(["cc", "-O2", "-Wall", "-shared", "-fPIC", f"-I{sysconfig.get_paths()['include']}", str(source),
                    "-o", str(made)], check=True)
    library = ctypes.PyDLL(str(made))
    library.accounting_end.restype = ctypes.c_int64
    library.accounting_left.restype = ctypes.c_int64
    library.accounting_install()
    return library


def most_held(call: Callable[[], Any]) -> int:
    """The most bytes of arrays that a call holds at a time. It should have been made once before.

    Raises AssertionError where arrays are left when the result is gone."""
    library = allocator()
    library.accounting_begin()
    result = call()
    found: int = library.accounting_end()
    del result
    left = library.accounting_left()
    assert left == 0, f"{left} bytes are never given back"
    return found
