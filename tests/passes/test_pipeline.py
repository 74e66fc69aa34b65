"""The pipeline: what a pass is, that every step has its reason, and that others can add steps and look on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench import passes
from workbench.ir import Function, Op, Rewriter, VerificationError, print_function
from workbench.passes import FINALIZE, OPTIMIZE, STAGES, CotangentPass, Pass

SHIPPED = [found for name in passes.__all__ if isinstance(found := getattr(passes, name), type)
           and issubclass(found, Pass) and found not in (Pass, CotangentPass)]


def square(x: float) -> float:
    return x * x


# ---------------------------------------------------------------------- a pass of another package, as a toy
@dataclasses.dataclass(frozen=True)
class Confuse(Pass):
    """Takes one operation for another: wrong, so that it is seen."""

    name: ClassVar[str] = "confuse"
    prim: str = "mul"
    other: str = "add"

    def __call__(self, function: Function) -> Function:
        """The function with the other operation."""
        return _Confuser(self).run(function)


class _Confuser(Rewriter):
    def __init__(self, options: Confuse) -> None:
        super().__init__()
        self.options = options

    def rewrite_op(self, op: Op) -> None:
        """Exchange an operation."""
        self.copy_op(dataclasses.replace(op, prim=self.options.other) if op.prim == self.options.prim else op)


@dataclasses.dataclass(frozen=True)
class Break(Pass):
    """Gives a program that is none: what its last operation made is not there."""

    name: ClassVar[str] = "break"

    def __call__(self, function: Function) -> Function:
        """The function without its last operation."""
        block = dataclasses.replace(function.block, ops=function.block.ops[:-1])
        return dataclasses.replace(function, block=block)


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    for stage in STAGES:
        for step in (Confuse(), Break()):
            stage.remove(step)


# ---------------------------------------------------------------------- what ships
@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda found: found.name)
def test_a_pass_is_a_frozen_dataclass_in_a_stage(shipped: type[Pass]) -> None:
    assert dataclasses.is_dataclass(shipped) and shipped.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert shipped() == shipped() and hash(shipped()) == hash(shipped())
    assert any(type(step.does) is shipped for stage in STAGES for step in stage.steps), "it stands in no stage"


def test_names_are_told_apart_and_every_place_has_its_reason() -> None:
    assert len({found.name for found in SHIPPED}) == len(SHIPPED)
    for stage in STAGES:
        assert all(len(step.why.split()) > 3 for step in stage.steps)
        assert all(f"{step.does.name} " in str(stage) and step.why in str(stage) for step in stage.steps)


@pytest.mark.parametrize("exact, left_out", [
    (1, set()), (0, {"scaling", "early-end"}), (None, {"scaling", "early-end"})])
def test_passes_over_cotangents_are_for_derivatives(exact: int | None, left_out: set[str]) -> None:
    names = [step.does.name for step in FINALIZE.steps_for(exact)]
    assert {step.does.name for step in FINALIZE.steps} - set(names) == left_out


# ---------------------------------------------------------------------- what others add and see
def test_another_package_adds_a_step(restored: None) -> None:
    assert passes.are_as_shipped()
    OPTIMIZE.add(Confuse(), "to see that it runs", after="privatise")
    assert OPTIMIZE.steps[-1].does == Confuse() and not passes.are_as_shipped()
    with in_python():
        assert wb.value_and_grad(square)(3.0) == (6.0, 2.0)
    OPTIMIZE.remove(Confuse())
    assert passes.are_as_shipped()
    with in_python():
        assert wb.value_and_grad(square)(3.0) == (9.0, 6.0)


def test_a_step_has_a_place() -> None:
    with pytest.raises(ValueError, match="no step of optimize is named 'nothing': there are simplify, counting"):
        OPTIMIZE.add(Confuse(), "to see that it runs", after="nothing")


def test_others_look_on() -> None:
    seen: list[tuple[str, str]] = []
    with in_python(), passes.watching(lambda name, function: seen.append((name, print_function(function)))):
        wb.grad(square)(3.0)
    names = [name for name, _ in seen]
    assert names[:2] == ["optimize/given", "optimize/simplify"] and names[-1].startswith("finalize/")
    assert names.count("optimize/given") == 2  # the program, and its adjoint
    assert "square_vjp" in seen[-1][1]
    wb.grad(square)(3.0)
    assert len(seen) == len(names)


def test_the_pass_that_breaks_a_program_is_named(monkeypatch: pytest.MonkeyPatch, restored: None) -> None:
    monkeypatch.setenv("WORKBENCH_VERIFY", "1")
    OPTIMIZE.add(Break(), "to see that it is noticed", after="counting")
    with in_python(), pytest.raises(VerificationError) as caught:
        wb.grad(square, engine="numba")(3.0)
    assert caught.value.__notes__ == ["after optimize/break"]
