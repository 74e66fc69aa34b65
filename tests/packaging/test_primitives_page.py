"""The page of primitives is current, complete, and its check finds what is not."""
from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from workbench.rules import table

ROOT = Path(__file__).parent.parent.parent


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("primitives_page", ROOT / "tools" / "primitives_page.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_is_current() -> None:
    assert tool().main(["--check"]) == 0, "run python tools/primitives_page.py"


def test_lists_every_primitive() -> None:
    text = tool().page()
    assert not [name for name in table() if f"| {name} |" not in text]
    assert "| tanh | `math.tanh`, `np.tanh` | `1 - f * f` |" in text
    assert "`np.linalg.solve`" in text and "`np.fft.rfft`" in text and "`np.sort`" in text
    assert "`scipy.special.gammaln`" in text and "`np.histogram`" in text


def test_finds_a_page_that_is_not_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tool()
    page = tmp_path / "primitives.md"
    page.write_text(module.page().replace("1 - f * f", "1 - f"))
    monkeypatch.setattr(module, "PAGE", page)
    assert module.main(["--check"]) == 1
    assert module.main([]) == 0 and module.main(["--check"]) == 0
