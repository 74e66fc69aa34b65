"""What is said of kept values is so: where, what needs them, and that each edit that is advised removes them."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench.operators import Derivative
from workbench.views.kept import KeptView, kept_html, kept_lines


def history(x, n):
    h = np.empty(n + 1)
    h[0] = x
    for t in range(n):
        h[t + 1] = np.sin(h[t]) * x
    return h[n]


@wb.checkpoint
def step(value, x):
    return np.sin(value) * x


def history_of_steps(x, n):
    h = np.empty(n + 1)
    h[0] = x
    for t in range(n):
        h[t + 1] = step(h[t], x)
    return h[n]


def power(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


@wb.checkpoint
def stretch(y, x, m):
    for _ in range(m):
        y = y * x
    return y


def power_in_stretches(x, n):
    y = 1.0
    for _ in range(n // 10):
        y = stretch(y, x, 10)
    return y


def scaled(x, w, n):
    y = x
    for _ in range(n):
        y = y * w
    return y


def stopped(x, w, n):
    y = x
    for _ in range(n):
        y = y * wb.stop_gradient(w)
    return y


def doubled(x, w, n):
    y = x
    for _ in range(n):
        y = y * (2.0 * w + y * 0.0)
    return y


def overwritten(a, n):
    b = a * 2.0
    c = np.sin(b)
    for i in range(n):
        b[i] = 0.0
    return np.sum(c * c) + np.sum(b)


def written_anew(a, n):
    b = a * 2.0
    c = np.sin(b)
    d = b.copy()
    for i in range(n):
        d[i] = 0.0
    return np.sum(c * c) + np.sum(d)


def kept_by(f, *args, wrt=0) -> tuple[KeptView, ...]:
    with in_python():
        gradient = wb.grad(f, wrt, mode="reverse")
        gradient(*args)
        return gradient.kept


def named(kept, value: str) -> KeptView:
    (found,) = [k for k in kept if k.value == value]
    return found


def line(f, text: str) -> int:
    lines, first = inspect.getsourcelines(f)
    return next(first + k for k, shown in enumerate(lines) if text in shown)


def test_a_value_is_where_it_is_made_and_named_as_in_the_adjoint() -> None:
    with in_python():
        gradient = wb.grad(power, mode="reverse")
        gradient(0.9, 3)
        (kept,) = gradient.kept
        lines = gradient.source.split("\n")
    assert (kept.value, kept.how, kept.line, kept.file, kept.name) == ("y", "kept", line(power, "y * x"), "", "y_kept")
    (need,) = kept.needs
    assert (need.line, need.by, need.text) == (line(power, "y * x"), "x", "y = y * x")
    assert all("y_kept[" in lines[k - 1] and "y_bar" in lines[k - 1] for k in need.adjoint) and need.adjoint


def test_two_residuals_of_one_line_are_told_apart() -> None:
    def wave(a, n):
        u = a.copy()
        for _ in range(n):
            for i in range(1, len(u)):
                u[i] = u[i] * u[i - 1] * (i + 1.5)
        return np.sum(u)

    first, second = kept_by(wave, np.ones(5), 3)
    assert (first.value, first.name, second.value, second.name) == ("u[i]", "kept", "u[i - 1]", "kept_1")
    assert set(first.needs[0].adjoint).isdisjoint(second.needs[0].adjoint)


def test_a_checkpoint_removes_what_it_is_advised_for() -> None:
    sine = named(kept_by(history, 0.3, 4), "sin(h[t])")
    assert any("wb.checkpoint" in edit for edit in sine.edits) and "n times sin" in sine.again
    assert not [k for k in kept_by(history_of_steps, 0.3, 4) if "sin" in k.value]


def test_stretches_keep_one_value_each() -> None:
    whole = named(kept_by(power, 0.9, 100), "y")
    assert whole.bytes == 800 and any("stretches" in edit for edit in whole.edits)
    cut = kept_by(power_in_stretches, 0.9, 100)
    assert sum(k.bytes or 0 for k in cut) == 80
    with in_python():
        assert wb.grad(power_in_stretches)(0.9, 100) == pytest.approx(wb.grad(power)(0.9, 100))


def test_a_stopped_gradient_removes_what_it_is_advised_for() -> None:
    y = named(kept_by(doubled, 0.9, 0.5, 3, wrt=(0, 1)), "y")
    assert not any("out of wrt" in edit for edit in y.edits)  # (needed for more than one derivative)
    y = named(kept_by(scaled, 0.9, 0.5, 3, wrt=(0, 1)), "y")
    assert any("leave w out of wrt" in edit for edit in y.edits)
    assert kept_by(scaled, 0.9, 0.5, 3) == () and kept_by(stopped, 0.9, 0.5, 3, wrt=(0, 1)) == ()


def test_what_is_written_anew_is_not_copied() -> None:
    b = named(kept_by(overwritten, np.ones(3), 2), "b")
    assert b.how == "copied" and f"at line {line(overwritten, '= 0.0')}" in b.edits[0]
    assert named(kept_by(written_anew, np.ones(3), 2), "b").how == "there"


def test_forward_mode_keeps_nothing() -> None:
    assert any("mode='forward'" in edit for edit in named(kept_by(power, 0.9, 3), "y").edits)
    with in_python():
        gradient = wb.grad(power, mode="forward")
        gradient(0.9, 3)
        assert gradient.kept == ()
        forward = Derivative(power, "jvp")
        forward.specialised((0.9, 3))
        assert forward.kept == ()


def test_as_text_and_html() -> None:
    kept = kept_by(history, 0.3, 4)
    text = "\n".join(kept_lines(kept))
    assert "1 value is kept for the reverse sweep: 32 bytes" in text and "○" in text and "needed by: line" in text
    hostile = KeptView("<img src=x>", "kept", 3, "</script>.py", "", None, "8·n", None, "<b>", "", ("<i>",), ())
    html = kept_html((hostile,))
    assert "<img" not in html and "</script>" not in html and "&lt;i&gt;" in html
    assert kept_html(()) == ""
