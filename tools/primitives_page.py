"""Writes docs/primitives.md: what is differentiated, how, and what is refused, read off the rule table.

A derivative is shown by running its rule on named symbols: the same lambda that runs on numbers, on arrays and on IR.
`python tools/primitives_page.py` writes the page, `--check` fails where it is not current.
"""

from __future__ import annotations

import builtins
import cmath
import functools
import importlib
import math
import operator
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import fft, integrate, linalg, special

from workbench.deferred import resolved
from workbench.frontend.composed import compositions
from workbench.frontend.library.refused import REFUSED
from workbench.frontend.library.registry import handlers
from workbench.ir import Builder, Kind, ScalarType, Value
from workbench.rules import Expr, Primitive, Unknown, table

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "primitives.md"
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "floordiv": "//", "mod": "%", "lt": "<",
          "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=", "and": "and", "or": "or"}
_BINDS = {"or": 1, "and": 2, "lt": 3, "le": 3, "gt": 3, "ge": 3, "eq": 3, "ne": 3, "add": 4, "sub": 4, "mul": 5,
          "div": 5, "floordiv": 5, "mod": 5, "neg": 6, "pow": 7}
_HEAD = """# Primitives

Written by `tools/primitives_page.py` from the rule table; a test fails when it is not current.

The columns *orders*, *engines* and *tests* say which tests run a primitive: `table` (`tests/rules/test_table.py`: both
modes against complex step or differences, all kinds, broadcasting, sizes 0 and 1, and planted mistakes), `transformed`
(`tests/rules/test_transformed.py`: second order, forward and reverse over both modes), `compiled`
(`tests/rules/test_compiled.py`: against the interpreter), `tape` (`tests/engines/tape/test_orders.py`: twice on the
tape), `transforms` (`tests/transforms` and `tests/passes`: programs that read and write memory), `programs`
(`tests/programs` and `tests/language`: conditions that raise, masks, texts, indices). Functions made of primitives are
tested as users call them by `tests/frontend/composed` and `tests/grid`.

In a formula `f` is the result and `x`, `y`, `z` are the operands. A partial derivative by a complex operand is the
holomorphic one; reverse mode conjugates it. Of other rules the adjoint is shown: `x_bar` is the cotangent of `x`,
`f_bar` that of the result (or `q_bar`, `r_bar`, ... of several), `^H` a conjugate transpose, juxtaposition a matrix
product. A derivative is a program again: where the second order is tested, all higher ones are made by the same rules.
"""
_WRITTEN = """Plain Python in `workbench/frontend/composed`; their derivatives follow. The methods `reduce`,
`accumulate`, `outer`, `reduceat` and `at` of all ufuncs of two operands are among them.
"""
_HANDLED = "By handlers in `workbench/frontend/library`, which give the operations above; derivatives follow.\n"
_COLUMNS = "| primitive | means | derivative by each operand | kinds | orders | engines | tests |"
_NAMES = ("x", "y", "z")
_MODULES = {"np.": np, "np.linalg.": np.linalg, "np.fft.": np.fft, "math.": math, "cmath.": cmath, "": builtins,
            "operator.": operator, "functools.": functools, "scipy.special.": special, "scipy.integrate.": integrate,
            "scipy.linalg.": linalg, "scipy.fft.": fft,
            "np.polynomial.polynomial.": np.polynomial.polynomial}


