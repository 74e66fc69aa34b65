"""Writes programs for the tests of transforms: variables, loops and arms over the slot builder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, Slot, Value, verify
from workbench.rules import Expr, emit

KINDS = {kind.value: kind for kind in Kind}


class Var:
    """A mutable variable of the program."""

    def __init__(self, kit: Kit, slot: Slot) -> None:
        self.kit = kit
        self.slot = slot

    @property
    def now(self) -> Expr:
        """Its value here."""
        value = self.kit.builder.read(self.slot)
        assert value is not None
        return Expr(self.kit.builder, value)

    def set(self, new: Any) -> None:
        """Assign."""
        self.kit.builder.write(self.slot, self.kit.value(new, self.slot.type.kind))

    def __getitem__(self, index: Any) -> Expr:
        return self.kit.emit("load", self.now, *_tuple(index))

    def __setitem__(self, index: Any, new: Any) -> None:
        value = self.kit.value(new, self.slot.type.kind)
        self.set(self.kit.emit("store", self.now, Expr(self.kit.builder, value), *_tuple(index)))

    def accum(self, new: Any, *index: Any) -> None:
        """self[index] += new"""
        value = self.kit.value(new, self.slot.type.kind)
        self.set(self.kit.emit("accum", self.now, Expr(self.kit.builder, value), *index))


def _tuple(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


class Kit:
    """A program under construction. Keywords declare parameters: `x="f64"`, `a="f64[n,m]"`."""

    def __init__(self, name: str, **params: str) -> None:
        self.builder = Builder(name)
        dims: dict[str, Value] = {}
        parsed = []
        for position, (label, spec) in enumerate(params.items()):
            kind, axes = re.fullmatch(r"(\w+)(?:\[(.*)\])?", spec).groups()  # type: ignore[union-attr]
            names = [axis.strip() for axis in axes.split(",")] if axes else []
            for axis, dim in enumerate(names):
                if not dim.isdigit() and dim not in dims:
                    dims[dim] = self.builder.param(ScalarType(Kind.INT), dim, (position, axis))
            parsed.append((label, KINDS[kind], names))
        self.dims = {name: Expr(self.builder, value) for name, value in dims.items()}
        self.params: dict[str, Var] = {}
        for label, kind_, names in parsed:
            shape = tuple(Constant(int(d), Kind.INT) if d.isdigit() else dims[d] for d in names)
            type_ = ArrayType(kind_, shape) if shape else ScalarType(kind_)
            self.params[label] = self.var(Expr(self.builder, self.builder.param(type_, label)), label)

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("params", {}):
            return self.params[name]
        if name in self.__dict__.get("dims", {}):
            return self.dims[name]
        raise AttributeError(name)

    def value(self, x: Any, kind: Kind = Kind.INT) -> Value:
        """An IR value of an expression, variable or number."""
        if isinstance(x, Var):
            x = x.now
        return x.value if isinstance(x, Expr) else Constant(x, kind)

    def emit(self, prim: str, *operands: Any, **attrs: Any) -> Expr:
        """An operation on expressions (numbers are integers)."""
        return Expr(self.builder, emit(self.builder, prim, *(self.value(v) for v in operands), **attrs))

    def var(self, value: Any, name: str = "", kind: Kind = Kind.F64) -> Var:
        """A new variable."""
        ir = self.value(value, kind)
        return Var(self, self.builder.slot(ir.type, ir, name))

    def zeros(self, *dims: Any, kind: Kind = Kind.F64, name: str = "") -> Var:
        """A variable that holds a new array of zeros."""
        return self.var(self.emit("full", Expr(self.builder, Constant(0, kind)), *dims), name)

    @contextmanager
    def loop(self, lo: Any, hi: Any, step: int = 1, name: str = "i") -> Iterator[Expr]:
        """A counted loop."""
        index = self.builder.begin_for(self.value(lo), self.value(hi), step, name)
        yield Expr(self.builder, index)
        self.builder.end_for()

    @contextmanager
    def loop_while(self, condition: Callable[[], Any]) -> Iterator[None]:
        """A conditional loop; `condition` emits the `before` region."""
        self.builder.begin_while()
        self.builder.middle_while(self.value(condition()))
        yield
        self.builder.end_while()

    def when(self, condition: Any, then: Callable[[], None], orelse: Callable[[], None] = lambda: None) -> None:
        """A conditional."""
        ir = self.value(condition)
        arms = []
        for body in (then, orelse):
            self.builder.begin_arm()
            body()
            arms.append(self.builder.end_arm())
        self.builder.end_if(ir, *arms)

    def slice(self, array: Any, *axes: Any) -> Expr:
        """array[axes], an axis being an index or (start, length, step)."""
        return self.emit("slice", array, *self._box(axes), fixed=tuple(not isinstance(a, tuple) for a in axes))

    def put_slice(self, array: Var, new: Any, *axes: Any, accum: bool = False) -> None:
        """array[axes] = new, or += new."""
        fixed = tuple(not isinstance(a, tuple) for a in axes)
        value = Expr(self.builder, self.value(new, array.slot.type.kind))
        array.set(self.emit("slice_accum" if accum else "slice_store", array, value, *self._box(axes), fixed=fixed))

    def _box(self, axes: tuple[Any, ...]) -> list[Any]:
        starts = [a[0] if isinstance(a, tuple) else a for a in axes]
        free = [a for a in axes if isinstance(a, tuple)]
        return [*starts, *(a[1] for a in free), *(a[2] for a in free)]

    def finish(self, *results: Any) -> Function:
        """The program."""
        return verify(self.finish_unverified(*results))

    def finish_unverified(self, *results: Any) -> Function:
        """The program, which may call what is not known yet."""
        return self.builder.finish([self.value(r, Kind.F64) for r in results])
