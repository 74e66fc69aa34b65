"""The lint of imports objects to each kind of fault, and only then."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def lint() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_imports", ROOT / "tools" / "check_imports.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_imports"] = module
    spec.loader.exec_module(module)
    return module


def faults(lint: ModuleType, folder: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return lint.check({p: folder / p for p in ("workbench", "workbench_jupyter") if (folder / p).exists()})


GOOD = {
    "workbench/__init__.py": (
        "from .api import grad\ndef load_ipython_extension(shell):\n    from workbench_jupyter import load\n"
    ),
    "workbench/api.py": "from .engines import run\nfrom . import ir\n",
    "workbench/engines/__init__.py": "from .run import run\n",
    "workbench/engines/run.py": (
        "from ..ir.types import Type\nfrom workbench.rules import table\ndef on_gpu():\n    import numba.cuda\n"
    ),
    "workbench/rules/__init__.py": "",
    "workbench/rules/table.py": "import numpy\n",
    "workbench/ir/__init__.py": "from .types import Type\n",
    "workbench/ir/types.py": "import dataclasses\n",
    "workbench_jupyter/__init__.py": "import workbench\n",
}


def test_a_good_tree_has_no_fault(lint: ModuleType, tmp_path: Path) -> None:
    assert faults(lint, tmp_path, GOOD) == []


BAD = [
    ("ir/types.py", "from ..rules import table\n", "imports upward: ir -> rules"),
    ("ir/types.py", "from workbench.engines.run import run\n", "imports upward: ir -> engines"),
    ("ir/types.py", "import workbench.api\n", "imports upward: ir -> api"),
    ("ir/types.py", "from .. import api\n", "imports upward: ir -> api"),
    ("ir/types.py", "import workbench\n", "imports the face"),
    ("ir/types.py", "def f():\n    import numpy\n", "inside a function"),
    (
        "ir/types.py",
        "f = lambda: 0\nclass A:\n    def g(self):\n        from . import b\n",
        "inside a function",
    ),
    ("ir/types.py", "import workbench_jupyter\n", "the core imports workbench_jupyter"),
    ("engines/helpers.py", "from ..stray import x\n", "layer 'stray' is unknown"),
    (
        "rules/table.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..api import grad\n",
        "upward",
    ),
]


@pytest.mark.parametrize(("path", "text", "expected"), BAD)
def test_each_fault_is_named(lint: ModuleType, tmp_path: Path, path: str, text: str, expected: str) -> None:
    found = faults(lint, tmp_path, GOOD | {"workbench/stray.py": "", f"workbench/{path}": text})
    assert any(expected in fault and path.split("/")[-1] in fault for fault in found), found


def test_a_cycle_is_found(lint: ModuleType, tmp_path: Path) -> None:
    cyclic = {"workbench/ir/a.py": "from .b import x\n", "workbench/ir/b.py": "from . import a\n"}
    assert faults(lint, tmp_path, GOOD | cyclic) == ["import cycle: workbench.ir.a <-> workbench.ir.b"]
    assert lint.cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_the_pages_name_the_layers_in_their_order(lint: ModuleType, page: str) -> None:
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    (shown,) = re.findall(r"\bapi\b[a-z, ]*(?: > [a-z]+(?:, [a-z]+)*)+", text)
    layers = [set(names.split(", ")) for names in shown.split(" > ")]
    assert all(names <= set(layer) for names, layer in zip(layers, lint.LAYERS[1:], strict=False)), shown
    assert len(layers) >= len(lint.LAYERS) - 2
