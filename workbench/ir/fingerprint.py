"""What a program is, as bytes to hash: two programs with the same bytes become the same after any passes.

Names, attributes, places in the source and the text of those lines count, because emitted programs show them; the
names of files do not, but for their last part (a notebook's cells have other ones in every kernel).

Invariant: what cannot be written down in full (an attribute that is an object, what the program calls) has no bytes.
"""

from __future__ import annotations

import linecache
from typing import Any

from workbench.ir.core import Block, Function, Op, Span
from workbench.ir.types import ArrayType, Constant, Kind, Type, Value


class _Unwritable(Exception):
    """Something has no bytes."""


class _Writer:
    def __init__(self) -> None:
        self.numbers: dict[Value, int] = {}
        self.files: dict[str, int] = {}
        self.lines: set[tuple[str, int]] = set()
        self.parts: list[str] = []

    def value(self, value: Value) -> str:
        if isinstance(value, Constant):
            return f"{value.kind.value} {value.value!r}"
        return f"%{self.numbers[value]}"

    def made(self, values: tuple[Value, ...]) -> None:
        for value in values:
            self.numbers[value] = len(self.numbers)
        self.parts += [f"{value.name!r}: {self.type(value.type)}" for value in values]

    def type(self, type_: Type) -> str:
        if isinstance(type_, ArrayType):
            return f"{type_.kind.value} {type_.growable} [{', '.join(map(self.value, type_.dims))}]"
        return type_.kind.value

    def span(self, span: Span | None) -> str:
        if span is None:
            return ""
        self.lines.add((span.filename, span.line))
        file = self.files.setdefault(span.filename, len(self.files))
        return f"{file} {span.line} {span.column} {span.end_column} {span.function}"

    def attribute(self, value: Any) -> str:
        if isinstance(value, Kind):
            return value.value
        if isinstance(value, tuple):
            return f"({', '.join(map(self.attribute, value))})"
        if value is None or type(value) in (bool, int, float, complex, str):
            return repr(value)
        raise _Unwritable

    def block(self, block: Block) -> None:
        self.made(block.params)
        for op in block.ops:
            self.op(op)
        self.parts.append(f"yield {', '.join(map(self.value, block.yields))}")

    def op(self, op: Op) -> None:
        if op.prim == "call":
            raise _Unwritable
        attrs = ", ".join(f"{k}={self.attribute(v)}" for k, v in sorted(op.attrs.items()))
        self.parts.append(f"{op.prim}({', '.join(map(self.value, op.operands))}; {attrs}) {self.span(op.span)}")
        for region in op.regions:
            self.block(region)
        self.made(op.results)


def fingerprint(function: Function) -> tuple[bytes, tuple[str, ...]] | None:
    """The bytes of a program, and the files that its places are in, in the order in which they are met."""
    writer = _Writer()
    try:
        writer.parts.append(f"{function.name} {writer.span(function.span)}")
        writer.block(function.block)
    except _Unwritable:
        return None
    shapes = sorted((writer.numbers[p], place) for p, place in function.shape_params.items())
    texts = [f"{writer.files[file]} {line} {linecache.getline(file, line).strip()}" for file, line in sorted(
        writer.lines, key=lambda place: (writer.files[place[0]], place[1]))]
    files = tuple(writer.files)
    return "\n".join([*writer.parts, repr(shapes), *texts, *(f.rsplit("/", 1)[-1] for f in files)]).encode(), files
