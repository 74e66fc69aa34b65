"""A program and its adjoint as one Python file that needs NumPy and Numba alone, and checks itself when it is run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.engines.numba.emit import DECORATOR, Source, emit, header
from workbench.ir import Function, is_narrow
from workbench.rules import Foreign

_WIDEST = 64


def export(primal: Function, adjoint: Function, *, wrt: Sequence[int], outputs: Sequence[int],
           gradients: Sequence[int], examples: Sequence[Any], seeded: bool = False) -> str:
    """The text of a file that stands alone.

    primal, adjoint: finalized functions; wrt: positions of the differentiated data parameters of the primal;
    outputs: positions of the primal's results that have a cotangent; gradients: positions of the adjoint's results
    that are the cotangents of `wrt`; examples: flat data arguments of the primal, which the self-check starts from;
    seeded: the adjoint takes no cotangents, that of its only output is 1.
    The self-check compares the adjoint with central differences of the primal along a random direction."""
    name = f"{primal.name}_primal" if primal.name == adjoint.name else primal.name
    programs = [emit(primal, name, alone=True), emit(adjoint, alone=True)]
    helpers = tuple({h.__name__: h for program in programs for h in program.helpers}.values())
    more = ", SciPy" if any(isinstance(h, Foreign) for h in helpers) else ""
    kind = "gradient" if seeded else "adjoint"
    lines = [f'"""{adjoint.name}: the {kind} of {primal.name}, and a check of it against differences.',
             "", f"Run this file to check it. It needs NumPy{more} and Numba.", '"""', "", *header(helpers, True)]
    for program in programs:
        *called, own = "\n".join(program_lines(program)).split("\n\n\n")
        lines += [line for part in called for line in ("", "", *part.split("\n"))]
        lines += ["", "", DECORATOR, *own.split("\n")]
    lines += ["", "", *self_check(programs, wrt, outputs, gradients, examples, seeded)]
    return "\n".join(lines) + "\n"


def export_value(function: Function, examples: Sequence[Any], entry: Callable[..., Any]) -> str:
    """The text of a file of a program that is no adjoint: a function, or the derivatives that it is composed of.

    function: finalized; examples: flat data arguments, as for `export`; entry: the compiled program. The self-check
    compares the sums of what it gives with those that `entry` gives for the same numbers, now."""
    program = emit(function, alone=True)
    more = ", SciPy" if any(isinstance(h, Foreign) for h in program.helpers) else ""
    lines = [f'"""{function.name}, and a check that it gives what it gave when this file was written.',
             "", f"Run this file to check it. It needs NumPy{more} and Numba.", '"""', "",
             *header(program.helpers, True)]
    *called, own = "\n".join(program_lines(program)).split("\n\n\n")
    lines += [line for part in called for line in ("", "", *part.split("\n"))]
    lines += ["", "", DECORATOR, *own.split("\n"), "", ""]
    texts = [example_text(v) for v in examples]
    drawn = eval(f"[{', '.join(texts)}]", {"np": np, "rng": np.random.default_rng(0)})
    given = entry(*(np.array(a) if isinstance(a, np.ndarray) else a for a in drawn))
    wanted = [np.sum(v).item() for v in (given if isinstance(given, tuple) else () if given is None else (given,))]
    args = "\n".join(f"        {text},  # {name}" for name, text in zip(program.parameters, texts, strict=True))
    single = any(is_narrow(np.asarray(v).dtype) for v in drawn)
    shown = repr(wanted).replace("nan", "np.nan").replace("inf", "np.inf")
    return "\n".join(lines) + f'''
if __name__ == "__main__":
    rng = np.random.default_rng(0)
    point = [
{args}
    ]
    found = {program.name}(*point)
    found = found if isinstance(found, tuple) else () if found is None else (found,)
    sums = [np.sum(v) for v in found]
    wanted = {shown}
    print(f"sums {{sums}}, as written {{wanted}}")
    assert np.allclose(sums, wanted, {1e-3 if single else 1e-9}, 1e-9, equal_nan=True), "other numbers than before"
'''


