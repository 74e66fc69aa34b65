"""WORKBENCH_DUMP: every stage of each function that is specialised, as text in a folder of its own."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import workbench as wb


def decay(x, n):
    y = 1.0
    for k in range(n):
        y = y * x + 0.5
    return y * y


def energy(x):
    return np.sum(np.sin(x) * x)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_DUMP", str(tmp_path / "dump"))
    return tmp_path / "dump"


def files(folder: Path) -> dict[str, str]:
    """The text of each stage, by its name, in order."""
    return {path.name.split("-", 1)[1]: path.read_text() for path in sorted(folder.iterdir())}


def test_every_stage_is_there_in_order(folder: Path) -> None:
    derivative = wb.grad(decay, mode="reverse")
    derivative(0.9, 3)
    (made,) = folder.iterdir()
    assert made.name == "000-decay-grad"
    found = files(made)
    names = list(found)
    assert names[0] == "traced.ir" and names[-1] == "source.py"
    order = [names.index(name) for name in ("traced.ir", "grad.ir", "lowered.ir", "source.py")]
    assert order == sorted(order)
    assert found["traced.ir"].startswith("func decay(x: f64, n: i64):")
    assert found["grad.ir"].startswith("func decay_vjp(")
    assert found["source.py"].rstrip() == derivative.source.rstrip()


def test_a_pass_is_shown_where_it_has_changed_something(folder: Path) -> None:
    wb.grad(energy)(np.ones(5))
    (made,) = folder.iterdir()
    found = files(made)
    assert "lowering-lower.ir" in found and "sum" in found["grad.ir"] and "for(" in found["lowering-lower.ir"]
    texts = [text for name, text in found.items() if name not in ("lowered.ir", "source.py")]
    assert all(a != b for a, b in zip(texts, texts[1:]))


def test_each_specialisation_has_a_folder_of_its_own(folder: Path) -> None:
    wb.grad(decay)(0.9, 3)
    wb.vjp(lambda x: x * x, 3.0)
    assert [path.name for path in sorted(folder.iterdir())] == [
        "000-decay-grad", "001-_lambda_-vjp", "002-_lambda_-value"]


def test_what_is_compiled_is_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = wb.grad(decay)
    shown(0.9, 3)
    monkeypatch.delenv("WORKBENCH_DUMP")
    quiet = wb.grad(decay)
    quiet(0.9, 3)
    assert shown.source == quiet.source and len(list(folder.iterdir())) == 1


def test_derivatives_inside_are_shown_too(folder: Path) -> None:
    wb.grad(lambda x: wb.grad(energy)(x)[0])(np.ones(3))
    (made,) = folder.iterdir()
    assert any(name.startswith("inner-") for name in files(made))


def test_what_is_refused_leaves_nothing(folder: Path) -> None:
    with pytest.raises(wb.DifferentiationError):
        wb.grad(energy, engine="numba")(1)
    assert not folder.exists()
