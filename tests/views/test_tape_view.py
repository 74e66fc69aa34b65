"""A tape, shown: its data, text and static HTML."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.engines.tape import Tape
from workbench.views import tape_data
from workbench.views.shown import Shown
from workbench.views.tape import ShownTape
from workbench.views.tape_graph import layers_of, places_of


def waves(x: float, y: float) -> float:
    total = 0.0
    for k in range(4):
        total += math.sin(x * k) * y
    return total


def many(x: float) -> float:
    for _ in range(200):
        x = x * 0.99
    return x


def hostile(x: float) -> float:
    return x * len("<img src=x onerror=alert(1)></script>")  # <b>&amp;</style>


def with_arrays(a: np.ndarray) -> float:
    b = np.sin(a) @ np.outer(a, a)
    return float(np.sum(b * b)) * math.exp(a[0])


class Texts(HTMLParser):
    """The tags of an HTML text, and what stands between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_tape_is_shown() -> None:
    tape = wb.tape(waves, 0.5, 2.0)
    assert isinstance(tape, Tape) and isinstance(tape, Shown)
    bundle = tape._repr_mimebundle_()
    assert "not swept yet" in bundle["text/plain"] and "total += math.sin(x * k) * y" in bundle["text/plain"]
    tape.backward()
    assert "every adjoint is there" in tape.text() and f"{tape[2].adjoint:.6g}" in tape.text()
    tape.step_forward()
    assert "the reverse sweep stands before node 0" in tape.text()
    assert repr(tape).startswith("Tape of 18 nodes, value 4.63678")


def test_first_and_last_nodes() -> None:
    text = wb.tape(many, 1.0).text()
    rows = [line.split() for line in text.splitlines()]
    assert ["…", "151", "more", "…"] in rows
    assert [row[0] for row in rows if len(row) > 2 and row[0].isdigit() and row[1] == "mul"] == [
        *map(str, range(1, 40)), *map(str, range(191, 201))]
    html = wb.tape(many, 1.0).html()
    assert html.count("<tr>") == 54 and "<svg" not in html and "… 151 more …" in html


def test_the_graph_of_a_small_tape() -> None:
    tape = wb.tape(lambda x, y: (x * y + x) * y, 2.0, 3.0)
    assert layers_of(tape[:]) == [0, 0, 1, 2, 3]
    assert len(set(places_of(tape[:]))) == 5
    html = tape.html()
    assert html.count('class="wb-node') == 5 and html.count("wb-edge") == 1 + 6


def test_a_programs_text_stays_text() -> None:
    tape = wb.tape(hostile, 2.0)
    found = Texts(tape.html())
    assert "img" not in found.tags and "script" not in found.tags and "b" not in found.tags
    assert any("<img src=x onerror=alert(1)></script>" in text for text in found.texts)
    assert "<img" in json.dumps(tape.as_dict())


@pytest.mark.parametrize(("program", "arguments"), [(waves, (0.5, 2.0)), (with_arrays, (np.array([0.4, 0.2, 0.7]),))])
def test_arrays_say_what_nodes_say(program: Callable[..., float], arguments: tuple[Any, ...]) -> None:
    tape = wb.tape(program, *arguments)
    tape.backward()
    data = json.loads(json.dumps(tape.as_dict()))
    assert data["nodes"] == len(tape) and data["whole"]
    for first, stop in ((0, len(tape)), (2, len(tape) - 1)):
        part = tape.answer({"what": "nodes", "first": first, "stop": stop})
        for k in range(first, stop):
            node, at = tape[k], k - first
            low, high = part["starts"][at:at + 2]
            assert data["operations"][part["operation"][at]] == node.operation
            assert tuple(part["sources"][low:high]) == node.inputs
            assert tuple(part["weights"][low:high]) == node.partials
            assert part["value"][at] == node.value and part["adjoint"][at] == node.adjoint
            place = data["places"][part["place"][at]]
            assert (place["file"], place["line"]) == (node.filename, node.line)
    assert len(part["sources"]) <= data["edges"]
    with pytest.raises(ValueError, match="no answer"):
        tape.answer({"what": "anything"})


def test_adjoints_where_a_sweep_stands() -> None:
    args = (np.array([0.4, 0.2, 0.7]),)
    shown, stepped = wb.tape(with_arrays, *args), wb.tape(with_arrays, *args)
    while stepped.position:
        stepped.step_back()
        np.testing.assert_allclose(shown.answer({"what": "adjoints", "position": stepped.position}), stepped.adjoints,
                                   rtol=1e-12, atol=1e-15)


def test_large_structured_operations_have_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape_data, "MOST_ROWS", 3)
    tape = wb.tape(with_arrays, np.array([0.4, 0.2, 0.7]))
    data, blocks = tape.as_dict(), tape.answer({"what": "blocks"})
    assert not data["whole"] and data["blocks"] == len(blocks["first"]) > 1
    first, stop = int(blocks["first"][0]), int(blocks["stop"][0])
    part = tape.answer({"what": "nodes", "first": first, "stop": stop})
    assert len(part["sources"]) == 0
    row = tape.answer({"what": "row", "node": first})
    assert tuple(row["inputs"]) == tape[first].inputs and tuple(row["partials"]) == tape[first].partials
    assert set(row["inputs"]) <= set(blocks["operands"][blocks["starts"][0]:blocks["starts"][1]])


def test_sources_and_groups() -> None:
    tape = wb.tape(waves, 0.5, 2.0)
    source, = tape.as_dict()["sources"]
    assert source["name"] == "waves" and source["first"] == waves.__code__.co_firstlineno
    assert source["lines"][-1] == "    return total" and (4, 10, "k") in source["marks"][-1]
    groups = tape.answer({"what": "groups"})
    assert groups["labels"][0] == "waves" and list(groups["stop"] - groups["first"])[:2] == [16, 16]


def test_a_tape_inside_a_recorded_run_is_shown() -> None:
    kept: list[ShownTape] = []

    def program(x: float) -> float:
        tape = wb.tape(lambda u: u * u * u, x)
        tape.backward()
        kept.append(tape)
        return float(tape.gradient())
    assert wb.grad(program, engine="tape")(2.0) == 12.0
    assert "3 nodes" in kept[0].text()
