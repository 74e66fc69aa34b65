"""What an edit has changed: figures before and after, in all and by line.

Lines are compared as the edit has moved them; a line that was not there before counts from nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from workbench.cost.work import Line
from workbench.views.comparison import Comparison
from workbench_jupyter.panel.analysis import Analysis

#: What is compared of a program, and of a line.
TOTALS = ("flops", "bytes", "allocated", "peak", "residuals", "time")
LINES = ("flops", "bytes", "peak", "kept", "time")


def change(before: Analysis, after: Analysis, since: str, sizes: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Both at the same sizes; since: what the earlier one is called."""
    given = {**before.open, **after.sized(sizes)}
    first, second = before.at(given), after.at(given)
    return {"since": since, "rows": list(rows(first["totals"], second["totals"])),
            "lines": lines(before, after, first["lines"], second["lines"])}


def rows(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Figures of the gradient, or of the value where one has none."""
    of = "value" if first["gradient"] is None or second["gradient"] is None else "gradient"
    one, other = first[of], second[of]
    return [{"what": what, "of": of, "before": one[what], "after": other[what],
             "before_text": one["texts"][what], "after_text": other["texts"][what]}
            for what in TOTALS if one[what] is not None and other[what] is not None]


def lines(before: Analysis, after: Analysis, first: list[dict[str, Any]], second: list[dict[str, Any]]
          ) -> list[dict[str, Any]]:
    """How much more lines of the cell cost than they did; those that cost what they did are left out."""
    was = {line["line"]: line for line in first}
    moved = places(before.reading.source, after.reading.source)
    found = []
    for line in second:
        old = was.get(moved.get(line["line"], -1))
        more = {name: line[name] - (old[name] if old is not None else 0.0) for name in LINES}
        if any(abs(amount) > 1e-12 for amount in more.values()):
            found.append({"line": line["line"], "new": line["line"] not in moved, **more})
    return found


def compared(before: Analysis, after: Analysis) -> Comparison:
    """The costs of both, their lines beside each other as the edit has moved them."""
    has = before.gradient is not None and after.gradient is not None
    first, second = (a.gradient if has else a.value for a in (before, after))
    assert first is not None and second is not None
    were = {old: new for new, old in places(before.reading.source, after.reading.source).items()}

    def moved(line: Line) -> Line:
        filename, number = line
        return (after.filename, were[number]) if filename == before.filename and number in were else line
    return first.renamed("before", moved).compare(second.renamed("now", lambda line: line))


def places(before: str, after: str) -> dict[int, int]:
    """Where lines of the second text were in the first: those that are the same, and those that were replaced one by
    one."""
    found = {}
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal" or (kind == "replace" and b - a == d - c):
            found.update({c + k + 1: a + k + 1 for k in range(d - c)})
    return found
