"""Numba's compile results on disk: of programs, and of the kernels that they call."""

from __future__ import annotations

import hashlib
from typing import Any

from numba.core import compiler
from numba.core.compiler_lock import global_compiler_lock
from numba.core.serialize import dumps

from workbench.engines import signals
from workbench.engines.numba import cache
from workbench.engines.numba.vector_math.definitions import BY_TITLE
from workbench.engines.numba.vector_math.library import in_use, titles
from workbench.engines.numba.vector_math.machine_code import ready


class KeptHelper:
    """What Numba asks for and gives as the disk cache of a function: machine code per signature, in our cache."""

    cache_path = None

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:12]

    def load_overload(self, sig: Any, target: Any) -> Any:
        """The compile result for a signature, None where there is none."""
        found = cache.load(self._key(sig))
        return None if found is None else rebuilt(found, target)

    def save_overload(self, sig: Any, result: Any) -> None:
        """Keep a compile result."""
        cache.save(self._key(sig), packed(result))

    def _key(self, sig: Any) -> str:
        return cache.key(self.text, f"{sig} {in_use()}")


def packed(result: Any) -> bytes:
    """A compile result for the disk."""
    return bytes(dumps((titles(result), result._reduce())))


def rebuilt(found: Any, target: Any) -> Any:
    """A compile result from the disk."""
    kernels, payload = found
    with global_compiler_lock, signals.postponed():
        ready(BY_TITLE[title] for title in kernels)
        target.refresh()
        return compiler.CompileResult._rebuild(target, *payload)