def program_lines(program: Source) -> list[str]:
    """The functions of an emitted program, its own last, without imports and helpers."""
    lines = program.text.rstrip().split("\n")[program.first:]
    return lines[2:]  # (after two blank ones)


def example_text(value: Any) -> str:
    """An argument as Python: small arrays by their elements, larger ones drawn from their range."""
    if not isinstance(value, np.ndarray):
        return repr(value.item() if isinstance(value, np.generic) else value)
    dtype = f"np.{value.dtype.name}"
    if value.size <= _WIDEST:
        elements = repr(value.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
        return f"np.array({elements}, {dtype.replace('np.bool', 'np.bool_')}).reshape({value.shape})"
    if value.dtype.kind == "b":
        return f"rng.random({value.shape}) < 0.5"
    if value.dtype.kind == "i":
        return f"rng.integers({int(value.min())}, {int(value.max()) + 1}, {value.shape})"
    low, high = _range(value.real)
    text = f"rng.uniform({low!r}, {high!r}, {value.shape})"
    if value.dtype.kind == "c":
        low, high = _range(value.imag)
        text = f"({text} + 1j * rng.uniform({low!r}, {high!r}, {value.shape}))"
    return f"{text}.astype({dtype})"


def _range(values: Any) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def self_check(programs: Sequence[Source], wrt: Sequence[int], outputs: Sequence[int], gradients: Sequence[int],
               examples: Sequence[Any], seeded: bool) -> list[str]:
    """The part under `if __name__ == "__main__":`."""
    primal, adjoint = programs
    kind = "gradient" if seeded else "adjoint"
    drawn = "[np.asarray(v).dtype.type(1) * rng.uniform(0.5, 1.5, np.shape(v)) for v in values]"
    args = "\n".join(f"        {example_text(v)},  # {n}" for n, v in zip(primal.parameters, examples, strict=True))
    return f'''def _results(value):
    """A tuple of results, also of a single one."""
    return value if isinstance(value, tuple) else (value,)


def _copies(arguments):
    """Arguments with their own arrays: the programs may write into them."""
    return [np.array(a) if isinstance(a, np.ndarray) else a for a in arguments]


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    point = [
{args}
    ]
    wrt, outputs, gradients = {list(wrt)}, {list(outputs)}, {list(gradients)}
    values = [_results({primal.name}(*_copies(point)))[k] for k in outputs]
    seeds = {"[1.0]" if seeded else drawn}
    seeds = [s if np.ndim(s) else np.asarray(s).item() for s in seeds]
    found = _results({adjoint.name}(*_copies(point){"" if seeded else ", *seeds"}))
    direction = [rng.uniform(-1.0, 1.0, np.shape(point[k])) for k in wrt]
    exact = sum(float(np.sum(np.real(np.conj(found[k]) * d))) for k, d in zip(gradients, direction))

    def along(step):
        moved = _copies(point)
        for k, d in zip(wrt, direction):
            shifted = np.asarray(point[k] + step * d).astype(np.asarray(point[k]).dtype)
            moved[k] = np.ascontiguousarray(shifted) if np.ndim(point[k]) else shifted.item()
        made = _results({primal.name}(*moved))
        return sum(float(np.sum(np.real(np.conj(s) * made[k]))) for s, k in zip(seeds, outputs))

    single = any(np.asarray(point[k]).dtype in (np.float32, np.complex64) for k in wrt)
    step = 1e-2 if single else 1e-5
    difference = (8 * (along(step) - along(-step)) - (along(2 * step) - along(-2 * step))) / (12 * step)
    error = abs(exact - difference) / max(abs(exact), abs(difference), 1e-12)
    print(f"{kind} {{exact:.12g}}, differences {{difference:.12g}}, relative error {{error:.1e}}")
    assert error < (1e-2 if single else 1e-5), "the adjoint does not agree with differences"'''.split("\n")
