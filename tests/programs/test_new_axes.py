"""Views with new axes, and parts of these: an axis of length 1 may be cut to nothing."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.tables import combined, judged, main, program

HEAD = "import numpy as np\n\nW = np.arange(1.0, 7.0).reshape(3, 2)"
VIEWS = {
    "last": "h[:2, 0, None]", "inside": "h[:2, None, 0]", "turned": "h[None, :2, 0].T", "twice": "h[:2, 0][:, None]",
    "of a reshape": "h.reshape(6, 1)[:2, 0, None]", "expanded": "np.expand_dims(h[:2, 0], 1)", "part": "h[:2, :1]",
    "reshaped": "h.reshape(6)[:2].reshape(2, 1)", "two-dimensional": "np.atleast_2d(h[:2, 0]).T",
    "cut at run time": "h[:2, 0, None][:, n:]",
}
WRITES = {
    "mask and rest": "w[[True, False], 1:] = 5.0", "rest": "w[:, 1:] = 5.0", "rows and rest": "w[[0, 1], 1:] = x",
    "in place": "w[[True, False], 1:] *= 5.0", "none": "w[[True, False], :0] = 5.0", "backwards": "w[:, ::-1] = x",
    "one": "w[[True, False], :1] = 5.0", "row": "w[0, 1:] = 5.0", "part of a part": "w[1:][:, 1:] = 5.0",
    "rows from behind": "w[[1, 0], -1:] *= x", "far behind": "w[[1, 0], -5:-3] = 2.0", "beyond": "w[1, 2:5] = 4.0",
    "a copy": "w[np.array([True, False])][:, 1:] = 3.0", "dots": "w[..., 1:] += 2.0", "from run time": "w[:, n:] = x",
    "to run time": "w[:, :n] += x", "an array": "w[:, n:] = a[:2, None] * np.ones(1 - n)",
    "a name": "v = w[:, n:]\nv += x",
    "read": "h[0, 0] += np.sum(w[[True, False], 1:] + 1.0) + w[[0, 1], 1:].size",
}


def sources() -> list[str]:
    """A function for every combination."""
    return [program(number, name, f"n = int(x)\nh = np.outer(a, np.array([x, 1.0]))\nw = {view}\n{write}\n"
                                  "return float(np.sum(h * h * W))")
            for number, (name, (view, write)) in enumerate(combined(VIEWS, WRITES))]


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize(("engine", "every"), [("python", 2), ("tape", 5)])
def test_new_axes(engine: str, every: int, tmp_path: Path) -> None:
    outcome = judged(HEAD, sources()[::every], tmp_path, engine)
    assert not outcome.wrong, "\n\n".join(outcome.wrong)
    assert outcome.verdicts["right"] > 50


if __name__ == "__main__":
    main(HEAD, sources)
