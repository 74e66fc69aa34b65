"""The grid of calls: what was wrong once, a part of the rest by each engine, and that no function is left out."""
from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from tests.grid.__main__ import BAD, verdict
from tests.grid.calls import Entry, entries
from tests.grid.found import found
from tests.grid.judge import judge
from workbench.frontend.library.refused import REFUSED

NAMES = """sum prod mean std var median ptp max min cumsum cumprod nansum nanprod nanmean nanstd nanvar nanmedian nanmax
nanmin nancumsum nancumprod nanquantile nanpercentile average quantile percentile sort argsort searchsorted take
take_along_axis put choose select piecewise clip pad roll flip tile repeat kron cross diag tril triu trace diff gradient
trapezoid interp convolve polyval einsum tensordot meshgrid vander histogram where matmul dot"""
PARTS = {
    "np.linalg": "solve inv det slogdet cholesky qr svd eigh eigvalsh eigvals eig pinv lstsq norm matrix_power "
                 "multi_dot",
    "np.fft": "fft ifft rfft irfft hfft ihfft fft2 ifft2 fftn ifftn rfft2 irfft2 rfftn irfftn fftshift ifftshift",
    "scipy.special": "gamma gammaln loggamma digamma polygamma rgamma beta betaln gammainc gammaincc betainc erf erfc "
                     "erfcx erfinv erfcinv ndtr ndtri log_ndtr expit logit logsumexp xlogy xlog1py"}
SOLVED = [(e, engine) for e in found() for engine in ("interpreted", "tape")]


@pytest.mark.parametrize(("entry", "engine"), SOLVED, ids=lambda v: str(v)[:60])
def test_found(entry: Entry, engine: str) -> None:
    result = verdict(entry, engine, True)
    assert result.outcome in ("right", "raised", "refused"), result


@pytest.mark.parametrize(("engine", "every"), [("interpreted", 301), ("tape", 997), ("emitted", 997)])
def test_a_part_of_the_grid(engine: str, every: int) -> None:
    chosen = entries()[17::every]
    found = [(str(e), verdict(e, engine, k % 5 == 0)) for k, e in enumerate(chosen)]
    assert not [(text, result) for text, result in found if result.outcome in BAD]


def test_judge_finds_what_is_wrong() -> None:
    """A text whose meaning differs while it is traced: the judge compares with what NumPy gives."""
    x = np.array([0.5, 1.5])
    assert judge("np.sin(x)", (x,), "interpreted").outcome == "right"
    assert judge("np.histogram(x)[0]", (x,), "interpreted").outcome == "refused"
    assert judge("np.sum(x, axis=3)", (x,), "interpreted").outcome == "raised"


def test_every_function_is_in_the_grid_or_refused() -> None:
    names = {f"np.{n}": getattr(np, n) for n in NAMES.split()}
    for module, text in PARTS.items():
        owner = {"np.linalg": np.linalg, "np.fft": np.fft, "scipy.special": scipy.special}[module]
        names |= {f"{module}.{n}": getattr(owner, n) for n in text.split()}
    names |= {f"np.{f.__name__}": f for f in vars(np).values() if isinstance(f, np.ufunc) and f.types and any(
        t.endswith("d") and "d" in t.split("->")[0] for t in f.types) and f.signature is None}
    covered = {e.name for e in entries()}
    assert not [name for name, f in names.items() if name not in covered and f not in REFUSED]
