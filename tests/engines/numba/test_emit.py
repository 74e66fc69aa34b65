"""What emitted programs look like, as text."""

from __future__ import annotations

import linecache
from textwrap import dedent

from workbench import passes
from workbench.engines.numba import emit as emit_source
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, Span
from workbench.rules import effect, emit

INT, F64 = ScalarType(Kind.INT), ScalarType(Kind.F64)


def integer(number: int) -> Constant:
    return Constant(number, Kind.INT)


def real(number: float) -> Constant:
    return Constant(number, Kind.F64)


def expect(function: Function, text: str) -> None:
    lines = emit_source(passes.finalize(function)).text.split("\n\n\n")
    assert lines[-1].strip() == dedent(text).strip()


def test_a_stencil_with_swapped_buffers() -> None:
    b = Builder("smooth")
    n = b.param(INT, "n", (0, 0))
    array = ArrayType(Kind.F64, (n,))
    u0, v0, steps = b.param(array, "u"), b.param(array, "v"), b.param(INT, "steps")
    u, v = b.slot(array, u0, "u"), b.slot(array, v0, "v")
    b.begin_for(integer(0), steps, name="t")
    i = b.begin_for(integer(1), emit(b, "add", n, integer(-1)), name="i")
    parts = [emit(b, "load", b.read(u), emit(b, "add", i, integer(k))) for k in (-1, 1)]
    total = emit(b, "add", *parts)
    b.write(v, emit(b, "store", b.read(v), emit(b, "mul", real(0.5), total), i))
    b.end_for()
    new, old = b.read(v), b.read(u)
    b.write(u, new)
    b.write(v, old)
    b.end_for()
    expect(b.finish([b.read(u), b.read(v)]), """
        def smooth(u, v, steps):
            n = u.shape[0]
            for t in range(steps):
                for i in range(1, n - 1):
                    v[i] = 0.5 * (u[i - 1] + u[i + 1])
                u, v = v, u
            return u, v
        """)


def test_a_conditional_loop_arms_and_a_check() -> None:
    b = Builder("root")
    x0 = b.param(F64, "x")
    x, k = b.slot(F64, x0, "x"), b.slot(INT, integer(0), "k")
    b.begin_while()
    far = emit(b, "gt", emit(b, "abs", emit(b, "sub", emit(b, "mul", b.read(x), b.read(x)), real(2.0))), real(1e-9))
    b.middle_while(emit(b, "and", emit(b, "lt", b.read(k), integer(50)), far))
    effect(b, "check", emit(b, "ne", b.read(x), real(0.0)), exception="ZeroDivisionError", message="float division")
    negative = emit(b, "lt", b.read(x), real(0.0))
    b.begin_arm()
    b.write(x, emit(b, "neg", b.read(x)))
    then = b.end_arm()
    b.begin_arm()
    b.write(x, emit(b, "mul", real(0.5), emit(b, "add", b.read(x), emit(b, "div", real(2.0), b.read(x)))))
    b.end_if(negative, then, b.end_arm())
    b.write(k, emit(b, "add", b.read(k), integer(1)))
    b.end_while()
    expect(b.finish([b.read(x), b.read(k)]), """
        def root(x):
            k = 0
            while k < 50 and abs(x * x - 2.0) > 1e-09:
                if x == 0.0:
                    raise ZeroDivisionError('float division')
                if x < 0.0:
                    x = -x
                else:
                    x = 0.5 * (x + 2.0 / x)
                k += 1
            return x, k
        """)


def test_carried_scalars_that_trade_places() -> None:
    b = Builder("fibonacci")
    n = b.param(INT, "n")
    a, c = b.slot(INT, integer(0), "a"), b.slot(INT, integer(1), "b")
    b.begin_for(integer(0), n)
    old, new = b.read(a), b.read(c)
    b.write(a, new)
    b.write(c, emit(b, "add", old, new))
    b.end_for()
    expect(b.finish([b.read(a)]), """
        def fibonacci(n):
            a = 0
            b = 1
            for i in range(n):
                t1 = a + b
                a = b
                b = t1
            return a
        """)


def test_names_are_made_safe() -> None:
    b = Builder("lambda")
    values = [b.param(F64, name) for name in ("lambda", "np", "x.1", "range", "2nd", "x_1")]
    total = values[0]
    for value in values[1:]:
        total = emit(b, "add", total, value)
    source = emit_source(b.finish([total]))
    names = source.parameters
    assert len(set(names)) == len(names) and all(name.isidentifier() for name in names)
    namespace: dict = {}
    exec(source.text, namespace)
    assert namespace[source.name](1.0, 2.0, 3.0, 4.0, 5.0, 6.0) == 21.0


def test_comments_and_the_source_map() -> None:
    linecache.cache["<user>"] = (0, None, ["def f(x):\n", "    y = sin(x)\n", "    return y * y\n"], "<user>")
    b = Builder("f")
    x = b.param(F64, "x")
    b.span = Span("<user>", 2)
    y = emit(b, "sin", x)
    b.span = Span("<user>", 3)
    function = b.finish([emit(b, "mul", y, y), y])
    source = emit_source(Function("f", function.block, {}, Span("<user>", 1)))
    lines = source.text.split("\n")
    assert "    # 2: y = sin(x)" in lines
    mapped = dict(source.source_map)
    assert mapped[lines.index("    t1 = math.sin(x)") + 1] == 2
