"""Text of a function, with stable names: the user's name where there is one, numbered on collision.

Invariant: two runs over equal programs print the same text (names are counted, never random)."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.ir.calls import Callee, callees
from workbench.ir.core import Block, Constant, Function, Op, Span, Value
from workbench.ir.types import ArrayType, Kind
from workbench.records import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a printed program: its text, the place of the operation that it is (part of), the values it names
    first."""

    text: str
    span: Span | None = None
    made: tuple[Value, ...] = ()


class Names:
    """Gives each value a unique name: its hint, or `t`, with a number where it is taken; `titles` are those of what is
    called."""

    def __init__(self, titles: dict[Callee, str] | None = None) -> None:
        self.titles = titles or {}
        self._taken: dict[str, int] = {}
        self._names: dict[Value, str] = {}

    def __getitem__(self, value: Value) -> str:
        if isinstance(value, Constant):
            return value.label
        name = self._names.get(value)
        if name is None:
            hint = value.name or "t"
            count = self._taken.get(hint, -1) + 1
            self._taken[hint] = count
            name = hint if count == 0 and value.name else f"{hint}.{count}"
            self._names[value] = name
        return name


def print_function(function: Function) -> str:
    """The program as text, one operation a line, regions indented; the functions that it calls follow.

    >>> from workbench.ir import Builder, Kind, ScalarType
    >>> b = Builder("double")
    >>> x = b.param(ScalarType(Kind.F64), "x")
    >>> print(print_function(b.finish([b.one("add", [x, x], x.type, "y")])))
    func double(x: f64):
      y: f64 = add(x, x)
      return y
    """
    return "\n".join(line.text for line in printed(function))


def printed(function: Function) -> list[Line]:
    """The lines of `print_function`, each with what is known of it."""
    found = list(callees(function))
    titles: dict[Callee, str] = {}
    for callee in found:
        same = sum(c.name == callee.name for c in titles)
        titles[callee] = f"{callee.name}.{same}" if same or callee.name == function.name else callee.name
    lines = _function(function, function.name, titles)
    for callee in found:
        how = " by its rule" if callee.rule is not None else ""
        if callee.is_defined:
            lines += [Line(""), *_function(callee.function, titles[callee], titles, how)]
    return lines


def _function(function: Function, title: str, titles: dict[Callee, str], how: str = "") -> list[Line]:
    names = Names(titles)
    lines = [Line(f"func {title}({_declared(function.params, names)}){how}:", function.span, function.params)]
    _block(function.block, names, 1, lines, "return")
    return lines


def _declared(values: Sequence[Value], names: Names) -> str:
    return ", ".join(f"{names[v]}: {_type(v, names)}" for v in values)


def _type(value: Value, names: Names) -> str:
    type_ = value.type
    if isinstance(type_, ArrayType) and not type_.growable:
        return f"{type_.kind.value}[{', '.join(names[d] for d in type_.dims)}]"
    return str(type_)


def _block(block: Block, names: Names, depth: int, lines: list[Line], end: str) -> None:
    for op in block.ops:
        _op(op, names, depth, lines)
    values = ", ".join(names[v] for v in block.yields)
    lines.append(Line("  " * depth + f"{end} {values}".rstrip()))


def _op(op: Op, names: Names, depth: int, lines: list[Line]) -> None:
    pad = "  " * depth
    operands = ", ".join(names[v] for v in op.operands)
    attrs = "".join(f", {key}={names.titles.get(value, value) if key == 'callee' else _attribute(value)}"
                    for key, value in sorted(op.attrs.items()) if key != "loose")
    call = f"{op.prim}({operands}{attrs if operands else attrs[2:]})"
    inner: list[Line] = []
    for title, region in zip(_titles(op), op.regions, strict=True):
        inner.append(Line(f"{pad}  {title}({_declared(region.params, names)}):", op.span, region.params))
        _block(region, names, depth + 2, inner, "yield")
    results = _declared(op.results, names)
    lines.append(Line(f"{pad}{results} = {call}" if results else f"{pad}{call}", op.span, op.results))
    lines.extend(inner)


def _attribute(value: object) -> str:
    return value.value if isinstance(value, Kind) else repr(value)  # f64, not <Kind.F64: 'f64'>


def _titles(op: Op) -> tuple[str, ...]:
    titles = {"for": ("body",), "while": ("before", "after"), "if": ("then", "else")}
    return titles.get(op.prim, tuple(f"region{i}" for i in range(len(op.regions))))
