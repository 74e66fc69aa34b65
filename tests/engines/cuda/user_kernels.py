"""Kernels as users write them, and functions that launch them."""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import cuda, float64

from tests.engines.cuda.programs import Case

TILE = 8
THREADS = 8


@cuda.jit
def saxpy_kernel(a, x, y, out):
    i = cuda.grid(1)
    if i >= out.shape[0]:
        return
    out[i] = a * x[i] + y[i]


def saxpy(a, x, y):
    out = np.zeros(x.shape[0], x.dtype)
    saxpy_kernel[(x.shape[0] + THREADS - 1) // THREADS, THREADS](a, x, y, out)
    return np.sum(out * out)


@cuda.jit
def by_hand_kernel(x, out):
    tx = cuda.threadIdx.x
    bx = cuda.blockIdx.x
    i = tx + bx * cuda.blockDim.x
    if i < x.size:
        out[i] = math.sin(x[i]) * x[i]


def by_hand(x):
    out = cuda.device_array(x.shape[0], np.float64)
    blocks = max(1, -(-x.shape[0] // THREADS))
    by_hand_kernel[blocks, THREADS](cuda.to_device(x), out)
    cuda.synchronize()
    return np.sum(out.copy_to_host())


@cuda.jit
def strided_kernel(x, out):
    start = cuda.grid(1)
    stride = cuda.gridsize(1)
    for i in range(start, x.shape[0], stride):
        out[i] = x[i] * x[i] * x[i]


def strided(x, weight):
    out = np.zeros_like(x)
    strided_kernel[3, THREADS](x, out)
    return np.sum(out * weight)


@cuda.jit
def strided_sum_kernel(x, total):
    s = 0.0
    for i in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
        s += math.exp(-x[i])
    cuda.atomic.add(total, 0, s)


def strided_sum(x):
    total = np.zeros(1, x.dtype)
    strided_sum_kernel[2, THREADS](x, total)
    return total[0] * total[0]


@cuda.jit
def stencil_kernel(u, v, kappa):
    i, j = cuda.grid(2)
    if 1 <= i < u.shape[0] - 1 and 1 <= j < u.shape[1] - 1:
        v[i, j] = u[i, j] + kappa * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])


def stencil(u, kappa, steps):
    blocks = ((u.shape[0] + TILE - 1) // TILE, (u.shape[1] + TILE - 1) // TILE)
    u = u.copy()
    v = u.copy()
    for _ in range(steps):
        stencil_kernel[blocks, (TILE, TILE)](u, v, kappa)
        u, v = v, u
    return np.sum(u * u)


@cuda.jit
def product_kernel(a, b, c):
    part_a = cuda.shared.array((TILE, TILE), float64)
    part_b = cuda.shared.array((TILE, TILE), float64)
    x, y = cuda.grid(2)
    tx = cuda.threadIdx.x
    ty = cuda.threadIdx.y
    total = 0.0
    for k in range((a.shape[1] + TILE - 1) // TILE):
        part_a[tx, ty] = 0.0
        part_b[tx, ty] = 0.0
        if x < a.shape[0] and ty + k * TILE < a.shape[1]:
            part_a[tx, ty] = a[x, ty + k * TILE]
        if y < b.shape[1] and tx + k * TILE < b.shape[0]:
            part_b[tx, ty] = b[tx + k * TILE, y]
        cuda.syncthreads()
        for j in range(TILE):
            total += part_a[tx, j] * part_b[j, ty]
        cuda.syncthreads()
    if x < c.shape[0] and y < c.shape[1]:
        c[x, y] = total


def product(a, b):
    c = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    blocks = ((a.shape[0] + TILE - 1) // TILE, (b.shape[1] + TILE - 1) // TILE)
    product_kernel[blocks, (TILE, TILE)](a, b, c)
    return np.sum(np.tanh(c))


@cuda.jit
def block_sum_kernel(x, total):
    part = cuda.shared.array(THREADS, float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    part[t] = 0.0
    if i < x.shape[0]:
        part[t] = x[i] * x[i]
    cuda.syncthreads()
    half = cuda.blockDim.x // 2
    while half > 0:
        if t < half:
            part[t] += part[t + half]
        cuda.syncthreads()
        half //= 2
    if t == 0:
        cuda.atomic.add(total, 0, part[0])


def block_sum(x):
    total = np.zeros(1, x.dtype)
    block_sum_kernel[(x.shape[0] + THREADS - 1) // THREADS, THREADS](x, total)
    return np.sin(total[0])


@cuda.jit
def histogram_kernel(x, bins, total):
    i = cuda.grid(1)
    if i < x.shape[0]:
        cuda.atomic.add(total, bins[i], x[i] * x[i])


def histogram(x, bins, weights):
    total = np.zeros(weights.shape[0], x.dtype)
    histogram_kernel[(x.shape[0] + THREADS - 1) // THREADS, THREADS](x, bins, total)
    return np.sum(total * total * weights)


@cuda.jit
def shared_histogram_kernel(x, bins, total):
    part = cuda.shared.array(7, float64)
    t = cuda.threadIdx.x
    if t < 7:
        part[t] = 0.0
    cuda.syncthreads()
    i = cuda.grid(1)
    if i < x.shape[0]:
        cuda.atomic.add(part, bins[i], x[i] * x[i])
    cuda.syncthreads()
    if t < 7:
        cuda.atomic.add(total, t, part[t])


def shared_histogram(x, bins, weights):
    total = np.zeros(weights.shape[0], x.dtype)
    shared_histogram_kernel[(x.shape[0] + THREADS - 1) // THREADS, THREADS](x, bins, total)
    return np.sum(total * total * weights)


@cuda.jit(device=True)
def inverse_cube(dx, dy, dz):
    square = dx * dx + dy * dy + dz * dz + 0.01
    return 1.0 / (square * math.sqrt(square))


@cuda.jit
def n_body_kernel(position, mass, force):
    near = cuda.shared.array((THREADS, 4), float64)
    i = cuda.grid(1)
    t = cuda.threadIdx.x
    n = position.shape[0]
    x = y = z = 0.0
    if i < n:
        x = position[i, 0]
        y = position[i, 1]
        z = position[i, 2]
    fx = 0.0
    fy = 0.0
    fz = 0.0
    for tile in range((n + THREADS - 1) // THREADS):
        j = tile * THREADS + t
        if j < n:
            near[t, 0] = position[j, 0]
            near[t, 1] = position[j, 1]
            near[t, 2] = position[j, 2]
            near[t, 3] = mass[j]
        else:
            near[t, 0] = 0.0
            near[t, 1] = 0.0
            near[t, 2] = 0.0
            near[t, 3] = 0.0
        cuda.syncthreads()
        for k in range(THREADS):
            dx = near[k, 0] - x
            dy = near[k, 1] - y
            dz = near[k, 2] - z
            s = near[k, 3] * inverse_cube(dx, dy, dz)
            fx += s * dx
            fy += s * dy
            fz += s * dz
        cuda.syncthreads()
    if i < n:
        force[i, 0] = fx
        force[i, 1] = fy
        force[i, 2] = fz


def n_body(position, mass):
    force = np.zeros(position.shape, position.dtype)
    n_body_kernel[(position.shape[0] + THREADS - 1) // THREADS, THREADS](position, mass, force)
    return np.sum(force * force)


@cuda.jit
def softmax_kernel(x, out):
    part = cuda.shared.array(THREADS, float64)
    row = cuda.blockIdx.x
    t = cuda.threadIdx.x
    top = -1e300
    for j in range(t, x.shape[1], THREADS):
        top = max(top, x[row, j])
    part[t] = top
    cuda.syncthreads()
    half = THREADS // 2
    while half > 0:
        if t < half:
            part[t] = max(part[t], part[t + half])
        cuda.syncthreads()
        half //= 2
    largest = part[0]
    cuda.syncthreads()
    total = 0.0
    for j in range(t, x.shape[1], THREADS):
        total += math.exp(x[row, j] - largest)
    part[t] = total
    cuda.syncthreads()
    half = THREADS // 2
    while half > 0:
        if t < half:
            part[t] += part[t + half]
        cuda.syncthreads()
        half //= 2
    for j in range(t, x.shape[1], THREADS):
        out[row, j] = math.exp(x[row, j] - largest) / part[0]


def softmax(x, weight):
    out = np.zeros(x.shape, x.dtype)
    softmax_kernel[x.shape[0], THREADS](x, out)
    return np.sum(out * weight)


@cuda.jit
def polynomial_kernel(x, out):
    i = cuda.grid(1)
    powers = cuda.local.array(4, float64)
    if i < x.shape[0]:
        powers[0] = 1.0
        for k in range(1, 4):
            powers[k] = powers[k - 1] * x[i]
        s = 0.0
        for k in range(4):
            s += powers[k] * (k + 1.0)
        out[i] = s


def polynomial(x):
    out = np.zeros(x.shape[0], x.dtype)
    polynomial_kernel[(x.shape[0] + THREADS - 1) // THREADS, THREADS](x, out)
    return np.sum(out * out)


@cuda.jit
def spread_kernel(x, out):
    i = cuda.grid(1)
    own = cuda.local.array(2, float64)
    shared = cuda.shared.array(0, float64)
    t = cuda.threadIdx.x
    own[0] = 0.0
    own[1] = 1.0
    if i < x.shape[0]:
        own[0] = x[i]
        own[1] = x[i] * 2.0
    shared[t] = own[0] * own[1]
    cuda.syncthreads()
    if i < x.shape[0]:
        out[i] = own[1] + shared[cuda.blockDim.x - 1 - t]


def spread(x):
    out = np.zeros(x.shape[0], x.dtype)
    spread_kernel[(x.shape[0] + THREADS - 1) // THREADS, THREADS, 0, 8 * THREADS](x, out)
    return np.sum(out * out)


@cuda.jit
def volume_kernel(u, out):
    i, j, k = cuda.grid(3)
    if i < u.shape[0] and j < u.shape[1] and k < u.shape[2]:
        out[i, j, k] = u[i, j, k] * (i + 2.0 * j + 3.0 * k)


def volume(u):
    out = np.zeros(u.shape, u.dtype)
    blocks = ((u.shape[0] + 1) // 2, (u.shape[1] + 1) // 2, (u.shape[2] + 1) // 2)
    volume_kernel[blocks, (2, 2, 2)](u, out)
    return np.sum(out * out)


@dataclass(frozen=True)
class KernelCase:
    """A function that launches kernels, by what it is differentiated, and its arguments for a number of items."""

    name: str
    function: Callable[..., Any]
    wrt: tuple[int, ...]
    arguments: Callable[[np.random.Generator, int], tuple[Any, ...]]


def cases() -> list[Case]:
    """The kernels as cases, which `lowered` and `gpu_check` run beside `programs.CASES`."""
    return [Case(f"{each.name}_kernel", each.function, each.wrt, each.arguments) for each in KERNELS]


KERNELS = [
    KernelCase("saxpy", saxpy, (0, 1, 2), lambda r, n: (1.3, r.normal(size=n), r.normal(size=n))),
    KernelCase("by_hand", by_hand, (0,), lambda r, n: (r.normal(size=n),)),
    KernelCase("strided", strided, (0, 1), lambda r, n: (r.normal(size=n), r.normal(size=n))),
    KernelCase("strided_sum", strided_sum, (0,), lambda r, n: (r.normal(size=n),)),
    KernelCase("stencil", stencil, (0, 1), lambda r, n: (r.normal(size=(n // 4 + 3, 6)), 0.1, 3)),
    KernelCase("product", product, (0, 1), lambda r, n: (r.normal(size=(n // 2 + 3, 11)), r.normal(size=(11, 10)))),
    KernelCase("block_sum", block_sum, (0,), lambda r, n: (0.3 * r.normal(size=n),)),
    KernelCase("histogram", histogram, (0, 2), lambda r, n: (r.normal(size=n), r.integers(0, 7, n), r.normal(size=7))),
    KernelCase("shared_histogram", shared_histogram, (0, 2),
               lambda r, n: (r.normal(size=n), r.integers(0, 7, n), r.normal(size=7))),
    KernelCase("n_body", n_body, (0, 1), lambda r, n: (r.normal(size=(n // 2 + 1, 3)), r.uniform(1, 2, n // 2 + 1))),
    KernelCase("softmax", softmax, (0, 1), lambda r, n: (r.normal(size=(3, n)), r.normal(size=(3, n)))),
    KernelCase("polynomial", polynomial, (0,), lambda r, n: (r.normal(size=n),)),
    KernelCase("spread", spread, (0,), lambda r, n: (r.normal(size=n),)),
    KernelCase("volume", volume, (0,), lambda r, n: (r.normal(size=(n // 4 + 1, 3, 2)),)),
]
