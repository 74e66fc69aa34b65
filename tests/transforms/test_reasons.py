"""The plan to be read: values in the user's words, reasons with what they are about, a table of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.transforms.kit import Kit
from workbench.ir import Function, Span, Value, definitions
from workbench.rules import Expr
from workbench.transforms.reasons import AGAIN, KEPT, Choice, Row, report, rows


def shown(function: Function, value: Value) -> str:
    """How a plan calls a value."""
    (row,) = rows({value: Choice(KEPT, "")}, [value], definitions(function))
    return row.value


@pytest.mark.parametrize("formula, text", [
    (lambda k: k.x.now, "x"),
    (lambda k: k.x.now + k.y.now, "x + y"),
    (lambda k: (k.x.now + k.y.now) * k.x.now, "(x + y) * x"),
    (lambda k: k.x.now * 2.5, "x * 2.5"),
    (lambda k: k.emit("sin", k.x), "sin(x)"),
    (lambda k: k.emit("sin", k.x) * k.y.now, "sin(x) * y"),
    (lambda k: k.a[k.n - 1], "a[n - 1]"),
    (lambda k: k.emit("exp", k.emit("sin", k.emit("cos", k.emit("tan", k.x)))), "exp(sin(cos(tan(...))))"),
], ids=lambda part: part if isinstance(part, str) else "formula")
def test_values_are_called_by_name_or_by_the_formula_that_makes_them(
        formula: Callable[[Kit], Expr], text: str) -> None:
    k = Kit("f", x="f64", y="f64", a="f64[n]")
    made = formula(k)
    assert shown(k.finish(made), made.value) == text


def test_a_reason_names_its_sources_once_and_no_constants() -> None:
    k = Kit("f", x="f64", y="f64")
    two = (k.x.now * 2.0).value
    product = (k.x.now * k.y.now).value
    function = k.finish(k.x.now)
    x, y = function.data_params
    choices = {product: Choice(AGAIN, "from {}", None, (x, y, x)),
               two: Choice(AGAIN, "from {}", None, (k.value(2.0),))}
    found = rows(choices, [x, product, two], {})
    assert [(row.how, row.why) for row in found] == [(AGAIN, "from x, y"), (AGAIN, "from constants")]


def test_rows_come_in_the_order_in_which_values_are_made_with_their_lines() -> None:
    k = Kit("f", x="f64")
    k.builder.span = Span("program.py", 7)
    square = (k.x.now * k.x.now).value
    function = k.finish(Expr(k.builder, square))
    x = function.data_params[0]
    choices = {square: Choice(KEPT, "it costs much", 8), x: Choice("there", "it is an argument")}
    assert rows(choices, [x, square], definitions(function)) == [
        Row(None, "x", "there", None, "it is an argument"), Row(7, "x * x", KEPT, 8, "it costs much")]


def test_a_report_is_a_table_with_a_dash_for_what_there_is_not() -> None:
    kept, again = Row(None, "y", KEPT, 8, "carried from turn to turn"), Row(12, "y * x", AGAIN, None, "from y, x")
    assert report([kept, again]) == (
        "line  value  how             price  why\n"
        "-     y      kept            8      carried from turn to turn\n"
        "12    y * x  computed again  -      from y, x")
