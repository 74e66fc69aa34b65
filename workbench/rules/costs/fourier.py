"""What Fourier transforms do (`kernels.fourier`).

It depends on the factors of a length, so it is no polynomial: what is done once for all lines, and for each of them, is
a function of the length for each key.

Invariant: numbers are counted as the kernel goes through them, pass by pass.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable

from workbench.ir import Op
from workbench.rules.costs.amounts import INTEGERS, Amount, Amounts, Of, Sizes
from workbench.rules.kernels.fourier import radices_of

_LARGEST = 31  # radix; lengths with larger prime factors are convolved
#: complex elements and integers accessed, arrays made; operations
_OPERATIONS = ("add", "sub", "mul", "div", "neg", "cos", "sin", "conj", "real", "imag", "complex")
_KEYS = ("loads", "stores", "integers read", "integers written", "arrays", "room", "zeros", *_OPERATIONS)
Numbers = Counter[str]


def _of(count: int, **each: int) -> Numbers:
    return Counter({key: count * number for key, number in each.items()})


@functools.cache
def _radices(n: int) -> tuple[int, ...]:
    return tuple(int(r) for r in radices_of(n) if r)


def _is_direct(n: int) -> bool:
    return max(_radices(n), default=0) <= _LARGEST


def _root(quarter: int) -> Numbers:
    """A root of unity, by the quarter of the circle that it is in."""
    return _of(1, cos=1, sin=1, mul=4, div=2, complex=1, neg=(0, 1, 2, 1)[quarter % 4])


def _pass(radix: int, m: int, stride: int) -> Numbers:
    """`fourier_pass`."""
    inner, half = m * stride, (radix - 1) // 2
    if radix == 2:
        return _of(m, loads=1) + _of(inner, loads=2, stores=2, add=1, sub=1, mul=1)
    if radix == 3:
        return _of(m, loads=3) + _of(inner, loads=3, stores=3, add=4, sub=2, mul=5, neg=1, real=2, imag=3, complex=1)
    if radix == 4:
        return _of(m, loads=4, imag=1) + _of(
            inner, loads=4, stores=4, add=6, sub=5, mul=5, neg=1, real=1, imag=1, complex=1)
    pairs = _of(inner * half, loads=2, stores=2, add=3, sub=1)
    terms = _of(inner * half * half, loads=3, real=1, imag=1, mul=2, add=2)
    ends = _of(inner * half, loads=2, stores=2, add=1, sub=1, mul=3, neg=1, real=1, imag=1, complex=1)
    return _of(m, loads=1) + _of(inner, loads=1, stores=1) + pairs + terms + ends


def _line(n: int) -> Numbers:
    """`fourier_line`."""
    total: Numbers = Counter()
    length, stride = n, 1
    for radix in _radices(n):
        total += _pass(radix, length // radix, stride)
        length, stride = length // radix, stride * radix
    total["integers read"] += 3 * len(_radices(n))
    return total


def _padded(n: int) -> int:
    """The length of a convolution."""
    size = 1
    while size < 2 * n - 1:
        size *= 2
    return size


def _factors(n: int) -> Numbers:
    """`radices_of`."""
    return Counter({"integers written": len(_radices(n))})


@functools.cache
def _once(n: int, inverse: bool) -> Numbers:
    """What is done before the first line."""
    total = _factors(n)
    if _is_direct(n):
        total += _of(1, arrays=3, room=3 * n + 32) + _of(n, stores=1, conj=int(not inverse))
        return total + sum((_root(4 * k // n) for k in range(n)), Counter())
    size = _padded(n)
    total += _of(1, arrays=4, room=n + 4 * size, zeros=2 * size) + _of(size, stores=1, conj=1) + _factors(size)
    total += sum((_root(4 * k // size) for k in range(size)), Counter())
    total += sum((_root(4 * (k * k % (2 * n)) // (2 * n)) for k in range(n)), Counter())
    total += _of(n, stores=3, loads=1, conj=2 - inverse)
    return total + _line(size) + _of(size, loads=1, stores=1)


@functools.cache
def _each(n: int, inverse: bool) -> Numbers:
    """What is done with every line."""
    if _is_direct(n):
        return _line(n) + _of(n, loads=2, stores=2)
    size, line = _padded(n), _line(_padded(n))
    return line + line + _of(size, stores=2, loads=2, mul=1, conj=1) + _of(
        n, loads=4, mul=2, conj=1, div=1, stores=1)


def _done(part: Callable[[int, bool], Numbers], key: str, inverse: bool, n: int) -> int:
    return part(n, inverse)[key] if n else 0


def lines(size: Sizes, of: Of, count: Amount, n: Amount, inverse: bool) -> Amounts:
    """`fourier_lines`."""
    units = {"loads": of.load, "stores": of.store, "integers read": INTEGERS.load, "integers written": INTEGERS.store,
             "arrays": Amounts(allocation=1), "room": Amounts(allocated=of.bytes), "zeros": Amounts(written=of.bytes)}
    there = size.positive(count) * size.positive(n)
    asked = INTEGERS.new(64, True) + {"read": 64 * INTEGERS.bytes}
    more = INTEGERS.new(64, True) * size.of_size("convolved", lambda n: int(n > 0 and not _is_direct(n)), n)
    total = asked + more
    for key in _KEYS:
        way = " back" if inverse else ""
        once = size.of_size(f"{key} once{way}", functools.partial(_done, _once, key, inverse), n)
        each = size.of_size(f"{key} a line{way}", functools.partial(_done, _each, key, inverse), n)
        total = total + units.get(key, Amounts({key: 1})) * (once + each * count)
    return of.copy(count * n) + total * there


def complex_lines(op: Op, size: Sizes) -> Amounts:
    """`fourier_lines`."""
    count, n = (size(dim) for dim in op.operands[0].dims)
    return lines(size, Of(op.result.kind), count, n, op.attrs["inverse"])


def half_spectra(op: Op, size: Sizes) -> Amounts:
    """`half_spectra`: two real lines at a time."""
    count, n = (size(dim) for dim in op.operands[0].dims)
    m = size(op.result.dims[1])
    real, of = Of(op.operands[0].kind), Of(op.result.kind)
    pairs = size.floordiv(count + 1, 2)
    joined = (of.store + {"complex": 1}) * pairs * n + real.load * count * n
    both = of.loads(2, conj=1) + of.store
    odd = Amounts(sub=1, mul=2, imag=1, real=1, complex=1)
    split = both * count * m + Amounts(add=1, mul=1) * pairs * m + odd * (count - pairs) * m
    return (of.new(0) + of.new(pairs * n) + joined + lines(size, of, pairs, n, False) + of.new(count * m) + split)


def real_lines(op: Op, size: Sizes) -> Amounts:
    """`real_lines`: two real lines at a time."""
    count, m = (size(dim) for dim in op.operands[0].dims)
    n = size(op.result.dims[1])
    of, real = Of(op.operands[0].kind), Of(op.result.kind)
    pairs = size.floordiv(count + 1, 2)
    alone = 2 * pairs - count
    taken = of.load * 2 * pairs * m + Amounts(mul=1) * alone * m
    ends = of.store + {"real": 2, "complex": 1}
    inner = of.store * 2 + {"real": 4, "imag": 4, "add": 2, "sub": 2, "complex": 2}
    at_ends = size.of_size("ends", lambda n: 1 + (n % 2 == 0), n)
    joined = ends * pairs * at_ends + inner * pairs * (m - at_ends)
    rows = (of.load + real.store) * count * n + Amounts(real=1) * pairs * n + Amounts(imag=1) * (count - pairs) * n
    return of.new(pairs * n) + taken + joined + lines(size, of, pairs, n, True) + real.new(count * n) + rows
