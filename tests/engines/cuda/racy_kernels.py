"""Kernels in which threads meet, or that not all threads of a block go through alike: each is refused at the line that
is marked `# here`."""
from __future__ import annotations

import numpy as np
from numba import cuda, float64

THREADS = 8


@cuda.jit
def plain_scatter(x, bins, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[bins[i]] += x[i]  # here


@cuda.jit
def scattered_store(x, bins, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[bins[i]] = x[i]  # here


@cuda.jit
def plain_total(x, bins, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[0] += x[i]  # here


@cuda.jit
def neighbours(x, bins, out):
    i = cuda.grid(1)
    if 0 < i < x.shape[0]:
        out[i] = out[i - 1] + x[i]  # here


@cuda.jit
def all_write(x, bins, out):
    out[1] = x[0]  # here


@cuda.jit
def overlapping(x, bins, out):
    i = cuda.grid(1)
    if i + 1 < x.shape[0]:
        out[i] = x[i]  # here
        out[i + 1] = x[i]


@cuda.jit
def each_block_writes(x, bins, out):
    t = cuda.threadIdx.x
    if t < x.shape[0]:
        out[t] = x[t]  # here


@cuda.jit
def half_of_the_index(x, bins, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i // 2] = x[i]  # here


@cuda.jit
def mixed_atomic(x, bins, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        cuda.atomic.add(out, 0, x[i])  # here
        if i == 3:
            out[0] = 1.0


@cuda.jit
def read_of_atomic(x, bins, out):
    i = cuda.grid(1)
    if 0 < i < x.shape[0]:
        cuda.atomic.add(out, 0, x[i])  # here
        out[i] = out[0]


@cuda.jit
def missing_barrier(x, bins, out):
    part = cuda.shared.array(THREADS, float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    if i < x.shape[0]:
        part[t] = x[i]  # here
        out[i] = part[THREADS - 1 - t]


@cuda.jit
def barrier_after_the_read_is_missing(x, bins, out):
    part = cuda.shared.array(THREADS, float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    s = 0.0
    for k in range(3):
        part[t] = x[k] * (t + 1.0)  # here
        cuda.syncthreads()
        s += part[THREADS - 1 - t]
    if i < out.shape[0]:
        out[i] = s


@cuda.jit
def tree_without_barrier(x, bins, out):
    part = cuda.shared.array(THREADS, float64)
    t = cuda.threadIdx.x
    part[t] = x[t]
    cuda.syncthreads()
    half = THREADS // 2
    while half > 0:
        if t < half:
            part[t] += part[t + half]  # here
        half //= 2
    if t == 0:
        cuda.atomic.add(out, 0, part[0])


@cuda.jit
def tree_too_wide(x, bins, out):
    part = cuda.shared.array(THREADS, float64)
    t = cuda.threadIdx.x
    part[t] = x[t]
    cuda.syncthreads()
    half = THREADS // 2
    while half > 0:
        if t + half < THREADS:
            part[t] += part[t + half]  # here
        cuda.syncthreads()
        half //= 2
    if t == 0:
        cuda.atomic.add(out, 0, part[0])


@cuda.jit
def shared_by_blocks(x, bins, out):
    part = cuda.shared.array(THREADS, float64)
    t = cuda.threadIdx.x
    part[t] = x[t]
    cuda.syncthreads()
    out[t] = part[t]  # here


@cuda.jit
def divergent_barrier(x, bins, out):
    part = cuda.shared.array(THREADS, float64)
    t = cuda.threadIdx.x
    part[t] = x[t]
    if t < 4:
        cuda.syncthreads()  # here
    cuda.atomic.add(out, 0, part[0])


@cuda.jit
def barrier_behind_a_return(x, bins, out):
    part = cuda.shared.array(THREADS, float64)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    if i >= x.shape[0]:
        return
    part[t] = x[i]
    cuda.syncthreads()  # here
    out[i] = part[t]


@cuda.jit
def barrier_in_a_loop_of_the_thread(x, bins, out):
    part = cuda.shared.array(THREADS, float64)
    t = cuda.threadIdx.x
    part[t] = 0.0
    for i in range(t, x.shape[0], THREADS):
        part[t] += x[i]
        cuda.syncthreads()  # here
    out[cuda.grid(1)] = part[t]


@cuda.jit
def barrier_of_loaded_bound(x, bins, out):
    part = cuda.shared.array(THREADS, float64)
    t = cuda.threadIdx.x
    part[t] = 0.0
    for _ in range(bins[0]):
        part[t] += 1.0
        cuda.syncthreads()  # here
    out[cuda.grid(1)] = part[t]


@cuda.jit
def barrier_in_a_loop_that_some_leave(x, bins, out):
    part = cuda.shared.array(THREADS, float64)
    t = cuda.threadIdx.x
    part[t] = 0.0
    for k in range(5):
        if part[t] > 2.0:
            break
        part[t] += x[k]
        cuda.syncthreads()  # here
    out[cuda.grid(1)] = part[t]


@cuda.jit(device=True)
def waits():
    cuda.syncthreads()  # here


@cuda.jit
def barrier_in_a_function(x, bins, out):
    waits()
    out[cuda.grid(1)] = 1.0


@cuda.jit
def result_of_an_atomic(x, bins, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        old = cuda.atomic.add(out, 0, x[i])
        out[i + 1] = old * 2.0  # here


@cuda.jit
def two_atomics(x, bins, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        cuda.atomic.max(out, 0, x[i])
        cuda.atomic.add(out, 0, x[i])  # here


@cuda.jit
def warp_shuffle(x, bins, out):
    i = cuda.grid(1)
    out[i] = cuda.shfl_down_sync(0xffffffff, x[i], 1)  # here


RACY = [plain_scatter, scattered_store, plain_total, neighbours, all_write, overlapping, each_block_writes,
        half_of_the_index, mixed_atomic, read_of_atomic, missing_barrier, barrier_after_the_read_is_missing,
        tree_without_barrier, tree_too_wide, shared_by_blocks, divergent_barrier, barrier_behind_a_return,
        barrier_in_a_loop_of_the_thread, barrier_of_loaded_bound, barrier_in_a_loop_that_some_leave,
        barrier_in_a_function, result_of_an_atomic, two_atomics, warp_shuffle]


def launched(kernel):
    """A function that launches a kernel in several blocks."""
    def loss(x, bins):
        out = np.zeros(32)
        kernel[4, THREADS](x, bins, out)
        return np.sum(out * out)
    return loss
