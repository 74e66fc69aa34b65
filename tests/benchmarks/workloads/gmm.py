"""Log-likelihood of a Gaussian mixture with a Wishart prior, as loops and as array expressions, and its adjoint.

The precision's factor of component k is lower triangular: exp(q[k]) on its diagonal, below it l[k], column by column.
Source: formula of the GMM problem of ADBench and GradBench; the adjoint is derived from it.
"""
from __future__ import annotations

import math

import numpy as np

from tests.benchmarks.workload import Workload


def gmm_constant(d, components, n, gamma, m):
    """What does not depend on the parameters."""
    freedom = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi)
    for j in range(d):
        log_gamma += math.lgamma(0.5 * (freedom - j))
    return (-0.5 * n * d * math.log(2.0 * math.pi)
            + components * (freedom * d * math.log(gamma / math.sqrt(2.0)) - log_gamma))


def gmm(alpha, mu, q, l, x, gamma, m):
    n, d = x.shape
    components = len(alpha)
    scale = np.exp(q)
    sum_q = np.zeros(components)
    for k in range(components):
        for j in range(d):
            sum_q[k] += q[k, j]
    centred = np.empty(d)
    y = np.empty(d)
    terms = np.empty(components)
    total = gmm_constant(d, components, n, gamma, m)
    for i in range(n):
        for k in range(components):
            for j in range(d):
                centred[j] = x[i, j] - mu[k, j]
                y[j] = scale[k, j] * centred[j]
            p = 0
            for column in range(d):
                for row in range(column + 1, d):
                    y[row] += l[k, p] * centred[column]
                    p += 1
            square = 0.0
            for j in range(d):
                square += y[j] * y[j]
            terms[k] = alpha[k] + sum_q[k] - 0.5 * square
        largest = terms[0]
        for k in range(1, components):
            largest = max(largest, terms[k])
        total_exp = 0.0
        for k in range(components):
            total_exp += math.exp(terms[k] - largest)
        total += largest + math.log(total_exp)
    largest = alpha[0]
    for k in range(1, components):
        largest = max(largest, alpha[k])
    total_exp = 0.0
    for k in range(components):
        total_exp += math.exp(alpha[k] - largest)
    total -= n * (largest + math.log(total_exp))
    for k in range(components):
        square = 0.0
        for j in range(d):
            square += scale[k, j] * scale[k, j]
        for p in range(l.shape[1]):
            square += l[k, p] * l[k, p]
        total += m * sum_q[k] - 0.5 * gamma * gamma * square
    return total


def gmm_arrays(alpha, mu, q, l, x, gamma, m):
    n, d = x.shape
    components = len(alpha)
    factors = np.zeros((components, d, d))
    p = 0
    for column in range(d):
        factors[:, column, column] = np.exp(q[:, column])
        below = d - column - 1
        factors[:, column + 1:, column] = l[:, p:p + below]
        p += below
    centred = x[:, None, :] - mu
    y = np.einsum("kab,nkb->nka", factors, centred)
    terms = alpha + np.sum(q, axis=1) - 0.5 * np.sum(y * y, axis=2)
    largest = np.max(terms, axis=1)
    likelihood = np.sum(largest + np.log(np.sum(np.exp(terms - largest[:, None]), axis=1)))
    largest_alpha = np.max(alpha)
    normaliser = largest_alpha + np.log(np.sum(np.exp(alpha - largest_alpha)))
    prior = m * np.sum(q) - 0.5 * gamma ** 2 * (np.sum(np.exp(2.0 * q)) + np.sum(l * l))
    return gmm_constant(d, components, n, gamma, m) + likelihood - n * normaliser + prior


