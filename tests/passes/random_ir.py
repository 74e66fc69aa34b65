"""Random valid functions, for tests that compare a program before and after a pass, or interpreted and compiled.

Parameters: x[n], y[m], w[n, m] (float64), s (float), k (int). Values stay moderate: arithmetic is squashed by tanh.
"""

from __future__ import annotations

import random

import numpy as np

from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, Value
from workbench.rules import effect, emit

INT, F64 = ScalarType(Kind.INT), ScalarType(Kind.F64)


def integer(number: int) -> Constant:
    return Constant(number, Kind.INT)


def real(number: float) -> Constant:
    return Constant(number, Kind.F64)


class Generator:
    """Builds one function from a seed. `arrays`: whole-array operations too; `lists`: growable lists too."""

    def __init__(self, seed: int, arrays: bool = False, lists: bool = False, size: int = 14) -> None:
        self.random = random.Random(seed)
        self.b = Builder(f"program{seed}")
        b = self.b
        self.arrays_too, self.lists_too = arrays, lists
        self.n = b.param(INT, "n", (0, 0))
        self.m = b.param(INT, "m", (1, 0))
        x = b.param(ArrayType(Kind.F64, (self.n,)), "x")
        y = b.param(ArrayType(Kind.F64, (self.m,)), "y")
        w = b.param(ArrayType(Kind.F64, (self.n, self.m)), "w")
        s = b.param(F64, "s")
        k = b.param(INT, "k")
        two = ArrayType(Kind.F64, (integer(2),))
        self.scalars = [b.slot(F64, s, "s"), b.slot(F64, real(0.5), "a"), b.slot(F64, real(-0.0), "c")]
        self.ints = [b.slot(INT, k, "k"), b.slot(INT, integer(0), "q")]
        self.arrays = [b.slot(x.type, x, "x"), b.slot(x.type, emit(b, "full", real(1.0), self.n), "z"),
                       b.slot(y.type, y, "y"), b.slot(w.type, w, "w"), b.slot(w.type, emit(b, "copy", w), "v"),
                       b.slot(two, emit(b, "full", real(0.0), integer(2)), "pair")]
        kind = ArrayType(Kind.F64, (), True)
        self.lists = [b.slot(kind, emit(b, "list", kind=Kind.F64), "log")] if lists else []
        self.indices: list[tuple[Value, Value]] = []  # (loop index, exclusive bound)
        self.budget = size

    def finish(self) -> Function:
        self.block(4)
        results = [self.b.read(slot) for slot in self.scalars + self.ints + self.arrays]
        if self.lists:
            results.append(emit(self.b, "load", self.b.read(self.lists[0]), integer(3)))
        return self.b.finish(results)

    # ------------------------------------------------------------------ values
    def pick(self, items):
        return self.random.choice(items)

    def int_(self, depth: int = 1) -> Value:
        choice = self.random.random()
        if choice < 0.3 and self.indices:
            return self.pick(self.indices)[0]
        if choice < 0.5:
            return self.b.read(self.pick(self.ints))
        if choice < 0.65 or depth <= 0:
            return integer(self.random.randint(-2, 3))
        if choice < 0.75:
            return self.pick([self.n, self.m])
        return emit(self.b, self.pick(["add", "sub", "minimum"]), self.int_(depth - 1), self.int_(depth - 1))

    def scalar(self, depth: int = 2) -> Value:
        choice = self.random.random()
        b = self.b
        if choice < 0.25 or depth <= 0:
            return b.read(self.pick(self.scalars))
        if choice < 0.4:
            return real(self.pick([0.0, 1.0, -0.0, 2.0, -1.0, 0.25]))
        if choice < 0.55:
            return self.load()
        if choice < 0.6:
            return emit(b, "cast", self.int_(), kind=Kind.F64)
        if choice < 0.7:
            return emit(b, self.pick(["sin", "neg", "tanh", "abs", "square"]), self.scalar(depth - 1))
        if choice < 0.78:
            return emit(b, "select", self.condition(depth - 1), self.scalar(depth - 1), self.scalar(depth - 1))
        return emit(b, self.pick(["add", "sub", "mul", "add", "mul", "maximum"]),
                    self.scalar(depth - 1), self.scalar(depth - 1))

    def condition(self, depth: int = 1) -> Value:
        choice = self.random.random()
        if choice < 0.4:
            return emit(self.b, self.pick(["lt", "le", "eq", "ne"]), self.int_(), self.int_())
        if choice < 0.8 or depth <= 0:
            return emit(self.b, self.pick(["lt", "ge"]), self.scalar(1), self.scalar(1))
        return emit(self.b, self.pick(["and", "or"]), self.condition(depth - 1), self.condition(depth - 1))

    def index(self, dim: Value) -> Value:
        if isinstance(dim, Constant):
            return integer(self.random.randrange(dim.value))
        inside = [i for i, bound in self.indices if bound is dim]
        if inside and self.random.random() < 0.7:
            return self.pick(inside)
        wrapped = emit(self.b, "mod", self.int_(), dim)
        if inside and self.random.random() < 0.5:
            wrapped = emit(self.b, "sub", self.pick(inside), dim)
        return emit(self.b, "index", wrapped, dim, checked=self.random.random() < 0.7)

    def load(self) -> Value:
        slot = self.pick(self.arrays)
        return emit(self.b, "load", self.b.read(slot), *[self.index(d) for d in slot.type.dims])

    # ------------------------------------------------------------------ statements
    def block(self, depth: int) -> None:
        for _ in range(self.random.randint(1, 4)):
            if self.budget <= 0:
                break
            self.budget -= 1
            self.statement(depth)

    def statement(self, depth: int) -> None:
        kinds = ["scalar", "scalar", "int", "store", "store", "accum", "swap"]
        if depth > 0:
            kinds += ["for", "for", "for", "if", "if", "while", "short"]
        if self.arrays_too:
            kinds += ["whole"] * 6
        if self.lists_too:
            kinds += ["list"] * 2
        getattr(self, "do_" + self.pick(kinds))(depth)

    def bounded(self, value: Value) -> Value:
        return emit(self.b, "mul", real(2.0), emit(self.b, "tanh", value))

    def do_scalar(self, depth: int) -> None:
        self.b.write(self.pick(self.scalars), self.bounded(self.scalar(3)))

    def do_int(self, depth: int) -> None:
        self.b.write(self.pick(self.ints), emit(self.b, "mod", self.int_(2), integer(5)))

    def do_store(self, depth: int, prim: str = "store") -> None:
        slot = self.pick(self.arrays)
        value, where = self.bounded(self.scalar()), [self.index(d) for d in slot.type.dims]
        self.b.write(slot, emit(self.b, prim, self.b.read(slot), value, *where))

    def do_accum(self, depth: int) -> None:
        self.do_store(depth, "accum")

    def do_swap(self, depth: int) -> None:
        slot = self.pick(self.arrays)
        other = self.pick([s for s in self.arrays if s.type == slot.type])
        a, c = self.b.read(slot), self.b.read(other)
        self.b.write(slot, c)
        self.b.write(other, a)

    def do_for(self, depth: int) -> None:
        bound = self.pick([self.n, self.m])
        reverse = self.random.random() < 0.3
        low, high = self.pick([(0, 0), (1, 1), (0, 1)])
        last = emit(self.b, "sub", bound, integer(high))
        if reverse:
            i = self.b.begin_for(emit(self.b, "sub", last, integer(1)), integer(low - 1), -1)
        else:
            i = self.b.begin_for(integer(low), last)
        self.indices.append((i, bound))
        self.block(depth - 1)
        self.indices.pop()
        self.b.end_for()

    def do_short(self, depth: int) -> None:
        i = self.b.begin_for(integer(0), integer(self.random.randint(0, 3)))
        self.indices.append((i, integer(9)))
        self.block(depth - 1)
        self.indices.pop()
        self.b.end_for()

    def do_if(self, depth: int) -> None:
        condition = self.condition()
        self.b.begin_arm()
        self.block(depth - 1)
        then = self.b.end_arm()
        self.b.begin_arm()
        if self.random.random() < 0.5:
            self.block(depth - 1)
        self.b.end_if(condition, then, self.b.end_arm())

    def do_while(self, depth: int) -> None:
        b = self.b
        count = b.slot(INT, integer(0), "count")
        b.begin_while()
        if self.random.random() < 0.4:
            self.block(0)
        b.middle_while(emit(b, "lt", b.read(count), integer(self.random.randint(0, 4))))
        self.block(depth - 1)
        b.write(count, emit(b, "add", b.read(count), integer(1)))
        b.end_while()

    def do_list(self, depth: int) -> None:
        slot = self.lists[0]
        k = emit(self.b, "mod", self.int_(), integer(200))
        if self.random.random() < 0.6:
            self.b.write(slot, emit(self.b, self.pick(["store", "accum"]), self.b.read(slot), self.scalar(), k))
        else:
            self.b.write(self.pick(self.scalars), self.bounded(emit(self.b, "load", self.b.read(slot), k)))

    # ------------------------------------------------------------------ whole arrays
    def array(self, dims: tuple[Value, ...], depth: int) -> Value:
        b = self.b
        choice = self.random.random()
        same = [s for s in self.arrays if s.type.dims == dims]
        if depth <= 0 or choice < 0.3:
            if same:
                return b.read(self.pick(same))
            return emit(b, "full", self.scalar(1), *dims)
        if choice < 0.45:
            return emit(b, self.pick(["sin", "tanh", "neg"]), self.array(dims, depth - 1))
        if choice < 0.52:
            return emit(b, "mul", self.scalar(1), self.array(dims, depth - 1))
        if choice < 0.6 and len(dims) == 2:
            row = self.array(dims[1:], depth - 1)
            return emit(b, "add", row, self.array(dims, depth - 1))
        if choice < 0.65 and len(dims) == 2:
            return emit(b, "transpose", self.array(dims[::-1], depth - 1), perm=(1, 0))
        if choice < 0.7 and len(dims) == 1:
            return self.bounded(emit(b, "sum", self.array((self.n, self.m) if dims[0] is self.n else (self.m, self.n),
                                                          depth - 1), axes=(1,)))
        if choice < 0.76 and len(dims) == 1:
            return emit(b, "slice", self.array((self.n, self.m) if dims[0] is self.m else (self.m, self.n), depth - 1),
                        emit(b, "index", integer(-1), self.m if dims[0] is self.n else self.n, checked=True),
                        integer(0), dims[0], integer(1), fixed=(True, False))
        if choice < 0.8:
            condition = emit(b, "lt", self.array(dims, depth - 1), self.scalar(1))
            return emit(b, "select", condition, self.array(dims, depth - 1), self.array(dims, depth - 1))
        if choice < 0.85 and len(dims) == 1:
            last = emit(b, "sub", dims[0], integer(1))
            return emit(b, "slice", self.array(dims, depth - 1), last, dims[0], integer(-1), fixed=(False,))
        if choice < 0.9 and len(dims) == 1:
            matrix = self.array((dims[0], self.m), depth - 1)
            return self.bounded(emit(b, "matmul", matrix, self.array((self.m,), depth - 1)))
        prim = self.pick(["add", "mul", "sub"])
        return self.bounded(emit(b, prim, self.array(dims, depth - 1), self.array(dims, depth - 1)))

    def do_whole(self, depth: int) -> None:
        b = self.b
        choice = self.random.random()
        slot = self.pick([s for s in self.arrays if not isinstance(s.type.dims[0], Constant)])
        dims = slot.type.dims
        if choice < 0.35:
            value = self.array(dims, 3)
            if any(value is b.read(s) for s in self.arrays):
                value = emit(b, "copy", value)
            b.write(slot, value)
        elif choice < 0.6:
            prim = self.pick(["sum", "sum", "max", "mean"])
            array = self.array(dims, 2)
            if prim == "mean":
                value = emit(b, "div", emit(b, "sum", array, axes=tuple(range(len(dims)))), real(3.0))
            else:
                value = emit(b, prim, array, axes=tuple(range(len(dims))))
            b.write(self.pick(self.scalars), self.bounded(value))
        elif choice < 0.8:
            value = self.array(dims, 2)
            if any(value is b.read(s) for s in self.arrays):
                value = emit(b, "copy", value)
            zero, one = integer(0), integer(1)
            prim = self.pick(["slice_store", "slice_accum"])
            rank = len(dims)
            box = [*[zero] * rank, *dims, *[one] * rank]
            b.write(slot, emit(b, prim, b.read(slot), value, *box, fixed=(False,) * rank))
        else:
            one = integer(1)
            lengths = [emit(b, "sub", d, one) for d in dims]
            ones = [one] * len(dims)
            fixed = (False,) * len(dims)
            value = emit(b, "neg", emit(b, "slice", self.array(dims, 1), *ones, *lengths, *ones, fixed=fixed))
            starts = [integer(0)] * len(dims)
            b.write(slot, emit(b, "slice_store", b.read(slot), value, *starts, *lengths, *ones, fixed=fixed))


def arguments(seed: int, n: int = 5, m: int = 3) -> list:
    """Arguments for a generated function."""
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=n), rng.normal(size=m), rng.normal(size=(n, m))]
    return [*arrays, float(rng.normal()), int(rng.integers(0, 4))]


def copies(args: list) -> list:
    """Arguments with their own buffers."""
    return [a.copy() if isinstance(a, np.ndarray) else a for a in args]


def same(a, b) -> bool:
    """Equal bit for bit, but for the payload of NaNs."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype or not np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"):
        return False
    return a.dtype.kind != "f" or np.array_equal(np.signbit(a) & ~np.isnan(a), np.signbit(b) & ~np.isnan(b))


__all__ = ["Generator", "arguments", "copies", "effect", "integer", "real", "same"]
