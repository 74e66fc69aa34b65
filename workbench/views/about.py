"""What is in use: versions, engines, the machine that times are predicted for, the disk cache, settings, obstacles."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape
from importlib import metadata
from typing import Any

from workbench.cost.machine import current
from workbench.engines import ENGINES
from workbench.engines.numba import cache, configuration
from workbench.views.numbers import columns
from workbench.views.shown import Shown
from workbench.views.style import TABLES, stylesheet

DISTRIBUTION = "ad-workbench"
#: The settings that there are, with what they do.
SETTINGS = {
    "WORKBENCH_CACHE": "0: compiled programs are not kept on the disk",
    "WORKBENCH_VECTOR_MATH": "0: exp, sin and so on are the C library's",
    "WORKBENCH_TRACEBACK": "full: tracebacks show the workbench's own frames",
    "WORKBENCH_DUMP": "a folder: every stage of every program is written there",
    "WORKBENCH_VERIFY": "1: programs are verified after every pass",
    "NUMBA_CACHE_DIR": "where compiled programs are kept",
}


_STYLE = """.wb-view .wb-table td { white-space: normal; vertical-align: top; }
.wb-view .wb-table td:first-child { white-space: nowrap; color: var(--wb-dim); }"""


class About(Shown):
    """What is in use, as rows of a name and a text."""

    def __init__(self, version: str, notes: Sequence[str] = ()) -> None:
        self.rows = [*_rows(version)]
        self.notes = [*notes, *obstacles()]

    def as_dict(self) -> dict[str, Any]:
        return {"rows": [list(row) for row in self.rows], "notes": list(self.notes)}

    def text(self) -> str:
        return "\n".join([*columns([list(row) for row in self.rows], left=(0, 1)), *self.notes])

    def html(self) -> str:
        body = "".join(f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>" for name, text in self.rows)
        notes = "".join(f'<div class="wb-hint">{escape(note)}</div>' for note in self.notes)
        return (f'<div class="wb-view"><style>{stylesheet([])}{TABLES}{_STYLE}'
                '</style><div class="wb-head"><span class="wb-nabla">∇</span> <span class="wb-title">workbench</span>'
                f'</div>{notes}<div class="wb-table"><table>{body}</table></div></div>')

    def __repr__(self) -> str:
        return self.text()


def _rows(version: str) -> list[tuple[str, str]]:
    """Everything that is to be said."""
    found = configuration()
    kept = cache.files()
    held = (f"{found.cache}: {len(kept)} programs, {size_text(sum(size for _, size in kept))}" if found.cache else
            "not kept (the folder is not private, or WORKBENCH_CACHE=0)")
    machine = current()
    engines = [f"{name} ({' + '.join(engine.parts)})" if engine.parts != (name,) else name
               for name, engine in ENGINES.items()]
    return [
        ("workbench", version),
        ("versions", ", ".join(f"{name} {number}" for name, number in found.versions.items())),
        ("processor", found.processor),
        ("engines", ", ".join(engines)),
        ("times are predicted for", f"{machine.processor}, measured" if machine.calibrated else
         f"{machine.processor}, a default: %workbench calibrate measures this one"),
        ("exp, sin and so on", f"{'the workbench' if found.vector_math == 'own' else 'the C library'}'s: {found.why}"),
        ("compiled programs", held),
        *((name, f"{os.environ[name]} ({meaning})") for name, meaning in SETTINGS.items() if name in os.environ),
    ]


def obstacles(owners: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """What stands in the way: other distributions that own the import name.

    >>> obstacles({"workbench": ["ad-workbench"]})
    []
    >>> obstacles({"workbench": ["workbench", "ad-workbench"]})[0][:58]
    'another distribution owns the import name workbench, too: '
    """
    owners = metadata.packages_distributions() if owners is None else owners
    others = sorted(set(owners.get("workbench", ())) - {DISTRIBUTION})
    if not others:
        return []
    return [f"another distribution owns the import name workbench, too: {', '.join(others)}. The two cannot share an "
            f"environment: pip uninstall {' '.join(others)}, then install {DISTRIBUTION} again."]


def size_text(size: float) -> str:
    """Bytes in a unit that fits.

    >>> size_text(1536)
    '1.5 KB'
    """
    for unit in ("bytes", "KB", "MB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} GB"
