"""The arguments of `%%grad` and `%grad`: one parser, which is also their help."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument, magic_arguments

ENGINES = ("auto", "numba", "cuda", "tape")
FLAG = re.compile(r"(?:^|\s)(?=--(?:wrt|engine|verify|at|name)\b)")


def grad_arguments(function: Callable[..., Any]) -> Any:
    """Decorate a magic with the arguments that both forms share."""
    described = [
        argument(
            "target",
            nargs="*",
            help="%%%%grad: the functions; left out, the last one defined. %%grad: a call, f(x, y).",
        ),
        argument(
            "--wrt",
            help="With respect to which arguments: names or positions, commas between them. "
            "Left out: the first argument of a function, every input of a plain cell.",
        ),
        argument("--engine", choices=ENGINES, default="auto", help="What runs the derivative."),
        argument(
            "--verify",
            action="store_true",
            help="Check the gradient, forward against reverse mode and against differences; show the agreeing digits.",
        ),
        argument(
            "--at", help="Arguments to show the adjoint at, where the cell calls nothing: --at '2.0, np.ones(3)'."
        ),
        argument("--name", help="Keep the derivative, a function giving (value, gradient), under this name."),
    ]
    for decorate in reversed(described):
        function = decorate(function)
    return magic_arguments("grad")(function)


@dataclass(frozen=True)
class Options:
    """A magic's line, parsed. `wrt` is None where it was left out."""

    names: tuple[str, ...]
    wrt: int | str | tuple[int | str, ...] | None
    engine: str
    verify: bool
    at: str | None
    name: str | None


def parsed_wrt(text: str | None) -> int | str | tuple[int | str, ...] | None:
    """`x`, `0`, `x,y`: one position or name, or a tuple of them."""
    if text is None:
        return None
    items = [item.strip() for item in text.strip("()[] ").split(",") if item.strip()]
    if not items:
        raise UsageError("--wrt needs names or positions")
    parsed = tuple(int(item) if re.fullmatch(r"-?\d+", item) else item for item in items)
    return parsed[0] if len(parsed) == 1 else parsed


def parse_line(parser: Any, line: str) -> Options:
    """The options of a line; raises `UsageError` for what it does not know."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%grad: {error}") from None
    found = parser.parse_args(words)
    if found.name is not None and not found.name.isidentifier():
        raise UsageError(f"--name: {found.name!r} is not a name")
    names = tuple(name for target in found.target for name in target.split(",") if name)
    return Options(names, parsed_wrt(found.wrt), found.engine, found.verify, found.at, found.name)


def split_call(line: str) -> tuple[str, str]:
    """(the call's text, the flags' text) of `%grad`'s line; flags may stand before or after the call."""
    leading = re.match(r"(\s*--(?:verify|(?:wrt|engine|at|name)(?:=|\s+)(?:'[^']*'|\"[^\"]*\"|\S+))(?=\s|$))*", line)
    flags, rest = (leading.group(0), line[leading.end() :]) if leading else ("", line)
    for cut in [*(match.start() for match in FLAG.finditer(rest)), len(rest)]:
        try:
            ast.parse(rest[:cut].strip(), mode="eval")
        except SyntaxError:
            continue
        return rest[:cut].strip(), f"{flags} {rest[cut:]}".strip()
    return rest.strip(), flags.strip()
