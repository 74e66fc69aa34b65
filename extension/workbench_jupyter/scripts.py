"""The scripts of live views: ES modules of `static/`, joined into one text for each kind of view.

A browser cannot import a file that only the kernel can read, so what a module imports from its neighbours is put before
it, each once, and `import`s and `export`s between them are taken away. Invariant (tests/extension/test_scripts.py):
names at the top of modules are unlike in all of them.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
IMPORT = re.compile(r'^import\s+\{[^}]*\}\s+from\s+"\./([\w-]+)\.js";\n', re.M)
EXPORT = re.compile(r"^export (?=(?:async )?function|const|let|class)", re.M)


def kinds() -> tuple[str, ...]:
    """The kinds of live views that there are: modules that export `mount`."""
    return tuple(sorted(path.stem for path in STATIC.glob("*.js")
                        if re.search(r"^export (?:async )?function mount\(", path.read_text("utf-8"), re.M)))


@cache
def script(kind: str) -> str:
    """The one module of a kind of view: it exports `mount(element, data, link)`."""
    return f"{_joined(kind)}\nexport {{ mount }};\n"


def _joined(module: str) -> str:
    """A module after those that it imports from, in one text."""
    order: list[str] = []
    _collect(module, order)
    parts = []
    for name in order:
        text = IMPORT.sub("", (STATIC / f"{name}.js").read_text("utf-8"))
        parts.append(f"// ---- {name}.js\n{EXPORT.sub('', text)}")
    return "\n".join(parts)


def _collect(name: str, order: list[str]) -> None:
    if name in order:
        return
    for needed in IMPORT.findall((STATIC / f"{name}.js").read_text("utf-8")):
        _collect(needed, order)
    order.append(name)


@cache
def version(kind: str) -> str:
    """A name of the script's content: a page loads each content once."""
    return hashlib.sha256(script(kind).encode()).hexdigest()[:16]


def loader() -> str:
    """The small module that every live view's model holds."""
    return _joined("loader")
