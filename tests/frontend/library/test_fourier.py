"""`np.fft` and `scipy.fft` in programs: values and derivatives against plain Python and its differences."""
from __future__ import annotations

import numpy as np
import pytest
import scipy.fft

from tests.frontend.gradients import differentiates
from tests.frontend.running import agrees
from tests.fuzz.interpreted import interpret, interpreted_gradient


def power(z):
    return np.sum(z.real**3 + z.imag**2 * z.real)


def lines(x):
    whole = power(np.fft.fft(x)) + power(np.fft.fft(x, 4)) + power(np.fft.fft(x, 9, 0, "ortho"))
    return whole + power(np.fft.ifft(x, axis=0)) + power(np.fft.ifft(x, 5, norm="forward"))


def real_lines(x):
    half = np.fft.rfft(x)
    back = np.sum(np.fft.irfft(half * half) ** 3) + np.sum(np.fft.irfft(half, 7, norm="ortho") ** 3)
    return power(half) + back + power(np.fft.rfft(x, 5, axis=0)) + np.sum(np.fft.irfft(x, axis=0) ** 2)


def planes(x):
    total = power(np.fft.fft2(x)) + power(np.fft.ifft2(x, (3, 8))) + power(np.fft.fftn(x, norm="ortho"))
    total = total + power(np.fft.rfft2(x)) + np.sum(np.fft.irfft2(np.fft.rfft2(x) ** 2) ** 2)
    padded = np.fft.rfftn(x, s=(4, 5), axes=(0, 1))
    return total + power(np.fft.ifftn(x, axes=(0,))) + np.sum(np.fft.irfftn(padded, s=[3, -1], axes=(0, 1)) ** 3)


def hermitian(x):
    return np.sum(np.fft.hfft(x, 7) ** 3) + power(np.fft.ihfft(x)) + np.sum(np.fft.hfft(np.fft.ihfft(x)) ** 3)


def of_scipy(x):
    total = power(scipy.fft.fft(x, workers=1)) + power(scipy.fft.rfft(x, norm="forward"))
    return total + power(scipy.fft.ifft2(x)) + np.sum(scipy.fft.irfftn(scipy.fft.rfftn(x)) ** 3)


def shifted(x):
    moved = np.fft.fftshift(x) * np.fft.ifftshift(x, axes=1) * np.fft.fftshift(x, axes=(0,))
    return np.sum(moved * np.fft.fftfreq(x.shape[1], d=x[0, 0])) + np.sum(np.fft.rfftfreq(6, 0.5)) * x[0, 1]


def spectral_derivative(x):
    k = 2j * np.pi * np.fft.fftfreq(x.shape[-1])
    return np.sum(np.real(np.fft.ifft(k * np.fft.fft(x))) ** 3)


PROGRAMS = [lines, real_lines, planes, hermitian, of_scipy, shifted, spectral_derivative]


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_program(function) -> None:
    rng = np.random.default_rng(3)
    for shape in ((3, 6), (2, 5)):
        differentiates(function, rng.uniform(0.5, 1.5, shape))


def test_values_and_kinds() -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(-1.0, 1.0, (2, 3, 4))
    for a in (x, x.astype(np.float32), x + 1j, (x + 1j).astype(np.complex64), (9 * x).astype(int)):
        for function in (lambda a: np.fft.fft(a, axis=1), np.fft.ifftn, lambda a: np.fft.irfft(a, 6, 0)):
            found, expected = interpret(function, (a,)), function(a)
            assert found.dtype == expected.dtype
            np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-7 if a.itemsize < 8 else 3e-7)
    for n in (1, 4, 5):
        agrees(lambda x, n=n: (np.fft.fftfreq(n, 0.1), np.fft.rfftfreq(n), np.fft.fftshift(np.arange(n) * x)), 2.0)


def test_errors() -> None:
    x = np.ones((2, 3))
    for function in (lambda x: power(np.fft.fft(x, 0)), lambda x: power(np.fft.fft(x, norm="both")),
                     lambda x: power(np.fft.fft2(x, (2,))), lambda x: power(np.fft.rfft(x * 1j)),
                     lambda x: power(np.fft.fft(x[:, :0])), lambda x: power(np.fft.fft(x, axis=2))):
        with pytest.raises(Exception) as expected:
            function(x)
        with pytest.raises(expected.type):
            interpreted_gradient(function, (x,))
