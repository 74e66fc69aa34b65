"""Options of transforms, reductions, solvers, builtins and draws: none is dropped without a word."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.tables import judged, main, program

HEAD = """import itertools
import math

import numpy as np
import scipy.linalg as sl

C = np.array([0.3, -0.2, 0.9])


def weighted(w):
    q = np.ravel(np.array(w))
    total = np.sum((q.real + 2.0 * q.imag) * np.cos(1.0 + np.arange(q.size)))
    for n in np.shape(w):
        total = total * (1.3 + 0.01 * n)
    return float(total * q.itemsize)"""
START = """h = np.outer(a, np.array([x, 1.0]))
m = np.outer(a, C) * x + 2.0 * np.eye(3)
g = m[np.newaxis] * np.array([1.0, x])[:, None, None]
z = a + 1j * x"""
ROWS = (
    "w = np.empty((3, 2), complex)\nnp.fft.fft(h, out=w)",
    "w = np.empty(3, complex)\nnp.fft.ifft(z, None, -1, None, w)",
    "w = np.empty(2, np.complex64)\nnp.fft.rfft(a, out=w)", "w = np.empty(4)\nnp.fft.irfft(z, out=w)",
    "w = np.empty((2, 3, 3), complex)\nnp.fft.fftn(g, None, (0, 1), None, w)", "w = np.empty(3)\nnp.fft.fft(a, out=w)",
    "w = np.empty(2, complex)\nnp.fft.fft(a, out=w)", "w = np.fft.rfftn(g, axes=(1, 1))",
    "w = np.fft.irfftn(g, axes=(0, 2), norm='forward')", "w = np.fft.rfft2(g, (2, 3), (0, 2))",
    "w = np.max(h, dtype=int)", "w = np.argmax(h, dtype=int)", "w = np.cumsum(h, 0, keepdims=True)",
    "w = np.sum(h, 0, keepdims=x > 0.5)", "w = np.sum(h, 0, None, None, True, 2.0, h > 0.0)",
    "w = np.empty(2, int)\nnp.max(h, 0, out=w)", "w = np.std(h, ddof=1, correction=1)",
    "w = np.var(h, 0, correction=1)",
    "w = np.linalg.lstsq(m, a, rcond=-1)[0]", "w = np.linalg.lstsq(m, h, -1)[3]", "w = np.linalg.norm(h, 3, 1, True)",
    "w = np.linalg.norm(h, 1, (1, 0), keepdims=x > 0.5)", "w = np.linalg.eigvalsh(m, 'U')",
    "w = sl.solve(m - 3.0 * np.eye(3), a, assume_a='pos')", "w = sl.inv(m, assume_a='pos', lower=True)",
    "w = sl.solve_triangular(m, a, 0, x > 0.5)", "w = sl.solve_triangular(m, a, trans='T', unit_diagonal=True)",
    "w = np.multiply.outer(4.0 * a, C, dtype=int)", "w = np.subtract.outer(a, C, dtype=np.float32)",
    "w = np.vectorize(lambda e: e * x, otypes=[np.float32])(a)", "w = np.sort(h, order='x')",
    "w = h.clip(0.1, 0.2, np.empty((3, 2)))", "w = h.clip(max=0.1, out=np.empty((3, 2)))",
    "w = a * x\nw.put(indices=[0], values=x)", "w = np.vectorize(lambda e: e, otypes=[complex])(x)",
    "w = h.compress([True, False], 1)",
    "w = np.ones(3, int)\nnp.copyto(w, a)", "w = np.argsort(h, descending=True)", "w = np.argsort(h, kind='odd')",
    "w = np.sort(h, kind='stable', stable=True)", "w = np.sort(h, 0, 'heapsort')",
    "w = complex(x, imag=3.0)", "w = complex(real=x, imag=x * x)", "w = complex(imag=x)", "w = complex(z[0], x)",
    "w = int(x, 10) * x", "w = float(x, 2)", "w = int('11', base=3) * x", "w = round(x, ndigits=1) * x",
    "w = round(number=31.7 * x, ndigits=None) * x", "w = pow(base=x, exp=3)", "w = pow(x, 2, mod=None)",
    "w = max(x, 0.4, default=3.0)", "w = sum(k * e for k, e in enumerate(iterable=a, start=3))",
    "w = sorted([x, 0.5], reverse=x > 0.6)[0]", "l = [x, 0.5]\nl.sort(reverse=x > 0.6)\nw = l[0]",
    "w = sum(p * q for p, q in zip(a, C, strict=x > 9.0))", "w = math.isclose(a=x, b=x) * x",
    "w = (math.isclose(x * math.inf, math.inf) + 2 * math.isclose(x, math.inf)) * x",
    "w = math.isclose(x, 7.0, rel_tol=-x) * x", "w = math.isclose(x, 0.8, rel_tol=0.0, abs_tol=0.4) * x",
    "w = math.prod(a, start=x)", "w = math.log(x, x + 1.0)", "w = np.round(310.0 * h, -1) * x",
)
DRAWS = (  # (whose numbers compiled programs draw in machine code)
    "w = np.random.default_rng(3).choice(h, 4, axis=1)", "w = np.random.default_rng(3).choice(h, 4, True, None, 1)",
    "w = np.random.default_rng(3).choice(h, axis=-1)", "w = np.random.default_rng(3).permutation(h, 1)",
    "w = np.random.default_rng(3).permutation(h, 0)", "w = h * x\nnp.random.default_rng(3).shuffle(w)",
    "w = h * x\nnp.random.default_rng(3).shuffle(w, 1)",
)


def sources() -> list[str]:
    """A function for every way."""
    return [program(number, row.split("\n")[-1], f"{START}\n{row}\nreturn weighted(w)")
            for number, row in enumerate((*ROWS, *DRAWS))]


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("engine", ["python", "tape"])
def test_library_options(engine: str, tmp_path: Path) -> None:
    chosen = sources() if engine == "tape" else sources()[:len(ROWS)]
    outcome = judged(HEAD, chosen, tmp_path, engine, slack=1e-6)
    assert not outcome.wrong, "\n\n".join(outcome.wrong)
    assert outcome.verdicts["right"] > 50


if __name__ == "__main__":
    main(HEAD, sources, slack=1e-6)
