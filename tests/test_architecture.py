"""The stages that ARCHITECTURE.md shows are what the code prints."""
from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import workbench as wb
from workbench.frontend import trace
from workbench.ir import print_function
from workbench.passes import optimize
from workbench.transforms import vjp

TEXT = (Path(__file__).parent.parent / "ARCHITECTURE.md").read_text()


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
    derivative = wb.value_and_grad(decay)
    value, gradient = derivative(0.9, 3)
    assert (value, gradient) == (decay(0.9, 3), gradient)
    assert abs(gradient - (decay(0.9 + 1e-6, 3) - decay(0.9 - 1e-6, 3)) / 2e-6) < 1e-6
    assert derivative.source.rstrip() == shown("source")
