"""`wb.tape`'s tape, which shows itself: as text, as static HTML, alive where it is displayed in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from workbench.engines.tape.active import bottom
from workbench.engines.tape.tape import Tape
from workbench.views.shown import Shown
from workbench.views.tape_data import TapeData
from workbench.views.tape_html import position_text, tape_html, tape_text

#: A live view fetches so many nodes at once: some ten megabytes.
WINDOW = 300_000


class ShownTape(Tape, Shown):
    """A tape that a notebook shows. name: what is recorded."""

    kind = "tape"

    def __init__(self, function: Callable[..., Any], args: Sequence[Any], keywords: Sequence[str] = ()) -> None:
        self.name = f"tape of {getattr(function, '__name__', type(function).__name__)}"
        super().__init__(function, args, keywords)
        self._data = TapeData(self)

    def as_dict(self) -> dict[str, Any]:
        """What a live view needs to begin; nodes come with `answer`."""
        data, value = self._data, bottom(self.value)
        columns, edges = data.columns, data.edges
        return {
            "title": self.name, "value": f"{value:.8g}" if isinstance(value, float) else repr(value)[:80],
            "nodes": len(self), "edges": len(edges[1]), "window": WINDOW, "position": self.position,
            "status": position_text(self), "operations": columns.names, "whole": data.is_whole,
            "blocks": len(self.recorder.blocks),
            "places": [{"file": file, "line": line} for file, line in columns.places],
            "sources": [asdict(source) for source in data.sources()],
        }

    def answer(self, question: Mapping[str, Any]) -> Any:
        """Arrays: "nodes" from "first" to "stop", "blocks", "groups", the "row" of a "node", the "adjoints" where a
        reverse sweep stands at "position"; and "json", the text of `to_json`."""
        data = self._data
        match question:
            case {"what": "nodes", "first": int(first), "stop": int(stop)}:
                return data.window(max(first, 0), min(stop, len(self)))
            case {"what": "blocks"}:
                return data.blocks()
            case {"what": "groups"}:
                return data.groups()
            case {"what": "row", "node": int(node)}:
                return data.row(node)
            case {"what": "adjoints", "position": int(position)}:
                return data.adjoints_at(position)
            case {"what": "json"}:
                return self.to_json()
        return super().answer(question)

    def text(self) -> str:
        return tape_text(self, self.name, self._data.lines())

    def html(self) -> str:
        return tape_html(self, self.name, self._data.lines())
