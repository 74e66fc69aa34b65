"""Copies share no value; a rewriter changes what it means to."""

from __future__ import annotations

from tests.ir.test_printer import F64, build
from workbench.ir import Builder, Op, Rewriter, Value, definitions, print_function, uses, verify
from workbench.rules import emit


def test_copy_shares_no_value() -> None:
    function = build()
    copy = verify(Rewriter().run(function))
    assert print_function(copy) == print_function(function)
    assert not set(definitions(copy)) & set(definitions(function))
    assert not set(copy.params) & set(function.params)
    assert all(p.dims[0] in copy.params for p in copy.params if p.dims)
    assert [where for where in copy.shape_params.values()] == [(0, 0)]


def test_rewriter_changes_one_operation() -> None:
    class Negate(Rewriter):
        def rewrite_op(self, op: Op) -> None:
            if op.prim != "mul":
                self.copy_op(op)
                return
            product = Value(F64)
            self.emit(Op("mul", tuple(self.get(v) for v in op.operands), (product,)))
            self.emit(Op("neg", (product,), (self.fresh(op.result),)))

    text = print_function(verify(Negate().run(build())))
    assert text.count("neg") == 1
    assert text.count("mul") == 1


def test_uses_are_where_values_are_read() -> None:
    b = Builder("f")
    x, y = b.param(F64, "x"), b.param(F64, "y")
    square = emit(b, "mul", x, x)
    total = emit(b, "add", square, y)
    function = b.finish([total, square])
    (mul, add), found = function.block.ops, uses(function)
    assert found[x] == [mul, mul]  # (an operation that reads a value twice is there twice)
    assert found[y] == [add]
    assert found[square] == [add, function.block]
    assert found[total] == [function.block]
