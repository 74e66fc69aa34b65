"""Fourier transforms in compiled programs: lines of any length in O(n log n), as Python that the compiler compiles.

Lengths whose prime factors are small go by Stockham's self-sorting algorithm with radices 4, 2, 3 and the factors
themselves, others by Bluestein's convolution. Roots of unity come from the first octant, right to the last place.

Source: Van Loan, Computational Frameworks for the Fast Fourier Transform (1992), 1.7, 2.2 (Stockham), 4.2 (Bluestein).
"""

from __future__ import annotations

import math

import numpy as np

from workbench.rules.kernels.source import Array


def unit_root(t: int, n: int) -> complex:
    """exp(2 pi i t / n)."""
    quarter = (4 * t) // n
    rest = 4 * t - quarter * n
    if 2 * rest <= n:
        c, s = math.cos(0.5 * math.pi * rest / n), math.sin(0.5 * math.pi * rest / n)
    else:
        c, s = math.sin(0.5 * math.pi * (n - rest) / n), math.cos(0.5 * math.pi * (n - rest) / n)
    quarter = quarter % 4
    if quarter == 1:
        return complex(-s, c)
    if quarter == 2:
        return complex(-c, -s)
    if quarter == 3:
        return complex(s, -c)
    return complex(c, s)


def roots_of_unity(roots: Array, inverse: bool) -> None:
    """Fill with exp(-2 pi i k / n), or their conjugates."""
    n = roots.size
    for k in range(n):
        root = unit_root(k, n)
        roots[k] = root if inverse else root.conjugate()


def radices_of(n: int) -> Array:
    """The radices of a length in order (64 places, the rest zero); one of them is larger than 31 where the length has
    such a prime factor."""
    radices = np.zeros(64, np.int64)
    count = 0
    while n % 4 == 0:
        radices[count] = 4
        count += 1
        n //= 4
    factor = 2
    while n > 1:
        if factor * factor > n:
            factor = n
        while n % factor == 0:
            radices[count] = factor
            count += 1
            n //= factor
        factor += 1
    return radices