# ---------------------------------------------------------------------- formulas
def formula(builder: Builder, value: Value, names: dict[Value, str], least: int = 0) -> str:
    """The expression that made a value, in terms of named ones."""
    value = builder.resolve(value)
    if value in names:
        return names[value]
    op = builder.definitions.get(value)
    if op is None:
        return value.label.removesuffix(".0") if value.label not in ("inf", "nan") else value.label
    if op.prim in ("cast", "copy"):
        return formula(builder, op.operands[0], names, least)
    binds = _BINDS.get(op.prim, 9)

    def part(k: int, level: int) -> str:
        return formula(builder, op.operands[k], names, level)
    if op.prim in _INFIX:
        right = binds if op.prim in ("add", "mul", "and", "or") else binds + 1
        text = f"{part(0, binds + (op.prim == 'pow'))} {_INFIX[op.prim]} {part(1, right)}"
    elif op.prim == "neg":
        text = f"-{part(0, binds)}"
    elif op.prim == "select":
        text, binds = f"{part(1, 1)} if {part(0, 1)} else {part(2, 0)}", 0
    elif op.prim == "not":
        text, binds = f"not {part(0, 3)}", 2
    else:
        text = f"{op.prim}({', '.join(part(k, 0) for k in range(len(op.operands)))})"
    return f"({text})" if binds < least else text


def symbols(primitive: Primitive) -> tuple[Builder, Expr, list[Expr], dict[Value, str]]:
    """The result and the operands as symbols of a kind that the primitive takes."""
    builder = Builder("rule")
    kind = Kind.F64 if any(Kind.F64 in kinds for kinds in primitive.kinds) else Kind.C128
    kinds = [kind if primitive.takes(k, kind) else Kind.INT if primitive.takes(k, Kind.INT) else Kind.BOOL
             for k in range(primitive.arity or 1)]
    xs = [builder.param(ScalarType(k)) for k in kinds]
    result = builder.param(primitive.result_types(xs, {})[0])
    names = {result: "f", **dict(zip(xs, _NAMES, strict=False))}
    return builder, Expr(builder, result), [Expr(builder, x) for x in xs], names


def derivative(primitive: Primitive) -> str:
    """The partial derivatives, or where they are found."""
    if primitive.adjoint:
        return primitive.adjoint
    if not primitive.differentiable:
        return "0" if primitive.partials is not None and primitive.elementwise else "none (integers, truth, effects)"
    if primitive.partials is None or primitive.vjp is not None:
        return first_line(primitive.vjp)
    builder, y, xs, names = symbols(primitive)
    parts = []
    for k, partial in enumerate(primitive.partials):
        if not xs[k].kind.is_inexact:
            continue
        if partial is None:
            parts.append("0")
        elif isinstance(partial, Unknown):
            parts.append(f"refused ({partial.reason})")
        else:
            parts.append(f"`{shown(builder, partial(y, *xs), names)}`")
    return "; ".join(parts)


def shown(builder: Builder, value: Any, names: dict[Value, str]) -> str:
    """A rule's result as text."""
    return formula(builder, value.value, names) if isinstance(value, Expr) else f"{value:g}"


def first_line(rule: Callable[..., Any] | None) -> str:
    """A structured rule by what it says of itself, and where it is."""
    assert rule is not None
    text = " ".join((rule.__doc__ or "").split("\n\n")[0].split()).rstrip(".")
    where = rule.__module__.removeprefix("workbench.")
    return f"{text} (`{where}`)"


# ---------------------------------------------------------------------- the page
def callable_name(function: Any) -> str:
    """`np.sin`."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"np.{owner.__name__}.{function.__name__}"
    for prefix, module in _MODULES.items():
        if vars(module).get(function.__name__) is function:
            return f"{prefix}{function.__name__}"
    return f"{function.__module__}.{function.__name__}"


def listed(functions: Iterable[Any]) -> str:
    """Public names, each once."""
    names = sorted({callable_name(f) for f in functions if not callable_name(f).startswith("workbench")})
    return ", ".join(f"`{name}`" for name in names)


def kinds_of(primitive: Primitive) -> str:
    """The kinds that an operand may have."""
    found = {kind for kinds in primitive.kinds for kind in kinds}
    return " ".join(kind.value for kind in Kind if kind in found)


@functools.cache
def suites() -> dict[str, frozenset[str]]:
    """The primitives that each test runs, as the tests themselves list them."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    first, second, compiled, twice = (importlib.import_module(f"tests.{name}") for name in (
        "rules.test_table", "rules.test_transformed", "rules.test_compiled", "engines.tape.test_orders"))
    programs = [entry for kind in Kind for entry in (*compiled.scalar_programs(kind), *compiled.array_programs(kind))]
    return {"table": frozenset(first.NAMES), "transformed": frozenset(second.NAMES),
            "compiled": frozenset(name for name, _, _ in programs),
            "tape": frozenset(primitive.name for primitive, _ in twice.elementwise_functions()),
            "transforms": frozenset(n for n, p in table().items() if p.adjoint), "programs": frozenset(
                n for n, p in table().items() if not (p.adjoint or p.samples or p.elementwise))}


