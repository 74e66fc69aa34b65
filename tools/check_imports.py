"""Lint of imports: downward only, no cycle, none inside functions.

Reads the syntax trees; imports nothing of what it checks. Invariants it keeps:

- a module of `workbench` imports only from its own layer or from layers below (`LAYERS`, top first);
- no cycle among modules, `if TYPE_CHECKING:` included;
- no import inside a function, but for the optional packages of `OPTIONAL` and the hooks of `HOOKS`;
- `workbench` never imports `workbench_jupyter`, but in the hook that `%load_ext workbench` calls, and no
  module inside imports the face of the whole package (`import workbench`), which stands above them all.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LAYERS: tuple[frozenset[str], ...] = tuple(
    map(
        frozenset,
        (
            {"__init__", "__main__"},
            {"api", "composed", "custom", "checking", "estimating", "expanding", "for_gpus", "magnifying",
             "pricing", "reproducing", "showing"},
            {"operators"},
            {"views"},
            {"cost", "engines"},
            {"transforms"},
            {"passes"},
            {"frontend"},
            {"interpret"},
            {"rules"},
            {"ir"},
            {"progress"},
            {"deferred", "records"},
        ),
    )
)
RANK = {name: rank for rank, names in enumerate(reversed(LAYERS)) for name in names}

#: Packages that may be missing, so that importing them waits until they are asked for.
OPTIONAL = frozenset({"numba.cuda", "IPython", "matplotlib", "kaleido"})
#: (module, imported module): hooks that must not import before they are called.
HOOKS = frozenset({("workbench", "workbench_jupyter")})


@dataclass(frozen=True)
class Import:
    """One imported module as one module sees it."""

    module: str
    target: str
    path: Path
    line: int
    inside_function: bool


def modules_under(root: Path, package: str) -> dict[str, Path]:
    """Dotted names of all modules of `package`, whose folder is `root`."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        found[".".join((package, *parts))] = path
    return found


def imports_of(module: str, path: Path, known: dict[str, Path]) -> Iterator[Import]:
    """Every import statement in a module, relative ones made absolute, names of submodules resolved."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]

    def visit(node: ast.AST, inside: bool) -> Iterator[Import]:
        inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, path, node.lineno, inside)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield Import(module, full if full in known else base, path, node.lineno, inside)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, inside)

    return visit(tree, False)


def layer(module: str) -> str:
    """The name that places a module of `workbench` in `LAYERS`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def is_under(name: str, packages: frozenset[str]) -> bool:
    return any(name == p or name.startswith(p + ".") for p in packages)


def layer_faults(imported: Import, known: dict[str, Path]) -> Iterator[str]:
    """What is wrong with one import, apart from cycles."""
    source, target = imported.module, imported.target
    hook = (source, target) in HOOKS
    if imported.inside_function and not hook and not is_under(target, OPTIONAL):
        yield f"import of {target} inside a function"
    if source.split(".")[0] != "workbench":
        return
    if is_under(target, frozenset({"workbench_jupyter"})) and not (hook and imported.inside_function):
        yield f"the core imports {target}"
    if target not in known or target.split(".")[0] != "workbench":
        return
    if target == "workbench":
        if source != "workbench.__main__":
            yield "imports the face of the whole package; import the module that defines the name"
        return
    for module in (source, target):
        if layer(module) not in RANK:
            yield f"{module}: layer {layer(module)!r} is unknown; name it in tools/check_imports.py"
            return
    if RANK[layer(target)] > RANK[layer(source)]:
        yield f"imports upward: {layer(source)} -> {layer(target)} ({target})"


def cycles(edges: dict[str, set[str]]) -> list[list[str]]:
    """The strongly connected components of more than one module (Tarjan 1972), sorted."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def connect(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for successor in sorted(edges.get(node, ())):
            if successor not in index:
                connect(successor)
                low[node] = min(low[node], low[successor])
            elif successor in stack:
                low[node] = min(low[node], index[successor])
        if low[node] == index[node]:
            cut = stack.index(node)
            component, stack[cut:] = stack[cut:], []
            if len(component) > 1:
                found.append(sorted(component))

    for node in sorted(edges):
        if node not in index:
            connect(node)
    return sorted(found)


def check(packages: dict[str, Path]) -> list[str]:
    """All faults in the given packages (name -> folder), one line each, in order of place."""
    known: dict[str, Path] = {}
    for package, root in packages.items():
        known |= modules_under(root, package)
    faults: list[str] = []
    edges: dict[str, set[str]] = {}
    for module, path in known.items():
        for imported in imports_of(module, path, known):
            faults += [f"{path}:{imported.line}: {what}" for what in layer_faults(imported, known)]
            hook = (module, imported.target) in HOOKS
            if imported.target in known and imported.target != module and not hook:
                edges.setdefault(module, set()).add(imported.target)
    faults += ["import cycle: " + " <-> ".join(component) for component in cycles(edges)]
    return faults


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    faults = check({"workbench": root / "workbench", "workbench_jupyter": root / "extension" / "workbench_jupyter"})
    print("\n".join(faults) if faults else "imports: downward only, no cycles")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
