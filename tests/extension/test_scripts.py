"""The scripts of live views: joined without clashes, small, asking nothing of the outside."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from workbench_jupyter.live import packed
from workbench_jupyter.scripts import STATIC, kinds, loader, script

TOP = re.compile(r"^(?:export )?(?:async )?(?:function\*?|const|let|class)\s+(?:\{([^}]*)\}|(\w+))", re.M)
OUTSIDE = re.compile(r"https?://(?!www\.w3\.org/)")


def names_of(text: str) -> list[str]:
    found = [(braced or single) for braced, single in TOP.findall(text)]
    return [name.strip() for names in found for name in names.split(",")]


def test_names_at_the_top_are_unlike_in_what_is_joined() -> None:
    for kind, text in {"loader": loader(), **{kind: script(kind) for kind in kinds()}}.items():
        names = names_of(text)
        assert sorted(names) == sorted(set(names)), kind
        assert not re.search(r"^import ", text, re.M) and text.count("export ") == 1


def test_all_scripts_together_are_under_300_kilobytes() -> None:
    assert sum(path.stat().st_size for path in STATIC.glob("*.js")) < 300_000


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.stem)
def test_scripts_ask_nothing_of_the_outside_and_take_no_text_for_markup(path) -> None:  # type: ignore[no-untyped-def]
    text = path.read_text("utf-8")
    assert not OUTSIDE.search(text)
    assert path.stem == "loader" or not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(", text)


def test_the_loader_is_small() -> None:
    assert len(loader()) < 8_000


def test_answers_travel_as_json_and_buffers() -> None:
    buffers: list[memoryview] = []
    value = {"a": np.arange(3.0), "b": [math.nan, -math.inf, np.float32(0.5)], "c": np.array([1, 2]),
             "d": np.zeros((0, 2)), "e": np.array([2**40])}
    found = packed(value, buffers)
    assert found == {"a": {"$array": 0, "dtype": "float64"}, "b": ["nan", "-inf", 0.5],
                     "c": {"$array": 1, "dtype": "int32"}, "d": {"$array": 2, "dtype": "float64"},
                     "e": {"$array": 3, "dtype": "float64"}}
    assert [len(buffer) for buffer in buffers] == [24, 8, 0, 8]
    assert np.frombuffer(buffers[3])[0] == 2.0**40