def tested(primitive: Primitive) -> tuple[str, str, str]:
    """Orders, engines and tests, by what runs the primitive."""
    running = {suite for suite, names in suites().items() if primitive.name in names}
    by_hand = bool(primitive.adjoint)
    orders = [order for order, suite in (("1", "table"), ("2", "transformed"))
              if by_hand or (suite in running and primitive.differentiable)]
    engines = [engine for engine, found in (("interpreted", {"table", "transformed", "transforms", "programs"}),
                                            ("compiled", {"compiled", "transforms", "programs"}), ("tape", {"tape"}))
               if found & running]
    return ", ".join(orders), ", ".join(engines), ", ".join(suite for suite in suites() if suite in running)


def rows(elementwise: bool) -> list[str]:
    """A line for each primitive."""
    lines = [_COLUMNS, "|---|---|---|---|---|---|---|"]
    for name, primitive in sorted(table().items()):
        if primitive.elementwise is elementwise:
            text = derivative(primitive).replace("|", "\\|")
            means = listed(map(resolved, primitive.callables))
            lines.append(f"| {name} | {means} | {text} | {kinds_of(primitive)} | "
                         f"{' | '.join(tested(primitive))} |")
    return lines


def handled() -> list[str]:
    """The functions that handlers take to primitives, by module."""
    known = {resolved(f) for primitive in table().values() for f in primitive.callables}
    known |= {*compositions().all(), *REFUSED}
    by_module: dict[str, set[str]] = {}
    for function, handler in handlers().items():
        shipped = handler.__module__.startswith("workbench.")  # (tests and other packages add their own)
        if shipped and function not in known and isinstance(getattr(function, "__module__", None), str):
            by_module.setdefault(handler.__module__.rpartition(".")[2], set()).add(function)
    return [f"- *{module}*: {names}" for module, functions in sorted(by_module.items()) if (names := listed(functions))]


def written_out() -> list[str]:
    """The compositions, by module."""
    by_module: dict[str, set[str]] = {}
    for function, composition in compositions().all().items():
        module = composition.function.__module__.rpartition(".")[2]
        if not isinstance(getattr(function, "__self__", None), np.ufunc):
            by_module.setdefault(module, set()).add(callable_name(function))
    lists = {module: ", ".join(f"`{n}`" for n in sorted(names)) for module, names in by_module.items()}
    return [f"- *{module}*: {text}" for module, text in sorted(lists.items())]


def page() -> str:
    """The page's text."""
    refusals = [f"| `{callable_name(f)}` | {reason} | {hint} |" for f, (reason, hint) in REFUSED.items()]
    return "\n".join([
        _HEAD, "## Elementwise", "", *rows(True), "", "## Arrays", "", *rows(False), "",
        "## Functions given as these operations", "", _HANDLED, *handled(), "",
        "## Functions written out in others", "", _WRITTEN, *written_out(), "", "## Refused", "",
        "| function | reason | instead |", "|---|---|---|", *refusals, ""])


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    text = page()
    if "--check" in arguments:
        if PAGE.read_text() == text:
            return 0
        print(f"{PAGE.name} is not current: run python tools/primitives_page.py", file=sys.stderr)
        return 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
