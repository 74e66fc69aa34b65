"""Completion in the lines of the magics: flags, their values, names of functions, parameters and dimensions.

An IPython matcher: it answers in the line of a magic, says what stands there, and keeps the others from adding what
does not. Inside of the call that a line magic takes, Python's own completion is left alone.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from workbench_jupyter.flags import MAGICS, WORDS, Flag
from workbench_jupyter.options import split_call

LINE = re.compile(r"^\s*(?:[\w.\[\], ]+=\s*)?(%{1,2})(\w+)\s")
SPEC = re.compile(r"\bspec\(\s*[rf]?[\"']\s*(\w+)\s*(?:\[([^\]]*)\])?")
DEFINED = re.compile(r"^\s*def\s+(\w+)\s*\(", re.M)


def matcher_of(shell: Any) -> Any:
    """The matcher of a shell's magics."""
    @context_matcher(identifier="workbench")
    def workbench_matcher(context: CompletionContext) -> Any:
        found = completions(context.full_text, context.cursor_line, context.cursor_position, shell.user_ns)
        if found is None:
            return {"completions": []}
        token, words, kind = found
        made = [SimpleCompletion(text=word, type=kind) for word in words]
        return {"completions": made, "matched_fragment": token, "suppress": bool(made), "ordered": True}
    return workbench_matcher


def completions(text: str, line: int, position: int,
                namespace: Mapping[str, Any]) -> tuple[str, list[str], str] | None:
    """(what is being written, what it may become, what kind of thing that is) at a place in a cell; None where that is
    no magic's affair."""
    lines = text.split("\n")
    if line and any(before.strip() for before in lines[:line]) and "%%" in lines[line]:
        return None
    begun = lines[line][:position]
    found = LINE.match(begun)
    if found is None or found[2] not in MAGICS:
        return None
    magic, rest = found[2], begun[found.end():]
    flags = MAGICS[magic]
    body = "\n".join(lines[line + 1:]) if found[1] == "%%" else ""
    *before, token = re.split(r"\s+", rest)
    if token.startswith("-") and "=" not in token:
        used = set(before)
        return _starting(token, [f.name for f in flags if f.name not in used or f.repeated], "magic")
    flag, written = _flag_at(flags, before, token)
    if flag is not None:
        part = re.split(r"[,;]", written)[-1]
        return _starting(part, _values(flag, _call(lines[line][found.end():], body), body, namespace), "param")
    if magic == "workbench":
        return _starting(token, list(WORDS), "magic")
    if found[1] == "%%" or re.fullmatch(r"\w*", token):
        names = _functions(namespace, body)
        return _starting(re.split(r",", token)[-1], names, "function") if names else None
    return None


def _flag_at(flags: Iterable[Flag], before: list[str], token: str) -> tuple[Flag | None, str]:
    """(the flag whose value is being written, what is there of it)."""
    named = {flag.name: flag for flag in flags if flag.takes}
    title, equals, written = token.partition("=")
    if equals and title in named:
        return named[title], written
    if before and before[-1] in named:
        return named[before[-1]], token
    return None, ""


def _starting(token: str, words: list[str], kind: str) -> tuple[str, list[str], str]:
    return token, [word for word in words if word.startswith(token) and word != token], kind


def _values(flag: Flag, call: tuple[str, str], body: str, namespace: Mapping[str, Any]) -> list[str]:
    """What may stand behind a flag."""
    if flag.values is not None:
        return list(flag.values())
    name, text = call
    if flag.key == "wrt":
        return _parameters(name, body, namespace)
    if flag.key in ("sweep", "measured"):
        return [f"{dimension}=" for dimension in _dimensions(name, text, body, namespace)]
    return []


def _call(line: str, body: str) -> tuple[str, str]:
    """(the name of the function that a line or the last line of a cell calls, the call's text)."""
    last = body.rstrip().rsplit("\n", 1)[-1] if body.strip() else line
    found = re.search(r"(?:^|\s)([A-Za-z_][\w.]*)\s*\(", last)
    if found:
        return found[1], last[found.start():]
    names = DEFINED.findall(body)
    word = re.match(r"\s*([A-Za-z_]\w*)", line)
    return (names[-1] if names else word[1] if word else ""), last


def _parameters(name: str, body: str, namespace: Mapping[str, Any]) -> list[str]:
    """The names of a function's parameters, as the cell defines it, else as it is; of a plain cell, the real numbers
    that it reads."""
    found = re.findall(rf"^\s*def\s+{re.escape(name)}\s*\(([^)]*)\)", body, re.M) if name else []
    if found:
        try:
            node = ast.parse(f"def f({found[-1]}): pass").body[0]
        except SyntaxError:
            return []
        assert isinstance(node, ast.FunctionDef)
        return [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    function = namespace.get(name)
    if callable(function):
        try:
            return list(inspect.signature(function).parameters)
        except (TypeError, ValueError):
            return []
    words = dict.fromkeys(re.findall(r"\b[A-Za-z_]\w*\b", body))
    return [word for word in words if isinstance(namespace.get(word), float | complex) or
            hasattr(namespace.get(word), "dtype")]


def _dimensions(name: str, text: str, body: str, namespace: Mapping[str, Any]) -> list[str]:
    """The names of dimensions in the specs of a call; an integer's is that of its parameter."""
    try:
        call = ast.parse(split_call(text, "cost")[0], mode="eval").body
    except SyntaxError:
        return []
    names = _parameters(name, body, namespace)
    found: dict[str, None] = {}
    for position, arg in enumerate(call.args if isinstance(call, ast.Call) else []):
        for kind, dims in SPEC.findall(ast.unparse(arg)):
            whole = isinstance(arg, ast.Call) and not dims and kind.startswith("i")
            written = names[position:position + 1] if whole else [d.strip() for d in dims.split(",")]
            found.update(dict.fromkeys(d for d in written if d.isidentifier()))
    return list(found)


def _functions(namespace: Mapping[str, Any], body: str) -> list[str]:
    """The functions of the cell, last first, else those that are there already."""
    own = list(dict.fromkeys(reversed(DEFINED.findall(body))))
    return own or sorted(name for name, value in namespace.items() if inspect.isfunction(value)
                         and not name.startswith("_"))


_MATCHERS: dict[Any, Any] = {}


def register(shell: Any) -> None:
    """Complete the magics of a shell."""
    if shell not in _MATCHERS:
        _MATCHERS[shell] = matcher_of(shell)
        shell.Completer.custom_matchers.append(_MATCHERS[shell])


def unregister(shell: Any) -> None:
    """Take it back."""
    matcher = _MATCHERS.pop(shell, None)
    if matcher in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.remove(matcher)