def fourier_pass(x: Array, y: Array, roots: Array, radix: int, length: int, stride: int, parts: Array) -> None:
    """One pass: `length` is what remains to be transformed, in `stride` interleaved lines."""
    m = length // radix
    step = roots.size // radix
    for p in range(m):
        w1 = roots[p * stride]
        if radix == 2:
            for q in range(stride):
                a, b = x[q + stride * p], x[q + stride * (p + m)]
                y[q + stride * 2 * p] = a + b
                y[q + stride * (2 * p + 1)] = (a - b) * w1
        elif radix == 3:
            w2, turn = roots[2 * p * stride], roots[step]
            for q in range(stride):
                a = x[q + stride * p]
                b, c = x[q + stride * (p + m)], x[q + stride * (p + 2 * m)]
                total, difference = b + c, b - c
                even = a + turn.real * total
                odd = complex(-turn.imag * difference.imag, turn.imag * difference.real)
                y[q + stride * 3 * p] = a + total
                y[q + stride * (3 * p + 1)] = (even + odd) * w1
                y[q + stride * (3 * p + 2)] = (even - odd) * w2
        elif radix == 4:
            w2, w3, sign = roots[2 * p * stride], roots[3 * p * stride], roots[step].imag
            for q in range(stride):
                a, b = x[q + stride * p], x[q + stride * (p + m)]
                c, d = x[q + stride * (p + 2 * m)], x[q + stride * (p + 3 * m)]
                difference = b - d
                turned = complex(-sign * difference.imag, sign * difference.real)
                y[q + stride * 4 * p] = (a + c) + (b + d)
                y[q + stride * (4 * p + 1)] = ((a - c) + turned) * w1
                y[q + stride * (4 * p + 2)] = ((a + c) - (b + d)) * w2
                y[q + stride * (4 * p + 3)] = ((a - c) - turned) * w3
        else:
            for q in range(stride):
                first = x[q + stride * p]
                total = first
                for k in range(1, (radix + 1) // 2):
                    a, b = x[q + stride * (p + m * k)], x[q + stride * (p + m * (radix - k))]
                    parts[k], parts[radix - k] = a + b, a - b
                    total += a + b
                y[q + stride * radix * p] = total
                for j in range(1, (radix + 1) // 2):
                    even, odd = first, first * 0
                    for k in range(1, (radix + 1) // 2):
                        turn = roots[step * ((j * k) % radix)]
                        even += turn.real * parts[k]
                        odd += turn.imag * parts[radix - k]
                    odd = complex(-odd.imag, odd.real)
                    y[q + stride * (radix * p + j)] = (even + odd) * roots[p * j * stride]
                    y[q + stride * (radix * p + radix - j)] = (even - odd) * roots[p * (radix - j) * stride]


def fourier_line(work: Array, roots: Array, radices: Array, parts: Array) -> int:
    """The transform of row 0 of two rows; it ends in the row whose number is given. (The pass is called at one place:
    the compiler copies it to each.)"""
    length, stride, k, place = roots.size, 1, 0, 0
    while length > 1:
        fourier_pass(work[place], work[1 - place], roots, radices[k], length, stride, parts)
        length //= radices[k]
        stride *= radices[k]
        place = 1 - place
        k += 1
    return place


def convolved_lines(x: Array, inverse: bool) -> None:
    """Transforms of the rows, in place, by a convolution with a chirp (Bluestein): first the chirp's own transform,
    then for each row one transform and, conjugated, one back."""
    count, n = x.shape
    size = 1
    while size < 2 * n - 1:
        size *= 2
    chirp, spectrum = np.empty(n, x.dtype), np.empty(size, x.dtype)
    roots, work = np.empty(size, x.dtype), np.zeros((2, size), x.dtype)
    roots_of_unity(roots, False)
    radices = radices_of(size)
    for k in range(n):
        root = unit_root((k * k) % (2 * n), 2 * n)
        chirp[k] = root if inverse else root.conjugate()
        work[0, k] = work[0, (size - k) % size] = chirp[k].conjugate()
    for job in range(2 * count + 1):
        row, back = (job - 1) // 2, job % 2 == 0
        if not back:
            for k in range(size):
                work[0, k] = x[row, k] * chirp[k] if k < n else 0
        place = fourier_line(work, roots, radices, spectrum)
        for k in range(size):
            if job == 0:
                spectrum[k] = work[place, k]
            elif not back:
                work[0, k] = (work[place, k] * spectrum[k]).conjugate()
            elif k < n:
                x[row, k] = work[place, k].conjugate() * chirp[k] / size


def fourier_lines(x: Array, inverse: bool) -> Array:
    """The transform of each row, not scaled."""
    out = x.copy()
    n = x.shape[1]
    if out.size == 0:
        return out
    radices = radices_of(n)
    if radices.max() > 31:
        convolved_lines(out, inverse)
        return out
    roots, work, parts = np.empty(n, x.dtype), np.empty((2, n), x.dtype), np.empty(32, x.dtype)
    roots_of_unity(roots, inverse)
    for i in range(x.shape[0]):
        for k in range(n):
            work[0, k] = x[i, k]
        place = fourier_line(work, roots, radices, parts)
        for k in range(n):
            out[i, k] = work[place, k]
    return out


def half_spectra(x: Array, wide: Array, m: int) -> Array:
    """The first m frequencies of each real row (`wide`: an empty complex array): two rows at a time."""
    count, n = x.shape
    pairs = np.empty(((count + 1) // 2, n), wide.dtype)
    for i in range(pairs.shape[0]):
        for k in range(n):
            pairs[i, k] = complex(x[2 * i, k], x[2 * i + 1, k] if 2 * i + 1 < count else 0)
    spectra = fourier_lines(pairs, False)
    out = np.empty((count, m), wide.dtype)
    for i in range(count):
        for k in range(m):
            a, b = spectra[i // 2, k], spectra[i // 2, (n - k) % n].conjugate()
            if i % 2 == 0:
                out[i, k] = (a + b) * 0.5
            else:
                difference = a - b
                out[i, k] = complex(0.5 * difference.imag, -0.5 * difference.real)
    return out


def real_lines(x: Array, n: int) -> Array:
    """The real rows of length n of which these are the first frequencies, not scaled: two rows at a time."""
    count, m = x.shape
    pairs = np.empty(((count + 1) // 2, n), x.dtype)
    for i in range(pairs.shape[0]):
        both = 2 * i + 1 < count
        for k in range(m):
            a, b = x[2 * i, k], x[2 * i + 1, k] if both else x[2 * i, k] * 0
            if k == 0 or 2 * k == n:
                pairs[i, k] = complex(a.real, b.real)
            else:
                pairs[i, k] = complex(a.real - b.imag, a.imag + b.real)
                pairs[i, n - k] = complex(a.real + b.imag, b.real - a.imag)
    lines = fourier_lines(pairs, True)
    out = np.empty((count, n), x.real.dtype)
    for i in range(count):
        for k in range(n):
            out[i, k] = lines[i // 2, k].real if i % 2 == 0 else lines[i // 2, k].imag
    return out
