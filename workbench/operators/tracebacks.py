"""Tracebacks that show the user's frames: ours are left out, and the place that a compiled program names is put in.

An exception of the primal looks as if the primal itself had raised it; a refusal carries its place in its message.
Invariant: exceptions keep their identity, type, message and cause. With WORKBENCH_TRACEBACK=full in the environment
tracebacks are left as they are (for work on the workbench itself).
"""

from __future__ import annotations

import functools
import os
import types
from collections.abc import Callable
from typing import Any

from workbench.ir import DifferentiationError, Span

_COMPILERS = ("numba", "llvmlite")
_ROOT = os.path.dirname(os.path.dirname(__file__)) + os.sep


def _is_ours(filename: str) -> bool:
    compilers = any(f"{os.sep}{name}{os.sep}" in filename for name in _COMPILERS)
    return compilers or filename.startswith((_ROOT, "<workbench "))


def tidied(error: BaseException, span: Span | None = None) -> BaseException:
    """The error with a traceback of the user's frames alone. `span`: the place where it names none itself."""
    if os.environ.get("WORKBENCH_TRACEBACK") == "full":
        return error
    _tidy_chain(error, {id(error)})
    frames = _users_frames(error.__traceback__)
    if isinstance(error, DifferentiationError):  # says its place itself
        error.__cause__, error.__suppress_context__ = None, True
        return error.with_traceback(frames)
    place = getattr(error, "__workbench_span__", None) or span
    if place is not None and not any(name == place.filename for name in _files(frames)):
        frames = _frame_at(place, frames)
    return error.with_traceback(frames)


def _tidy_chain(error: BaseException, seen: set[int]) -> None:
    """What an error came from: the user's frames, and nothing that the workbench raised and handled itself."""
    for before in (error.__cause__, error.__context__):
        if before is None or id(before) in seen:
            continue
        seen.add(id(before))
        frames = _users_frames(before.__traceback__)
        if frames is None and before is not error.__cause__:
            error.__context__ = None
            continue
        before.__traceback__ = frames
        _tidy_chain(before, seen)


def _files(trace: types.TracebackType | None) -> list[str]:
    names = []
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    return names


def _users_frames(trace: types.TracebackType | None) -> types.TracebackType | None:
    entries = []
    while trace is not None:
        if not _is_ours(trace.tb_frame.f_code.co_filename):
            entries.append(trace)
        trace = trace.tb_next
    result: types.TracebackType | None = None
    for entry in reversed(entries):
        result = types.TracebackType(result, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return result


def _frame_at(span: Span, inner: types.TracebackType | None) -> types.TracebackType | None:
    """A traceback of one frame at a place of the user's source, and what that called."""
    if not span.line:
        return inner
    code = compile("\n" * (span.line - 1) + "raise error", span.filename, "exec")
    code = code.replace(co_name=span.function or "<module>")
    try:
        exec(code, {"error": Exception()})
    except Exception as raised:
        made = raised.__traceback__.tb_next if raised.__traceback__ is not None else None
        return types.TracebackType(inner, made.tb_frame, made.tb_lasti, made.tb_lineno) if made is not None else inner
    return inner


def with_users_tracebacks(function: Callable[..., Any]) -> Callable[..., Any]:
    """A public operator whose exceptions show the user's frames alone."""
    @functools.wraps(function)
    def operator(*args: Any, **named: Any) -> Any:
        try:
            return function(*args, **named)
        except (Exception, KeyboardInterrupt) as error:
            __tracebackhide__ = True
            raise tidied(error)  # noqa: B904
    return operator
