"""`check_types` names an operation whose types are not the table's."""

from __future__ import annotations

import pytest

from workbench.ir import ArrayType, Block, Constant, Function, Kind, Op, ScalarType, Span, Value, VerificationError
from workbench.rules import check_types

F64, F32, INT, BOOL = (ScalarType(k) for k in (Kind.F64, Kind.F32, Kind.INT, Kind.BOOL))
ONE, HALF, TRUE = Constant(1, Kind.INT), Constant(0.5, Kind.F64), Constant(True, Kind.BOOL)
VECTOR = ArrayType(Kind.F64, (ONE,))


def program(op: Op) -> Function:
    return Function("f", Block((), (op,), ()))


EMPTY = Block((), (), ())


@pytest.mark.parametrize(("op", "message"), [
    (Op("sin", (HALF,), (Value(F32),), {}, (), Span("user.py", 5)), "its result is f32, not f64"),
    (Op("sin", (HALF,), (Value(VECTOR),)), "its result is"),
    (Op("sin", (HALF, HALF), (Value(F64),)), "takes 1 operands"),
    (Op("add", (HALF, ONE), (Value(F64),)), "different kinds"),
    (Op("nothing", (HALF,), (Value(F64),)), "no such primitive"),
    (Op("sum", (Value(VECTOR),), (Value(F64),)), "no such attribute"),
    (Op("check", (TRUE,), (Value(F64),), {"exception": "ValueError", "message": ""}), "1 results, not 0"),
    (Op("list", (), (Value(VECTOR),), {"kind": Kind.F64}), "its result is"),
    (Op("if", (ONE,), (), {}, (EMPTY, EMPTY)), "the condition is i64"),
    (Op("for", (HALF, ONE), (), {"step": 1}, (Block((Value(INT),), (), ()),)), "bounds and index are integers"),
    (Op("while", (), (), {}, (Block((), (), (ONE,)), EMPTY)), "the condition is i64"),
])
def test_fault(op: Op, message: str) -> None:
    with pytest.raises(VerificationError, match=message) as caught:
        check_types(program(op))
    assert caught.value.span == op.span


def test_valid() -> None:
    function = program(Op("if", (TRUE,), (), {}, (Block((), (Op("sin", (HALF,), (Value(F64),)),), ()), EMPTY)))
    assert check_types(function) is function
