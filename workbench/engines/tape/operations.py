"""Operations of numbers, recorded: with the partials of the rule table, and with operands of any kind.

Invariant: an operation is recorded by the innermost recorder among its operands; a number of an outer one is a constant
to it.
"""

from __future__ import annotations

import fractions
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.engines.tape.active import COMPLEX, NUMBERS, bottom, innermost
from workbench.engines.tape.active_number import asked_first, bare, in_python
from workbench.engines.tape.late import late
from workbench.engines.tape.partials import has_partial, of_ufuncs, on_floats, pulled
from workbench.engines.tape.recorder import Recorder, operation
from workbench.engines.tape.refusal import at_line, refuse
from workbench.engines.tape.scalar import SCALARS, ActiveComplex, ActiveFloat
from workbench.ir import DifferentiationError
from workbench.rules import get


def as_numpy(x: Any, kind: Any = np.float64) -> Any:
    """A number as NumPy's scalar (which gives infinities instead of exceptions), through all recorders."""
    if type(x) not in NUMBERS:
        return kind(x)
    if kind is np.complex128 and type(x) is ActiveFloat:
        x = as_complex(x)
    return type(x)(as_numpy(x.primal, kind), x.node, x.recorder)


def as_complex(x: ActiveFloat) -> ActiveComplex:
    """A float as a complex number."""
    value = as_complex(x.primal) if type(x.primal) is ActiveFloat else complex(x.primal)
    node = x.recorder.any_number(operation("complex"), value.real, [(x.node, 1.0)])
    x.recorder.any_number(operation("complex"), 0.0, ())
    return ActiveComplex(value, node, x.recorder)


def number(value: Any, node: int, recorder: Recorder) -> Any:
    """An active number of the value's kind."""
    complex_ = type(value) is ActiveComplex or type(value) in COMPLEX
    return (ActiveComplex if complex_ else ActiveFloat)(value, int(node), recorder)


_NAMES = ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv", "divmod")
_OPERATORS = tuple(f"__{side}{op}__" for op in _NAMES for side in ("", "r"))


@late.provides
def with_other(name: str, compute: Callable[..., Any], a: Any, b: Any, other: Any) -> Any:
    """An operation with an operand that is not of the common kinds."""
    if type(other) in SCALARS:
        return apply(name, compute, a, b)
    if isinstance(other, fractions.Fraction):
        return compute(*(float(x) if x is other else x for x in (a, b)))
    for base in (int, float):
        if isinstance(other, base) and all(getattr(type(other), op) is getattr(base, op) for op in _OPERATORS):
            return compute(*(base(x) if x is other else x for x in (a, b)))  # (an `enum.IntEnum`)
    if isinstance(other, (np.ndarray, np.generic)):
        return NotImplemented
    if not in_python(other, *_OPERATORS):
        _refuse_what_works(compute, a, b)
    elif b is other and isinstance(bottom(a), np.generic) and not asked_first(other):
        return compute(bare(a), other)  # NumPy hands its scalar on as Python's
    return NotImplemented


def _refuse_what_works(compute: Callable[..., Any], a: Any, b: Any) -> None:
    """An operation of C code that takes floats (`datetime.timedelta(1) * x`) does not take active ones."""
    try:
        compute(bottom(a), bottom(b))
    except Exception:  # so the program itself fails here
        return
    raise refuse("an active number meets an operator of code outside of Python, which would drop its derivative",
                 "write it in floats")


@late.provides
def apply(name: str, compute: Callable[..., Any], *operands: Any) -> Any:
    """Compute with the values, and record the operation with the partials of the rule of that name."""
    recorder = innermost(operands)
    if recorder is None:
        return compute(*operands)
    active = [type(x) in NUMBERS and x.recorder is recorder for x in operands]
    values = [x.primal if mine else x for x, mine in zip(operands, active, strict=True)]
    nested = any(type(v) in NUMBERS for v in values)
    value = late.mediate(compute, *values) if nested else compute(*values)
    if type(value) is ActiveComplex or type(value) in COMPLEX or any(type(x) is ActiveComplex for x in operands):
        return _complex(name, recorder, operands, active, values, value)
    if get(name).partials is None:
        raise refuse(f"no derivative of {name} is known", "use a function with a rule")
    edges = []
    for k, (x, mine) in enumerate(zip(operands, active, strict=True)):
        if mine and has_partial(name, k):
            edges.append((x.node, partial(name, k, value, values)))
    if not edges:
        return value
    return ActiveFloat(value, recorder.any_number(operation(name), value, edges), recorder)


def partial(name: str, position: int, value: Any, values: Sequence[Any]) -> Any:
    """The partial derivative of an operation of real numbers."""
    try:
        if type(value) not in NUMBERS and all(type(v) not in NUMBERS for v in values):
            return on_floats(name, position)(value, *values)
        if not of_ufuncs(name, position):
            return late.by_program(name, [as_numpy(v) for v in values], value, np.float64(1.0), position)
        table: Any = get(name).partials
        with np.errstate(all="ignore"):
            return table[position](as_numpy(value), *(as_numpy(v) for v in values))
    except DifferentiationError as error:
        raise at_line(error) from None


def _complex(name: str, recorder: Recorder, operands: Sequence[Any], active: Sequence[bool], values: Sequence[Any],
             value: Any) -> Any:
    """An operation with complex operands or a complex result."""
    wide = type(value) is ActiveComplex or type(value) in COMPLEX
    xs = [as_numpy(v, np.complex128) for v in values]
    y = as_numpy(value, np.complex128 if wide else np.float64)
    pull = late.by_program if any(type(v) in NUMBERS for v in xs) else pulled
    rows: list[list[tuple[int, Any]]] = [[], []]
    for k, (x, mine) in enumerate(zip(operands, active, strict=True)):
        for row, seed in enumerate((np.complex128(1.0), np.complex128(1j)) if wide else (np.float64(1.0),)):
            bar = pull(name, xs, y, seed, k) if mine else None
            if bar is not None:
                rows[row].append((x.node, bar.real))
                if type(x) is ActiveComplex:
                    rows[row].append((x.node + 1, bar.imag))
    if not rows[0] and not rows[1]:
        return value
    number_ = operation(name)
    node = recorder.any_number(number_, value.real if wide else value, rows[0])
    if not wide:
        return ActiveFloat(value, node, recorder)
    recorder.any_number(number_, value.imag, rows[1])
    recorder.batches.extend((node, 2))
    return ActiveComplex(value, node, recorder)


def apply_one(name: str, number_: int, compute: Callable[..., Any], x: ActiveFloat) -> Any:
    """`apply` to one real operand, which is active: the common case, without the lists."""
    given = x.primal
    if type(given) is ActiveFloat or not has_partial(name, 0):
        return apply(name, compute, x)
    value = compute(given)
    return ActiveFloat(value, x.recorder.one(number_, value, x.node, on_floats(name, 0)(value, given)), x.recorder)
