"""ARCHITECTURE.md agrees with the code: the stages that it shows are what the code prints, and the folder map names
modules that are there, and has a row for each folder."""
from __future__ import annotations

import importlib
import importlib.util
import keyword
import re
from pathlib import Path
from types import ModuleType

import workbench as wb
from workbench.frontend import trace
from workbench.ir import print_function
from workbench.passes import optimize
from workbench.transforms import vjp

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "ARCHITECTURE.md").read_text()


def shown(stage: str) -> str:
    found = re.search(rf"<!-- stage: {stage} -->\n```\w*\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None, f"ARCHITECTURE.md shows no stage {stage!r}"
    return found.group(1).rstrip()


def example(folder: Path) -> ModuleType:
    found = re.search(r"```python\n(def decay.*?)```", TEXT, re.DOTALL)
    assert found is not None
    path = folder / "decay.py"
    path.write_text(found.group(1))
    spec = importlib.util.spec_from_file_location("decay", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_stage_of_the_walk(tmp_path: Path) -> None:
    decay = example(tmp_path).decay
    traced = trace(decay, (0.9, 3), ("x", "n")).function
    assert print_function(traced) == shown("traced")
    adjoint = optimize(vjp(optimize(traced), [0], [0], seeds="one"))
    assert print_function(adjoint) == shown("adjoint")
    derivative = wb.value_and_grad(decay, mode="reverse")
    value, gradient = derivative(0.9, 3)
    assert (value, gradient) == (decay(0.9, 3), gradient)
    assert abs(gradient - (decay(0.9 + 1e-6, 3) - decay(0.9 - 1e-6, 3)) / 2e-6) < 1e-6
    assert derivative.source.rstrip() == shown("source")


# ---------------------------------------------------------------------- the folder map
PACKAGE = ROOT / "workbench"


def rows() -> list[tuple[list[Path], str]]:
    """What each row of the folder map is about, and what it says."""
    table = TEXT.split("| folder | what it holds |\n|---|---|\n")[1].split("\n\n")[0]
    found = []
    for line in table.splitlines():
        names, says = line.strip("| ").split(" | ", 1)
        paths = re.findall(r"`([^`]+)`", names)
        found.append(([ROOT / p if p.startswith("extension/") else PACKAGE / p for p in paths], says))
    return found


def test_the_folder_map_has_a_row_for_each_folder_and_module_of_the_package() -> None:
    known = [path for paths, _ in rows() for path in paths]
    assert [path for path in known if not path.exists()] == []
    parts = [path for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    missing = {path.name for path in parts if path not in known} - {"__init__.py"}
    assert missing == set()


def test_the_folder_map_names_modules_that_are_there() -> None:
    unknown = []
    for paths, says in rows():
        there = {"/".join(p.relative_to(path).with_suffix("").parts) for path in paths for p in path.rglob("*.py")}
        there |= {"/".join(p.relative_to(path / "src").with_suffix("").parts)
                  for path in paths for p in path.glob("src/**/*.ts")}
        there |= {f"{folder}/" for module in there if "/" in module for folder in (module.rsplit("/", 1)[0],)}
        there |= {name.rsplit("/", 1)[-1] for name in there if not name.endswith("/")}
        for path in paths:
            if (path / "__init__.py").exists() and path.is_relative_to(PACKAGE):
                there |= set(importlib.import_module(".".join(path.relative_to(ROOT).parts)).__all__)
        named = re.findall(r"`([a-z_]+(?:/|\.py)?)`", says)
        unknown += [f"{paths[0].name}: {name}" for name in named
                    if name.removesuffix(".py") not in {*there, "wb", "workbench"} and not keyword.iskeyword(name)]
    assert unknown == []
