"""The stages of a compilation, and the differences between them."""

from __future__ import annotations

import numpy as np

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench.views.stages import PassStages, StageView, aligned


def energy(x):
    return np.sum(np.sin(x) * x)


def test_every_stage_and_what_it_changed() -> None:
    with in_python():
        gradient = wb.grad(energy)
        gradient(np.ones(5))
        stages = gradient.stages
        source = gradient.source
    assert isinstance(stages, PassStages)
    titles = [stage.title for stage in stages.stages]
    assert titles[0] == "traced" and titles[-1] == "source" and "lowering: lower" in titles and "plan" in titles
    assert stages.stages[-1].text == source.rstrip("\n")
    assert any(not stage.changed for stage in stages.stages)
    data = stages.as_dict()
    assert [s["changed"] for s in data["stages"]] == [s.changed for s in stages.stages]
    k = titles.index("lowering: lower")
    shown = stages.stage(k)
    assert len(shown["signs"]) == len(shown["lines"]) and "+" in shown["signs"] and "-" in shown["signs"]
    after = [line for sign, line in zip(shown["signs"], shown["lines"], strict=True) if sign != "-"]
    assert "\n".join(after) == stages.stages[k].text
    assert "── lowering: lower (energy_vjp)" in str(stages) and "nothing changed" in str(stages)


def test_numbers_in_names_are_no_difference_but_other_values_are() -> None:
    before = ["func f(x: f64):", "  t.0: f64 = sin(x)", "  t.1: f64 = exp(x)", "  t.2: f64 = add(t.0, t.1)"]
    after = ["func f(x: f64):", "  t.0: f64 = exp(x)", "  t.1: f64 = add(t.0, t.0)"]
    assert aligned(before, after) == [
        (" ", "func f(x: f64):"), ("-", "  t.0: f64 = sin(x)"), (" ", "  t.0: f64 = exp(x)"),
        ("-", "  t.2: f64 = add(t.0, t.1)"), ("+", "  t.1: f64 = add(t.0, t.0)")]
    assert aligned(before[1:3], before[1:3]) == [(" ", line) for line in before[1:3]]


def test_a_name_that_gets_a_number_is_no_difference() -> None:
    assert aligned(["y: f64 = exp(x)", "return y"], ["y.1: f64 = exp(x)", "return y.1"]) == [
        (" ", "y.1: f64 = exp(x)"), (" ", "return y.1")]


def test_numbers_that_are_no_names_differ() -> None:
    assert [sign for sign, _ in aligned(["x: f64 = mul(y, 0.5)"], ["x: f64 = mul(y, 0.25)"])] == ["-", "+"]


def test_as_html_nothing_is_markup() -> None:
    stages = PassStages("<img src=x>", (StageView("traced", "</script>", "f", None, "<b>"),))
    html = stages.html()
    assert "<img" not in html and "</script>" not in html and "<b>" not in html
