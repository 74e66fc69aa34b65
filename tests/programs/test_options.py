"""Options given by position and by name, indices of several axes: none is dropped without a word."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.tables import judged, main, program

HEAD = "import numpy as np\n\nW = np.arange(1.0, 7.0).reshape(3, 2)"
MADE = (
    "np.full_like(a, 1.7, int)", "np.full_like(a, x, int, 'C')", "np.full_like(a, 2.5, shape=(2, 3))",
    "np.zeros_like(a, int, 'C')", "np.zeros_like(a, None, 'C', True, (2, 3))", "np.ones_like(h, np.float32)",
    "np.arange(0, 3, 1, float)", "np.arange(0.5, 5, 1.5, int)", "np.arange(0.5, 5, 1.5, dtype=int)",
    "np.arange(0.5, 5 * x, 1.5 * x, int)", "np.arange(x, 5 * x, 1.5 * x, np.float32)", "np.arange(3, dtype=float)",
    "np.arange(3.0, 0.0, -1.4, dtype=int)", "np.asfortranarray(a, int)", "np.ascontiguousarray(a, int)",
    "np.concatenate((a, a), 0)", "np.concatenate((h, h), 1)", "np.concatenate((a, a), dtype=np.float32)",
    "np.stack((a, a), 1)", "np.stack((a, a), axis=-1, dtype=np.float32)", "np.hstack((a, a), dtype=np.float32)",
    "np.full((3, 2), x, float, 'F').reshape(6)", "np.full((3, 2), x, order='F').T.reshape(6)",
    "np.cov(h, dtype=np.float32)", "np.array([np.mean(4 * h, dtype=int)])", "np.mean(4 * h, 1, int)",
    "np.array([0, 1, 0]).choose((a, a * x))", "np.array([0, 1, 0]).choose(a, a * x)",
    "np.array([0, 2, 0]).choose(a, a * x)",
    "np.array([0, 1, 0]).choose((a, a * x), 2.0 * a)", "np.array([0, 4, 0]).choose(a, a * x, mode='wrap')",
    "a.choose(a, a)", "(a > 0.0).choose(a, a * x)", "np.ones(np.size(h, 1))",
    "np.ones(np.size(h, axis=(0, 1)))", "np.ones(np.size(h, 2))", "np.ones(np.size(x))",
    "np.var(4 * h, 1, int)", "np.mean(h, 1, np.float32)", "np.std(h, 0, np.float32)",
    "np.cov(h, ddof=1.5)", "np.corrcoef(h.T, dtype=np.float32)",
    "np.concatenate((a, a), 0, np.empty(6))", "np.concatenate((a, a), axis=None, out=None)",
    "np.stack((a, a), 0, np.empty((2, 3)))", "np.hstack((a, a), 0)", "np.concatenate((a, a), dtype=int)",
)
PUT = (
    "w = np.empty(6)\nnp.concatenate((a, a), 0, w)", "w = np.empty((2, 3))\nnp.stack((a, a), 0, w)",
    "w = np.empty(3)\na.conj(w)", "w = np.empty((3, 2))\nh.cumsum(0, None, w)", "w = np.empty(3)\nh.dot([1.0, x], w)",
    "w = np.empty(3)\nnp.round(a, 1, out=w)", "w = np.empty(3)\na.round(1, w)",
    "w = np.empty((3, 3))\nnp.outer(a, a, out=w)", "w = np.empty((3, 3))\nnp.outer(a, a * x, w)",
    "w = np.clip(a, None, None)\nw[0] = x\na[1] = x", "w = np.ones((3, 3), int)\nnp.outer(a, a, w)",
    "w = a\nw[a > -9.0] = a[::-1]", "w = a\nw[a > 0.6] = a[1:2]", "w = h[0]\nw[w > -9.0] = h[1, ::-1]",
    "w = h\nw[h > -9.0] = h.T.ravel()", "w = a\nw[a > -9.0] = a[::-1].copy()", "w = h\nw[a > -9.0] = h[::-1]",
    "w = np.empty(2)\nh.take([1, 2], None, w)",
    "r = [a]\nfor k in range(int(3.0 * x)):\n    r.append(a * k)\nw = np.stack(r, dtype=np.float32)",
    "r = [a]\nfor k in range(int(3.0 * x)):\n    r.append(a * k)\nw = np.concatenate(r, 0, np.empty(len(r) * 3))",
)
PLACES = ("1, 0", "2", "-1", "(1, 0)", "2, -1", "n, 0", "(1,)", "2, -1, 0", "", "7", "3, 0")


def sources() -> list[str]:
    """A function for every way."""
    lines = [f"w = {made}\nw.flat[0] = 0.5 * x" for made in MADE]
    lines = [*(f"h = np.outer(a, np.array([x, 1.0]))\n{line}\nreturn float(np.sum(w * x) * w.itemsize)"
               for line in (*lines, *PUT)),
             *(f"n = int(x)\nh = np.outer(a, np.array([x, 1.0]))\nreturn float(h.item({place}) * x)"
               for place in PLACES)]
    return [program(number, line.split("\n")[1], line) for number, line in enumerate(lines)]


@pytest.mark.parametrize(("engine", "every"), [("python", 1), ("tape", 2)])
def test_options(engine: str, every: int, tmp_path: Path) -> None:
    outcome = judged(HEAD, sources()[::every], tmp_path, engine, slack=1e-6)
    assert not outcome.wrong, "\n\n".join(outcome.wrong)
    assert outcome.verdicts["right"] > 30


if __name__ == "__main__":
    main(HEAD, sources, slack=1e-6)
