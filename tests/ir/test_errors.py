"""The one error: where, the line with a caret, what is wrong, what to do; and the way there through other files."""

from __future__ import annotations

from pathlib import Path

from workbench.ir import DifferentiationError, Span

LINE = "    y = f(α) + g(x)\n"


def span(path: Path, column: int = 0, end: int = 0, function: str = "") -> Span:
    return Span(str(path), 2, column, end, function)


def program(tmp_path: Path, name: str = "program.py") -> Path:
    path = tmp_path / name
    path.write_text(f"def h(α, x):\n{LINE}    return y\n", encoding="utf-8")
    return path


def test_a_message_shows_the_line_with_a_caret_under_what_is_meant(tmp_path: Path) -> None:
    path = program(tmp_path)
    start = len(LINE[:LINE.index("g(x)")].encode())  # (columns count bytes: α has two)
    error = DifferentiationError("no derivative is known", span(path, start, start + 4, "h"), "write a rule")
    assert str(error).splitlines() == [
        "no derivative is known",
        f'  File "{path}", line 2 in h',
        "    y = f(α) + g(x)",
        "               ^^^^",
        "  what to do: write a rule",
    ]
    assert (error.filename, error.lineno, error.reason, error.hint) == (
        str(path), 2, "no derivative is known", "write a rule")


def test_without_a_place_there_is_none() -> None:
    error = DifferentiationError("pass floats")
    assert str(error) == "pass floats" and error.filename is None and error.lineno is None and error.caller is None


def test_a_file_that_is_not_there_leaves_its_line_out() -> None:
    assert str(DifferentiationError("why", Span("<lost>", 3))) == 'why\n  File "<lost>", line 3'


def test_the_call_that_led_to_another_file_is_named(tmp_path: Path) -> None:
    library, users = program(tmp_path, "library.py"), program(tmp_path, "users.py")
    error = DifferentiationError("why", span(library))
    assert error.called_at(span(library)).caller is None  # (a call in the same file says nothing new)
    found = error.called_at(span(users, function="loss"))
    assert found is error and error.caller == span(users, function="loss")
    assert f'  called from File "{users}", line 2 in loss' in str(error)
    assert error.called_at(None) is error and error.caller is not None
