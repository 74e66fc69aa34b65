"""Five of `programs` as NVIDIA's Warp has them, to PTX, with their adjoints: `python warp_kernels.py FOLDER 90`.

It imports nothing of the workbench: Warp may live in an environment of its own. Loops of known length are unrolled, as
Warp's adjoints want them where a turn overwrites what it has read.
"""
from __future__ import annotations

import sys

import warp as wp

wp.set_module_options({"max_unroll": 64})
Numbers = wp.array(dtype=wp.float32)
Grid = wp.array2d(dtype=wp.float32)


@wp.kernel
def taylor_sine(x: Numbers, out: Numbers):
    i = wp.tid()
    t = x[i]
    total = float(0.0)
    term = float(t)
    for k in range(1, 20):
        total = total + term
        term = -term * t * t / float((2 * k) * (2 * k + 1))
    out[i] = total


@wp.kernel
def lotka_volterra(x0: Numbers, y0: Numbers, a: Numbers, b: Numbers, out: Numbers):
    i = wp.tid()
    x = float(x0[i])
    y = float(y0[i])
    for _k in range(40):
        dx = a[i] * x - x * y
        dy = x * y - b[i] * y
        x = x + 0.02 * dx
        y = y + 0.02 * dy
    out[i] = x * y


@wp.kernel
def black_scholes(spot: Numbers, strike: Numbers, maturity: Numbers, rate: Numbers, volatility: Numbers, out: Numbers):
    i = wp.tid()
    s, k, t, r, v = spot[i], strike[i], maturity[i], rate[i], volatility[i]
    root = v * wp.sqrt(t)
    d1 = (wp.log(s / k) + (r + 0.5 * v * v) * t) / root
    d2 = d1 - root
    first = 0.5 * wp.erfc(-d1 / 1.4142135623730951)
    second = 0.5 * wp.erfc(-d2 / 1.4142135623730951)
    out[i] = s * first - k * wp.exp(-r * t) * second


@wp.kernel
def n_body(position: Grid, mass: Numbers, energy: Numbers):
    i = wp.tid()
    total = float(0.0)
    for j in range(mass.shape[0]):
        if i != j:
            dx = position[i, 0] - position[j, 0]
            dy = position[i, 1] - position[j, 1]
            dz = position[i, 2] - position[j, 2]
            total -= mass[i] * mass[j] / wp.sqrt(dx * dx + dy * dy + dz * dz + 0.01)
    wp.atomic_add(energy, 0, total)


@wp.kernel
def stencil_step(u: Grid, kappa: Numbers, v: Grid):
    i, j = wp.tid()
    if i > 0 and j > 0 and i < u.shape[0] - 1 and j < u.shape[1] - 1:
        v[i, j] = u[i, j] + kappa[0] * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
    else:
        v[i, j] = u[i, j]


@wp.kernel
def stencil_sum(u: Grid, total: Numbers):
    i, j = wp.tid()
    wp.atomic_add(total, 0, u[i, j] * u[i, j])


if __name__ == "__main__":
    wp.compile_aot_module(sys.modules[__name__], module_dir=sys.argv[1], arch=int(sys.argv[2]), use_ptx=True)
    print(wp.config.version, wp.is_cuda_available())
