"""Compiled programs on disk.

A file's name is the hash of everything its contents depend on: the emitted source (helpers included), the argument
types, the versions of Python, NumPy, Numba and LLVM, the processor, and this engine's own text. So a file is never
stale, and nothing is ever invalidated. What becomes of a traced program is noted, too, under a hash of that program and
of all the workbench's files: in a new process it need not be differentiated and emitted again.

Security: files hold pickles and machine code, so the directory must belong to this user and be writable by nobody else;
otherwise nothing is read or written. Files appear by atomic rename.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite import binding

_HERE = Path(__file__).parent


def directory() -> Path | None:
    """Where compiled programs are kept: NUMBA_CACHE_DIR, XDG_CACHE_HOME, or the platform's place; None if nowhere is
    safe (or WORKBENCH_CACHE=0; WORKBENCH_CACHE=source keeps machine code by its source alone: whoever changes the
    workbench while it runs, as its tests do, must not be given what it was before)."""
    if os.environ.get("WORKBENCH_CACHE") == "0":
        return None
    base = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    if not base:
        local = os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else None
        base = local or os.path.join(os.path.expanduser("~"), ".cache")
    path = Path(base) / "ad-workbench"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return path if is_private(path) else None


def is_private(path: Path) -> bool:
    """True where only this user can change what the directory holds."""
    if not hasattr(os, "geteuid"):
        return path.is_dir()
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        return False
    for parent in path.resolve().parents:
        above = os.stat(parent)
        if above.st_mode & 0o002 and not above.st_mode & stat.S_ISVTX:
            return False
    return True


@cache
def environment() -> bytes:
    """What compiled code depends on besides its source."""
    own = hashlib.sha256()
    for file in sorted(_HERE.rglob("*.py")):
        own.update(file.read_bytes())
    features = binding.get_host_cpu_features().flatten()
    parts = [sys.version, platform.machine(), np.__version__, numba.__version__, llvmlite.__version__,
             binding.get_host_cpu_name(), features, own.hexdigest(),
             *(f"{k}={v}" for k, v in sorted(os.environ.items()) if k.startswith("NUMBA_") and k != "NUMBA_CACHE_DIR")]
    return "\0".join(parts).encode()


@cache
def workbench() -> bytes:
    """A hash of all files of the workbench."""
    digest = hashlib.sha256()
    for file in sorted(_HERE.parents[1].rglob("*.py")):
        digest.update(str(file.relative_to(_HERE.parents[1])).encode() + b"\0" + file.read_bytes())
    return digest.digest()


def traced_key(program: bytes, request: str) -> str | None:
    """The name under which it is noted what becomes of a traced program; None where nothing is to be noted."""
    if os.environ.get("WORKBENCH_CACHE") in ("0", "source") or os.environ.get("WORKBENCH_DUMP"):
        return None
    digest = hashlib.sha256(environment())
    settings = "\0".join(f"{k}={v}" for k, v in sorted(os.environ.items()) if k.startswith("WORKBENCH_"))
    for part in (workbench(), settings.encode(), request.encode(), program):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def key(source: str, signature: str) -> str:
    """The name of a compiled program."""
    digest = hashlib.sha256(environment())
    digest.update(signature.encode() + b"\0" + source.encode())
    return digest.hexdigest()


def load(name: str) -> Any:
    """What was saved under a name, or None."""
    folder = directory()
    if folder is None:
        return None
    path = folder / f"{name}.bin"
    try:
        with path.open("rb") as file:
            if hasattr(os, "geteuid") and os.fstat(file.fileno()).st_uid != os.geteuid():
                return None
            return pickle.load(file)
    except Exception:  # (whatever a damaged file makes `pickle` raise: it is made anew)
        return None


def save(name: str, payload: bytes) -> None:
    """Save a pickle under a name; a full or read-only disk is no error."""
    folder = directory()
    if folder is None:
        return
    try:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f"{name[:16]}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(payload)
            os.replace(temporary, folder / f"{name}.bin")
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError:
        return


def files() -> list[tuple[Path, int]]:
    """The programs that are kept, with their sizes in bytes."""
    folder = directory()
    found = []
    for path in sorted(folder.glob("*.bin")) if folder is not None else ():
        try:
            found.append((path, path.stat().st_size))
        except OSError:  # another process has removed it
            continue
    return found


def clear() -> int:
    """Remove all programs that are kept, and what was left half-written; how many bytes that frees. (What was measured
    of the machine stays.)"""
    freed = 0
    folder = directory()
    for path in [*folder.glob("*.bin"), *folder.glob("*.tmp")] if folder is not None else []:
        try:
            size = path.stat().st_size
            path.unlink()
            freed += size
        except OSError:
            continue
    return freed
