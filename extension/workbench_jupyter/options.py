"""A magic's line: its flags, parsed and checked, and the call or the names beside them.

What is wrong with a line is a `UsageError` of one line, which says what was probably meant.
"""

from __future__ import annotations

import ast
import difflib
import re
import shlex
from collections.abc import Iterable
from typing import Any

import numpy as np
from IPython.core.error import UsageError

from workbench.records import dataclass
from workbench_jupyter.flags import MAGICS, Flag

#: So many sizes stand for a range that does not say how many.
POINTS = 25


@dataclass(frozen=True)
class Options:
    """A magic's line, parsed. `wrt` and the like are None where they were left out."""

    magic: str
    names: tuple[str, ...] = ()
    wrt: int | str | tuple[int | str, ...] | None = None
    engine: str = "auto"
    order: int = 1
    show: tuple[str, ...] = ()
    verify: bool = False
    at: str | None = None
    name: str | None = None
    of: tuple[str, ...] = ()
    sweep: tuple[tuple[str, Any], ...] = ()
    figures: tuple[str, ...] = ()
    measure: bool = False
    measured: tuple[tuple[str, Any], ...] = ()
    force: bool = False


def parse_line(parser: Any, magic: str, line: str) -> Options:
    """The options of a line; raises `UsageError` for what it does not know."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{magic}: {error}") from None
    flags = {flag.name: flag for flag in MAGICS[magic]}
    for word in words:
        title = word.split("=", 1)[0]
        if title.startswith("--") and title not in flags:
            raise UsageError(f"{magic}: there is no flag {title}{meant(title, flags)}")
    found = vars(parser.parse_args(words))
    given = {key: checked(magic, flags[f"--{key}"], value) for key, value in found.items()
             if key != "target" and value is not None}
    names = tuple(name for target in found["target"] for name in target.split(",") if name)
    for key, read in (("wrt", parsed_wrt), ("order", int)):
        if key in given:
            given[key] = read(given[key])
    for key in ("sweep", "measured"):
        if key in given:
            texts = given[key] if isinstance(given[key], list) else [given[key]]
            given[key] = tuple(sizes_of(part, f"--{key}") for text in texts for part in text.split(";"))
    if "name" in given and not given["name"].isidentifier():
        raise UsageError(f"--name: {given['name']!r} is not a name")
    return Options(magic, names, **given)


def checked(magic: str, flag: Flag, value: Any) -> Any:
    """The value of a flag, one of those that there are; of one that takes several, a tuple."""
    if flag.values is None:
        return value
    known = flag.values()
    parts = tuple(part.strip() for part in value.split(",") if part.strip()) if flag.several else (value,)
    for part in parts:
        if part not in known:
            raise UsageError(f"{magic} {flag.name}: there is no {part!r}{meant(part, known)}")
    return parts if flag.several else value


def meant(word: str, known: Iterable[str]) -> str:
    """What a wrong word was probably meant to be, or what there is."""
    known = list(known)
    close = difflib.get_close_matches(word, known, 1, 0.5)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"


def parsed_wrt(text: str) -> int | str | tuple[int | str, ...]:
    """`x`, `0`, `x,y`: one position or name, or a tuple of them."""
    items = [item.strip() for item in text.strip("()[] ").split(",") if item.strip()]
    if not items:
        raise UsageError("--wrt needs names or positions")
    parsed = tuple(int(item) if re.fullmatch(r"-?\d+", item) else item for item in items)
    return parsed[0] if len(parsed) == 1 else parsed


def sizes_of(text: str, flag: str = "--sweep") -> tuple[str, Any]:
    """(dimension, sizes) of `n=10:1e6:log`, `n=10:1000:50`, `n=1,10,100` or `n=64`.

    >>> name, sizes = sizes_of("n=10:1000:3")
    >>> name, sizes.tolist()
    ('n', [10, 505, 1000])
    """
    name, equals, values = (part.strip() for part in text.partition("="))
    wrong = UsageError(f"{flag}: {text!r} is not understood; write n=10:1e6:log, n=10:1000:50 or n=1,10,100")
    if not (equals and name.replace(".", "_").replace("[", "_").replace("]", "_").isidentifier()):
        raise wrong
    try:
        if ":" not in values:
            sizes = [whole(part) for part in values.split(",")]
            return name, sizes[0] if "," not in values else np.array(sizes)
        low, high, *how = values.split(":")
        if len(how) > 1:
            raise wrong
        first, last = whole(low), whole(high)
        if how == ["log"]:
            spaced = np.geomspace(max(first, 1), last, POINTS)
        else:
            spaced = np.linspace(first, last, whole(how[0]) if how else POINTS)
    except ValueError:
        raise wrong from None
    return name, np.unique(spaced.round().astype(np.int64))


def whole(text: str) -> int:
    """A size: an integer, `1e6` too. Raises ValueError."""
    value = float(text)
    if value != int(value) or value < 0:
        raise ValueError(text)
    return int(value)


def split_call(line: str, magic: str = "grad") -> tuple[str, str]:
    """(the call's text, the flags' text) of a magic's line; flags may stand before or after the call."""
    flags = MAGICS[magic]
    switches = "|".join(flag.name[2:] for flag in flags if not flag.takes)
    taking = "|".join(flag.name[2:] for flag in flags if flag.takes)
    value = r"(?:'[^']*'|\"[^\"]*\"|\S+)"
    forms = [*([rf"(?:{taking})(?:=|\s+){value}"] if taking else []), *([f"(?:{switches})"] if switches else [])]
    leading = re.match(rf"(\s*--(?:{'|'.join(forms)})(?=\s|$))*", line)
    before, rest = (leading.group(0), line[leading.end():]) if leading else ("", line)
    for cut in [*(match.start() for match in re.finditer(r"(?:^|\s)(?=--[a-z])", rest)), len(rest)]:
        try:
            ast.parse(rest[:cut].strip(), mode="eval")
        except SyntaxError:
            continue
        return rest[:cut].strip(), f"{before} {rest[cut:]}".strip()
    text, _, after = rest.partition(" --")
    return text.strip(), f"{before} {'--' + after if after else ''}".strip()
