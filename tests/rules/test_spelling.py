"""How operations are written as Python: parentheses only where they are needed."""

from __future__ import annotations

import ast
import itertools

import pytest

from workbench.ir import Kind
from workbench.rules import get, spell, table
from workbench.rules.primitive import ATOM

F = Kind.F64


def written(name: str, *operands: tuple[str, int], kind: Kind = F) -> tuple[str, int]:
    return spell(get(name), operands, [kind] * len(operands), kind)


A, B, C = (("a", ATOM), ("b", ATOM), ("c", ATOM))


def test_examples() -> None:
    total = written("add", A, B)
    assert written("mul", total, C)[0] == "(a + b) * c"
    assert written("add", written("mul", A, B), C)[0] == "a * b + c"
    assert written("sub", A, written("sub", B, C))[0] == "a - (b - c)"
    assert written("sub", written("sub", A, B), C)[0] == "a - b - c"
    assert written("sin", total)[0] == "math.sin(a + b)"
    assert written("neg", total)[0] == "-(a + b)"
    assert written("pow", written("neg", A), B)[0] == "(-a) ** b"
    assert written("neg", written("pow", A, B))[0] == "-a ** b"
    assert written("select", written("lt", A, B), A, total)[0] == "a if a < b else a + b"
    assert written("real", total, kind=Kind.C128)[0] == "(a + b).real"
    assert written("exp", A, kind=Kind.C128)[0] == "np.exp(a)"


BINARY = ["add", "sub", "mul", "div", "pow", "mod", "floordiv", "bitand", "bitor", "bitxor", "lshift", "rshift", "lt",
          "eq", "and", "or", "maximum"]
UNARY = ["neg", "not", "invert", "sqrt", "reciprocal"]


@pytest.mark.parametrize("outer", BINARY + UNARY)
def test_parses_as_the_tree_it_came_from(outer: str) -> None:
    """With and without all parentheses, the text means the same."""
    arity = get(outer).arity or 2
    for inner in itertools.product(BINARY + UNARY, repeat=arity):
        if outer in ("and", "or") and inner[0] == outer:
            continue  # Python flattens a chain of them
        few, full = [], []
        for name in inner:
            operands = (A, B)[:get(name).arity]
            text = written(name, *operands)
            few.append(text)
            full.append((f"({text[0]})", ATOM))
        assert ast.dump(ast.parse(written(outer, *few)[0])) == ast.dump(ast.parse(written(outer, *full)[0]))


def test_every_elementwise_primitive_is_spelled() -> None:
    for name, primitive in table().items():
        if primitive.elementwise:
            for kind in Kind:
                if primitive.takes(0, kind):
                    operands = [("x", ATOM)] * (primitive.arity or 1)
                    assert spell(primitive, operands, [kind] * len(operands), kind)[0], name
