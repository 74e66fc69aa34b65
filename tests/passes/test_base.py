"""Passes, stages and who looks on, with passes that do nothing but say that they ran."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from workbench.ir import Builder, Function, Kind, ScalarType
from workbench.passes import CotangentPass, Pass, is_watched, watching
from workbench.passes.base import Stage, Step, run
from workbench.rules import emit

RAN: list[str] = []


@dataclass(frozen=True)
class Noted(Pass):
    """Notes that it ran; `copies`: gives another function."""

    name: ClassVar[str] = "noted"
    label: str = "noted"
    copies: bool = False

    def __call__(self, function: Function) -> Function:
        RAN.append(self.label)
        return dataclasses.replace(function) if self.copies else function


@dataclass(frozen=True)
class Settled(Noted):
    """A pass that would change nothing the second time."""

    name: ClassVar[str] = "settled"
    settles: ClassVar[bool] = True


@dataclass(frozen=True)
class OverCotangents(CotangentPass):
    """Notes how many results are exact."""

    name: ClassVar[str] = "over-cotangents"
    seen: Any = field(default=None, compare=False)

    def rewritten(self, function: Function, exact: int) -> Function:
        RAN.append(f"exact {exact}")
        return function


class OverAllCotangents(OverCotangents):
    heeds_marks: ClassVar[bool] = False


@pytest.fixture(autouse=True)
def anew() -> None:
    RAN.clear()


def square() -> Function:
    b = Builder("square")
    x = b.param(ScalarType(Kind.F64), "x")
    y = emit(b, "mul", x, x)
    return b.finish([y, y])


def test_passes_run_in_order_each_on_what_the_one_before_made() -> None:
    function = square()
    assert run([Noted("first"), Noted("second"), Noted("first")], function) is function
    assert RAN == ["first", "second", "first"]


def test_a_pass_that_settles_is_not_run_again_on_what_it_made() -> None:
    run([Settled(), Noted("does nothing"), Settled()], square())
    assert RAN == ["noted", "does nothing"]
    RAN.clear()
    run([Settled(), Noted("changes", copies=True), Settled()], square())
    assert RAN == ["noted", "changes", "noted"]


def test_equal_options_are_equal_passes() -> None:
    assert Settled("a") == Settled("a") != Settled("b") and len({Settled("a"), Settled("a")}) == 1
    run([Settled("a"), Settled("b"), Settled("a")], square())
    assert RAN == ["a", "b"]


@pytest.mark.parametrize("exact, ran", [(None, []), (2, []), (3, []), (1, ["exact 1"]), (0, ["exact 0"])])
def test_a_pass_over_cotangents_runs_where_there_are_some(exact: int | None, ran: list[str]) -> None:
    OverCotangents(exact)(square())  # (of two results)
    assert RAN == ran


@pytest.mark.parametrize("exact, ran", [
    (None, ["before"]), (0, ["before", "exact 0"]), (1, ["before", "exact 1", "exact 1"])])
def test_a_stage_says_how_many_results_are_exact_and_leaves_out_what_heeds_no_marks(
        exact: int | None, ran: list[str]) -> None:
    stage = Stage("stage", Step(Noted("before"), "it is first"), Step(OverCotangents(), "it heeds marks"),
                  Step(OverAllCotangents(), "it heeds none"))
    stage(square(), exact)
    assert RAN == ran


def test_steps_are_added_behind_the_last_of_a_name_or_first_of_all_and_removed_again() -> None:
    stage = Stage("stage", Step(Noted("one"), "why"), Step(Settled("two"), "why"), Step(Noted("three"), "why"))
    stage.add(Noted("added"), "because", after="noted")
    stage.add(Noted("front"), "because")
    stage(square())
    assert RAN == ["front", "one", "two", "three", "added"] and not stage.is_as_shipped
    stage.remove(Noted("added"))
    stage.remove(Noted("front"))
    stage.remove(Noted("one"))  # (what ships cannot be taken out)
    assert stage.is_as_shipped
    with pytest.raises(ValueError, match="no step of stage is named 'lost': there are noted, settled"):
        stage.add(Noted(), "because", after="lost")


def test_a_stage_prints_its_steps_with_their_reasons() -> None:
    assert str(Stage("stage", Step(Noted(), "it is first"), Step(Settled(), "it is last"))) == (
        "stage:\n  noted    it is first\n  settled  it is last")


def test_observers_see_what_is_given_and_what_each_pass_makes() -> None:
    function, seen, outer = square(), [], []
    with watching(lambda name, made: outer.append(name)):
        with watching(lambda name, made: seen.append((name, made))):
            assert is_watched()
            made = Stage("stage", Step(Noted(copies=True), "why"))(function)
        Stage("other", Step(Noted(), "why"))(function)
    assert seen == [("stage/given", function), ("stage/noted", made)]
    assert outer == ["stage/given", "stage/noted", "other/given", "other/noted"]


def test_nobody_looks_on_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_VERIFY", raising=False)
    with pytest.raises(RuntimeError), watching(lambda name, made: None):
        raise RuntimeError
    assert not is_watched()
