"""Statements that call, raise, print and draw (see `outlet`)."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.engines.numba import outlet
from workbench.engines.numba.writer import Writer
from workbench.ir import Constant, DifferentiationError, Op, Value, callee_of
from workbench.rules.primitive import ATOM
from workbench.rules.random import LAWS


def call_(w: Writer, op: Op) -> None:
    """`a, b = f(x, y)`; what `f` changes in place is there under its own name."""
    kept = w.in_place.get(callee_of(op), {})
    call = f"{w.titles[callee_of(op)]}({', '.join(w.spell.text(v) for v in op.operands)})"
    given = [w.names(r) for k, r in enumerate(op.results) if k not in kept]
    moved = [(w.names(op.results[k]), w.names(op.operands[p])) for k, p in kept.items()
             if w.names(op.results[k]) != w.names(op.operands[p])]
    if not moved:
        w.line(f"{', '.join(given)} = {call}" if given else call)
        return
    if not given:
        w.line(call)
        call = ""
    first = [", ".join(given)] if len(given) == 1 else [f"({', '.join(given)})"] if given else []
    targets, sources = ", ".join([*first, *(r for r, _ in moved)]), [*([call] if call else []),
                                                                     *(p for _, p in moved)]
    w.line(f"{targets} = {', '.join(sources)}")  # (at once: a name may be one that is read)


def check(w: Writer, op: Op) -> None:
    """`if not ok: raise ...`."""
    ok = op.operands[0]
    if isinstance(ok, Constant) and ok.value:
        return
    w.line(f"if {w.negation(ok)}:")
    w.depth += 1
    if op.attrs.get("failure") is not None and not w.alone:
        give(w, op.operands[1:])
        w.line(f"raise Raised({outlet.key_of(op)})")
        w.depth -= 1
        return
    message, name = op.attrs.get("message", ""), op.attrs["exception"]
    name = f"np.linalg.{name}" if name == "LinAlgError" else name
    w.line(f"raise {name}({message!r})" if message else f"raise {name}()")
    w.depth -= 1


def print_(w: Writer, op: Op) -> None:
    """Hand over the numbers, then have the text printed."""
    if not w.quiet:
        give(w, op.operands)
        w.line(f"say({outlet.key_of(op)})")


def draw(w: Writer, op: Op) -> None:
    """`rng[0] = random_standard_normal(int(rng[1]))`."""
    state, *params = op.operands
    if w.alone:
        raise DifferentiationError("a program that draws random numbers cannot stand alone", op.span,
                                   "draw before, and pass the numbers")
    arguments = ", ".join([f"int({w.names(state)}[1])", *(w.spell.text(p) for p in params)])
    w.line(f"{w.names(state)}[0] = {LAWS[op.attrs['law']].symbol}({arguments})")


def give(w: Writer, values: Sequence[Value]) -> None:
    """Hand numbers over to Python."""
    for value in values:
        if value.is_array:
            name = w.names(value)
            w.line(f"give_int({name}.ctypes.data)")
            for axis in range(value.rank):
                w.line(f"give_int({name}.shape[{axis}])")
        elif value.kind.is_complex:
            text = w.spell.text(value, ATOM)
            w.line(f"give_float({text}.real)")
            w.line(f"give_float({text}.imag)")
        else:
            w.line(f"give_{'float' if value.kind.is_float else 'int'}({w.spell.text(value)})")
