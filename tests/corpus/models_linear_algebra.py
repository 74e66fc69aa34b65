"""Linear algebra written as loops: elimination, Cholesky, triangular and tridiagonal solves, iterations, geometry."""
from __future__ import annotations

import math

import numpy as np

from tests.corpus.program import Program, program


def determinant_by_elimination(m):
    a = m.copy()
    n = a.shape[0]
    det = 1.0
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[pivot, k]):
                pivot = i
        if pivot != k:
            for j in range(n):
                a[k, j], a[pivot, j] = a[pivot, j], a[k, j]
            det = -det
        det *= a[k, k]
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            for j in range(k, n):
                a[i, j] -= factor * a[k, j]
    return det


def determinant_by_cofactors(m):
    return (m[0, 0] * (m[1, 1] * m[2, 2] - m[1, 2] * m[2, 1]) - m[0, 1] * (m[1, 0] * m[2, 2] - m[1, 2] * m[2, 0])
            + m[0, 2] * (m[1, 0] * m[2, 1] - m[1, 1] * m[2, 0]))


def elimination_with_row_slices(m, b):
    n = len(b)
    for k in range(n):
        for i in range(k + 1, n):
            factor = m[i, k] / m[k, k]
            m[i, k:] -= factor * m[k, k:]
            b[i] -= factor * b[k]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - np.dot(m[i, i + 1:], x[i + 1:])) / m[i, i]
    return np.sum(x * x)


def cholesky_logdet(m):
    n = m.shape[0]
    a = m @ m.T + np.eye(n)
    low = np.zeros((n, n))
    logdet = 0.0
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j]
            for k in range(j):
                s -= low[i, k] * low[j, k]
            if i == j:
                low[i, i] = math.sqrt(s)
                logdet += 2.0 * math.log(low[i, i])
            else:
                low[i, j] = s / low[j, j]
    return logdet


def cholesky_in_place(a):
    n = a.shape[0]
    for j in range(n):
        for k in range(j):
            for i in range(j, n):
                a[i, j] -= a[i, k] * a[j, k]
        root = math.sqrt(a[j, j])
        for i in range(j, n):
            a[i, j] /= root
    total = 0.0
    for i in range(n):
        for j in range(i + 1):
            total += a[i, j] * (i + 2 * j + 1)
    return total


def triangular_solve(low, b):
    x = b.copy()
    for i in range(len(b)):
        for j in range(i):
            x[i] -= low[i, j] * x[j]
        x[i] /= low[i, i]
    return np.dot(x, x)


def thomas_algorithm(lower, diagonal, upper, rhs):
    n = len(diagonal)
    c = np.zeros(n)
    d = np.zeros(n)
    c[0] = upper[0] / diagonal[0]
    d[0] = rhs[0] / diagonal[0]
    for i in range(1, n):
        w = diagonal[i] - lower[i] * c[i - 1]
        c[i] = upper[i] / w
        d[i] = (rhs[i] - lower[i] * d[i - 1]) / w
    for i in range(n - 2, -1, -1):
        d[i] -= c[i] * d[i + 1]
    return np.sum(d * d)


def power_iteration(m, steps):
    s = m @ m.T
    v = np.ones(m.shape[0])
    for _ in range(steps):
        v = s @ v
        v = v / np.sqrt(np.sum(v * v))
    return v @ s @ v


def jacobi_iteration(b, coupling, steps):
    x = np.zeros(len(b))
    for _ in range(steps):
        new = np.empty(len(b))
        for i in range(len(b)):
            total = b[i]
            for j in range(len(b)):
                if j != i:
                    total -= coupling * x[j]
            new[i] = total / 4.0
        x = new
    return np.sum(x * b)


def conjugate_gradient(m, b):
    a = m @ m.T + 2.0 * np.eye(len(b))
    x = np.zeros(len(b))
    r = b.copy()
    p = r.copy()
    rr = r @ r
    for _ in range(2):
        ap = a @ p
        alpha = rr / (p @ ap)
        x += alpha * p
        r -= alpha * ap
        new = r @ r
        p = r + new / rr * p
        rr = new
    return np.sum(x * x * x)


def gram_schmidt(m):
    n, k = m.shape
    q = m.copy()
    total = 0.0
    for j in range(k):
        for i in range(j):
            overlap = 0.0
            for row in range(n):
                overlap += q[row, i] * q[row, j]
            for row in range(n):
                q[row, j] -= overlap * q[row, i]
        length = math.sqrt(np.sum(q[:, j] * q[:, j]))
        q[:, j] /= length
        total += length * (j + 1)
    return total + q[0, k - 1]


def householder_reflection(v, m):
    w = v.copy()
    w[0] += math.copysign(1.0, v[0]) * math.sqrt(np.dot(v, v))
    scale = 2.0 / np.dot(w, w)
    for j in range(m.shape[1]):
        m[:, j] -= scale * np.dot(w, m[:, j]) * w
    return np.sum(m * m * m)


def matrix_power(m, n):
    p = np.eye(m.shape[0])
    base = m
    while n > 0:
        if n % 2 == 1:
            p = p @ base
        base = base @ base
        n //= 2
    return np.sum(p)


def matrix_exponential_series(m):
    total = np.eye(m.shape[0])
    term = np.eye(m.shape[0])
    for k in range(1, 8):
        term = term @ m / k
        total = total + term
    return np.trace(total)