def gmm_by_hand(alpha, mu, q, l, x, gamma, m):
    """Each point's sum is known to have cotangent 1, so a point's reverse sweep follows its forward sweep at once."""
    n, d = x.shape
    components = len(alpha)
    scale = np.exp(q)
    alpha_bar, mu_bar = np.zeros(components), np.zeros((components, d))
    q_bar, l_bar = np.zeros((components, d)), np.zeros(l.shape)
    sum_q = np.zeros(components)
    for k in range(components):
        for j in range(d):
            sum_q[k] += q[k, j]
    centred, y = np.empty((components, d)), np.empty((components, d))
    terms = np.empty(components)
    freedom = d + m + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi)
    for j in range(d):
        log_gamma += math.lgamma(0.5 * (freedom - j))
    total = (-0.5 * n * d * math.log(2.0 * math.pi)
             + components * (freedom * d * math.log(gamma / math.sqrt(2.0)) - log_gamma))
    for i in range(n):
        for k in range(components):
            for j in range(d):
                centred[k, j] = x[i, j] - mu[k, j]
                y[k, j] = scale[k, j] * centred[k, j]
            p = 0
            for column in range(d):
                here = centred[k, column]
                for row in range(column + 1, d):
                    y[k, row] += l[k, p] * here
                    p += 1
            square = 0.0
            for j in range(d):
                square += y[k, j] * y[k, j]
            terms[k] = alpha[k] + sum_q[k] - 0.5 * square
        largest = terms[0]
        for k in range(1, components):
            largest = max(largest, terms[k])
        total_exp = 0.0
        for k in range(components):
            terms[k] = math.exp(terms[k] - largest)
            total_exp += terms[k]
        total += largest + math.log(total_exp)
        inverse = 1.0 / total_exp
        for k in range(components):
            weight = terms[k] * inverse
            alpha_bar[k] += weight
            p = 0
            for column in range(d):
                here = weight * centred[k, column]
                back = scale[k, column] * y[k, column]
                for row in range(column + 1, d):
                    back += l[k, p] * y[k, row]
                    l_bar[k, p] -= here * y[k, row]
                    p += 1
                mu_bar[k, column] += weight * back
                q_bar[k, column] -= here * y[k, column] * scale[k, column]
    largest = alpha[0]
    for k in range(1, components):
        largest = max(largest, alpha[k])
    total_exp = 0.0
    for k in range(components):
        total_exp += math.exp(alpha[k] - largest)
    normaliser = largest + math.log(total_exp)
    total -= n * normaliser
    precision = gamma * gamma
    for k in range(components):
        square = 0.0
        for j in range(d):
            diagonal = scale[k, j] * scale[k, j]
            square += diagonal
            q_bar[k, j] += alpha_bar[k] + m - precision * diagonal
        for p in range(l.shape[1]):
            square += l[k, p] * l[k, p]
            l_bar[k, p] -= precision * l[k, p]
        total += m * sum_q[k] - 0.5 * precision * square
    for k in range(components):
        alpha_bar[k] -= n * math.exp(alpha[k] - normaliser)
    return total, (alpha_bar, mu_bar, q_bar, l_bar)


def arguments(d, components, n, gamma=1.0, m=0):
    """The suites' random inputs."""
    rng = np.random.default_rng(31337)
    x, alpha, mu = rng.normal(size=(n, d)), rng.normal(size=components), rng.uniform(size=(components, d))
    q, l = rng.normal(size=(components, d)), rng.normal(size=(components, d * (d - 1) // 2))
    return alpha, mu, q, l, x, gamma, m


TINY = {"d": 3, "components": 4, "n": 5, "gamma": 1.3, "m": 2}
MEDIUM = {"d": 10, "components": 25, "n": 1000}
LARGE = {"d": 64, "components": 100, "n": 1000}
WRT = (0, 1, 2, 3)

WORKLOADS = (
    Workload("gmm", "Gaussian mixture d=10 K=25 n=1000, loops", gmm, arguments, MEDIUM, TINY, WRT, gmm_by_hand),
    Workload("gmm_arrays", "Gaussian mixture d=10 K=25 n=1000, array expressions", gmm_arrays, arguments, MEDIUM, TINY,
             WRT, gmm_by_hand, primal=gmm),
    Workload("gmm_large", "Gaussian mixture d=64 K=100 n=1000, loops", gmm, arguments, LARGE, TINY, WRT, gmm_by_hand),
    Workload("gmm_large_arrays", "Gaussian mixture d=64 K=100 n=1000, array expressions", gmm_arrays, arguments, LARGE,
             TINY, WRT, gmm_by_hand, primal=gmm),
)
