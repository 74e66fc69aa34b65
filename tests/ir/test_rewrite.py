"""Copies share no value; a rewriter changes what it means to."""

from __future__ import annotations

from tests.ir.test_printer import F64, build
from workbench.ir import Op, Rewriter, Value, definitions, print_function, verify


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