def polygon_area(points):
    area = 0.0
    n = len(points)
    for i in range(n):
        j = (i + 1) % n
        area += points[i, 0] * points[j, 1] - points[j, 0] * points[i, 1]
    return 0.5 * abs(area)


def rotation_chain(angles):
    r = np.eye(2)
    for t in angles:
        c, s = math.cos(t), math.sin(t)
        r = r @ np.array([[c, -s], [s, 2.0 * c]])
    return r[0, 0] * r[1, 1] + r[0, 1]


def rodrigues_rotation(axis, v):
    theta = math.sqrt(np.sum(axis * axis))
    k = axis / theta
    cross = np.array([k[1] * v[2] - k[2] * v[1], k[2] * v[0] - k[0] * v[2], k[0] * v[1] - k[1] * v[0]])
    r = v * math.cos(theta) + cross * math.sin(theta) + k * np.dot(k, v) * (1.0 - math.cos(theta))
    return r[0] * r[1] + r[2]


def bezier_de_casteljau(points, t):
    p = points.copy()
    for level in range(len(points) - 1, 0, -1):
        for i in range(level):
            p[i] = (1.0 - t) * p[i] + t * p[i + 1]
    return p[0, 0] * p[0, 1]


def sparse_matvec(data, columns, starts, x):
    total = 0.0
    for i in range(len(starts) - 1):
        row = 0.0
        for k in range(starts[i], starts[i + 1]):
            row += data[k] * x[columns[k]]
        total += row * row
    return total


def graph_laplacian_energy(values, edges, weights):
    energy = 0.0
    degree = np.zeros(len(values))
    for k in range(len(edges)):
        i, j = edges[k]
        energy += weights[k] * (values[i] - values[j]) ** 2
        degree[i] += weights[k]
        degree[j] += weights[k]
    return energy + np.sum(degree * degree * values)


def _m(n, k):
    return lambda rng: (rng.normal(size=(n, k)),)


def _dominant(rng, n):
    return rng.normal(size=(n, n)) + 4.0 * np.eye(n)


def _spd(rng):
    m = rng.normal(size=(3, 3))
    return (m @ m.T + np.eye(3),)


PROGRAMS: list[Program] = [
    program(determinant_by_elimination, _m(4, 4), 0, "realistic", small=(_m(1, 1), _m(2, 2))),
    program(determinant_by_cofactors, _m(3, 3), 0, "realistic"),
    program(elimination_with_row_slices, lambda r: (_dominant(r, 3), r.normal(size=3)), (0, 1), "realistic",
            small=(lambda r: (_dominant(r, 1), r.normal(size=1)),)),
    program(cholesky_logdet, _m(3, 3), 0, "realistic", small=(_m(1, 1),)),
    program(cholesky_in_place, _spd, 0, "realistic"),
    program(triangular_solve, lambda r: (_dominant(r, 4), r.normal(size=4)), (0, 1), "realistic",
            small=(lambda r: (_dominant(r, 1), r.normal(size=1)),)),
    program(thomas_algorithm, lambda r: (r.normal(size=4), r.uniform(4, 6, size=4), r.normal(size=4),
                                         r.normal(size=4)), (0, 1, 2, 3), "realistic",
            small=(lambda r: (r.normal(size=1), r.uniform(4, 6, size=1), r.normal(size=1), r.normal(size=1)),)),
    program(power_iteration, lambda r: (r.normal(size=(3, 3)), 6), 0, "realistic"),
    program(jacobi_iteration, lambda r: (r.normal(size=3), 0.5, 4), (0, 1), "realistic"),
    program(conjugate_gradient, lambda r: (r.normal(size=(3, 3)), r.normal(size=3)), (0, 1), "realistic"),
    program(gram_schmidt, _m(4, 3), 0, "realistic", small=(_m(1, 1),)),
    program(householder_reflection, lambda r: (r.normal(size=3), r.normal(size=(3, 2))), (0, 1), "realistic",
            oracle="difference"),
    program(matrix_power, lambda r: (0.5 * r.normal(size=(2, 2)), 5), 0, "realistic",
            small=(lambda r: (r.normal(size=(2, 2)), 0),)),
    program(matrix_exponential_series, _m(3, 3), 0, "realistic"),
    program(polygon_area, _m(5, 2), 0, "realistic"),
    program(rotation_chain, lambda r: (r.normal(size=4),), 0, "realistic", small=(lambda r: (r.normal(size=0),),)),
    program(rodrigues_rotation, lambda r: (r.normal(size=3), r.normal(size=3)), (0, 1), "realistic"),
    program(bezier_de_casteljau, lambda r: (r.normal(size=(4, 2)), float(r.uniform())), (0, 1), "realistic",
            small=(lambda r: (r.normal(size=(1, 2)), 0.5),)),
    program(sparse_matvec, lambda r: (r.normal(size=5), np.array([0, 2, 1, 1, 2]), np.array([0, 2, 2, 5]),
                                      r.normal(size=3)), (0, 3), "realistic"),
    program(graph_laplacian_energy, lambda r: (r.normal(size=4), np.array([[0, 1], [1, 2], [2, 3], [0, 3]]),
                                               r.uniform(0.5, 2, size=4)), (0, 2), "realistic"),
]
