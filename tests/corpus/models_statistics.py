"""Realistic models of data: likelihoods, filters, regressions, networks, clustering, option pricing."""
from __future__ import annotations

import math

import numpy as np

from tests.corpus.program import Program, program


def normal_cdf(x):
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def black_scholes_call(spot, strike, maturity, rate, volatility):
    root = volatility * math.sqrt(maturity)
    d1 = (math.log(spot / strike) + (rate + 0.5 * volatility ** 2) * maturity) / root
    d2 = d1 - root
    return spot * normal_cdf(d1) - strike * math.exp(-rate * maturity) * normal_cdf(d2)


def binomial_american_put(spot, strike, rate, volatility, steps):
    dt = 1.0 / steps
    up = math.exp(volatility * math.sqrt(dt))
    p = (math.exp(rate * dt) - 1.0 / up) / (up - 1.0 / up)
    values = np.zeros(steps + 1)
    for i in range(steps + 1):
        values[i] = max(strike - spot * up ** (2 * i - steps), 0.0)
    for n in range(steps - 1, -1, -1):
        for i in range(n + 1):
            held = math.exp(-rate * dt) * (p * values[i + 1] + (1.0 - p) * values[i])
            values[i] = max(held, strike - spot * up ** (2 * i - n))
    return values[0]


def logistic_regression(w, b, features, labels):
    z = features @ w + b
    return np.mean(np.log1p(np.exp(-labels * z))) + 0.01 * np.dot(w, w)


def logistic_regression_loops(w, features, labels):
    total = 0.0
    for i in range(features.shape[0]):
        z = 0.0
        for j in range(features.shape[1]):
            z += w[j] * features[i, j]
        if labels[i] > 0:
            total += math.log(1.0 + math.exp(-z))
        else:
            total += math.log(1.0 + math.exp(z))
    return total


def mlp_loss(params, x, y):
    h = x
    for w, b in params[:-1]:
        h = np.tanh(h @ w + b)
    w, b = params[-1]
    return np.mean((h @ w + b - y) ** 2)


def softmax_cross_entropy(logits, label):
    shifted = logits - np.max(logits)
    return np.log(np.sum(np.exp(shifted))) - shifted[label]


def softmax_by_loops(a):
    top = a[0]
    for v in a[1:]:
        top = max(top, v)
    e = np.zeros(len(a))
    total = 0.0
    for i in range(len(a)):
        e[i] = math.exp(a[i] - top)
        total += e[i]
    entropy = 0.0
    for i in range(len(a)):
        p = e[i] / total
        entropy -= p * math.log(p)
    return entropy


def log_sum_exp(a):
    m = np.max(a)
    return m + np.log(np.sum(np.exp(a - m)))


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm_cell(weights, x, h, c):
    z = np.concatenate((x, h))
    forget = sigmoid(weights["f"] @ z)
    update = sigmoid(weights["i"] @ z)
    output = sigmoid(weights["o"] @ z)
    c = forget * c + update * np.tanh(weights["g"] @ z)
    h = output * np.tanh(c)
    return np.sum(h * h) + np.sum(c)


def rnn_sequence(w, u, xs):
    h = np.zeros(w.shape[0])
    loss = 0.0
    for x in xs:
        h = np.tanh(w @ h + u * x)
        loss += np.sum(h) ** 2
    return loss


def kmeans_objective(points, centres):
    total = 0.0
    for i in range(points.shape[0]):
        best = 1e300
        for k in range(centres.shape[0]):
            d = 0.0
            for j in range(points.shape[1]):
                d += (points[i, j] - centres[k, j]) ** 2
            if d < best:
                best = d
        total += best
    return total


def kmeans_vectorised(points, centres):
    d = np.sum((points[:, None, :] - centres[None, :, :]) ** 2, axis=2)
    return np.sum(np.min(d, axis=1))


def gmm_log_likelihood(weights, means, scales, x):
    total = 0.0
    k_count = len(weights)
    terms = np.zeros(k_count)
    for i in range(x.shape[0]):
        for k in range(k_count):
            s = 0.0
            for j in range(x.shape[1]):
                s += ((x[i, j] - means[k, j]) * math.exp(scales[k, j])) ** 2
                terms[k] = 0.0
            q = 0.0
            for j in range(x.shape[1]):
                q += scales[k, j]
            terms[k] = weights[k] + q - 0.5 * s
        top = terms[0]
        for k in range(1, k_count):
            top = max(top, terms[k])
        total_k = 0.0
        for k in range(k_count):
            total_k += math.exp(terms[k] - top)
        total += math.log(total_k) + top
    return total


def hmm_forward(initial, transition, emission, observed):
    alpha = initial * emission[:, observed[0]]
    loglik = 0.0
    for t in range(1, len(observed)):
        scale = np.sum(alpha)
        loglik += np.log(scale)
        alpha = (alpha / scale) @ transition * emission[:, observed[t]]
    return loglik + np.log(np.sum(alpha))


def viterbi_score(log_initial, log_transition, observed_scores):
    score = log_initial.copy()
    for t in range(observed_scores.shape[0]):
        new = np.zeros(len(score))
        for j in range(len(score)):
            best = score[0] + log_transition[0, j]
            for i in range(1, len(score)):
                candidate = score[i] + log_transition[i, j]
                if candidate > best:
                    best = candidate
            new[j] = best + observed_scores[t, j]
        score = new
    return np.max(score)


def kalman_scalar(a, q, r, observations):
    x, p = 0.0, 1.0
    loglik = 0.0
    for y in observations:
        x = a * x
        p = a * a * p + q
        s = p + r
        innovation = y - x
        loglik -= 0.5 * (math.log(2.0 * math.pi * s) + innovation * innovation / s)
        gain = p / s
        x += gain * innovation
        p *= 1.0 - gain
    return loglik


def kalman_matrix(f, q, r, observations):
    x = np.zeros(2)
    p = np.eye(2)
    total = 0.0
    for t in range(len(observations)):
        x = f @ x
        p = f @ p @ f.T + q * np.eye(2)
        s = p[0, 0] + r
        e = observations[t] - x[0]
        total += np.log(s) + e * e / s
        gain = p[:, 0] / s
        x = x + gain * e
        p = p - np.outer(gain, p[0])
    return total


def garch_likelihood(omega, alpha, beta, returns):
    variance = omega / (1.0 - alpha - beta)
    total = 0.0
    for t in range(len(returns)):
        total += math.log(variance) + returns[t] ** 2 / variance
        variance = omega + alpha * returns[t] ** 2 + beta * variance
    return 0.5 * total


def exponential_smoothing(level, trend, a, b, series):
    sse = 0.0
    for y in series:
        forecast = level + trend
        sse += (y - forecast) ** 2
        new_level = a * y + (1.0 - a) * forecast
        trend = b * (new_level - level) + (1.0 - b) * trend
        level = new_level
    return sse


def poisson_regression(w, x, counts):
    eta = x @ w
    return np.sum(np.exp(eta) - counts * eta)


def gaussian_process_kernel(points, length, amplitude):
    n = len(points)
    k = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            d = points[i] - points[j]
            k[i, j] = amplitude * math.exp(-0.5 * d * d / (length * length))
            k[j, i] = k[i, j]
    return np.sum(k @ k)


def attention_head(q, k, v):
    scores = q @ k.T / math.sqrt(q.shape[1])
    weights = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    weights = weights / np.sum(weights, axis=1, keepdims=True)
    return np.sum((weights @ v) ** 2)


def layer_norm(x, gain, bias):
    centred = x - np.mean(x)
    return np.sum(np.tanh(gain * centred / np.sqrt(np.mean(centred * centred) + 1e-5) + bias))


def edit_alignment_cost(a, b, gap):
    n, m = len(a), len(b)
    cost = np.zeros((n + 1, m + 1))
    for i in range(1, n + 1):
        cost[i, 0] = i * gap
    for j in range(1, m + 1):
        cost[0, j] = j * gap
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            match = cost[i - 1, j - 1] + (a[i - 1] - b[j - 1]) ** 2
            cost[i, j] = min(match, cost[i - 1, j] + gap, cost[i, j - 1] + gap)
    return cost[n, m]


def _f(rng, low, high):
    return float(rng.uniform(low, high))


def _network(rng):
    return [(rng.normal(size=(2, 3)), rng.normal(size=3)), (rng.normal(size=(3, 2)), rng.normal(size=2)),
            (rng.normal(size=(2, 1)), rng.normal(size=1))]


def _lstm(rng):
    return {gate: 0.5 * rng.normal(size=(2, 5)) for gate in "fiog"}


def _chain(rng):
    transition = rng.uniform(0.1, 1, size=(3, 3))
    emission = rng.uniform(0.1, 1, size=(3, 2))
    return (rng.uniform(0.1, 1, size=3), transition / transition.sum(axis=1, keepdims=True),
            emission / emission.sum(axis=1, keepdims=True), np.array([0, 1, 1, 0]))


def _signs(rng, n):
    return np.where(rng.normal(size=n) > 0, 1.0, -1.0)


PROGRAMS: list[Program] = [
    program(black_scholes_call, lambda r: (_f(r, 80, 120), 100.0, _f(r, 0.3, 2), _f(r, 0, 0.1), _f(r, 0.1, 0.5)),
            (0, 1, 2, 3, 4), "realistic"),
    program(binomial_american_put, lambda r: (_f(r, 80, 120), 100.0, 0.05, _f(r, 0.2, 0.5), 6), (0, 1, 2, 3),
            "realistic"),
    program(logistic_regression, lambda r: (r.normal(size=3), _f(r, -1, 1), r.normal(size=(5, 3)), _signs(r, 5)),
            ("w", "b"), "realistic"),
    program(logistic_regression_loops, lambda r: (r.normal(size=3), r.normal(size=(5, 3)), _signs(r, 5)), "w",
            "realistic", small=(lambda r: (r.normal(size=1), r.normal(size=(1, 1)), _signs(r, 1)),)),
    program(mlp_loss, lambda r: (_network(r), r.normal(size=(4, 2)), r.normal(size=(4, 1))), (0, 1), "realistic",
            small=(lambda r: (_network(r), r.normal(size=(1, 2)), r.normal(size=(1, 1))),)),
    program(softmax_cross_entropy, lambda r: (r.normal(size=4), 2), 0, "realistic"),
    program(softmax_by_loops, lambda r: (r.normal(size=4),), 0, "realistic", small=(lambda r: (r.normal(size=2),),)),
    program(log_sum_exp, lambda r: (5.0 * r.normal(size=5),), 0, "realistic", small=(lambda r: (r.normal(size=1),),)),
    program(lstm_cell, lambda r: (_lstm(r), r.normal(size=3), r.normal(size=2), r.normal(size=2)), (0, 1, 2, 3),
            "realistic"),
    program(rnn_sequence, lambda r: (0.5 * r.normal(size=(3, 3)), r.normal(size=3), r.normal(size=4)), (0, 1, 2),
            "realistic"),
    program(kmeans_objective, lambda r: (r.normal(size=(5, 2)), r.normal(size=(3, 2))), (0, 1), "realistic"),
    program(kmeans_vectorised, lambda r: (r.normal(size=(5, 2)), r.normal(size=(3, 2))), (0, 1), "realistic"),
    program(gmm_log_likelihood, lambda r: (r.normal(size=2), r.normal(size=(2, 2)), 0.3 * r.normal(size=(2, 2)),
                                           r.normal(size=(4, 2))), (0, 1, 2), "realistic"),
    program(hmm_forward, _chain, (0, 1, 2), "realistic"),
    program(viterbi_score, lambda r: (r.normal(size=3), r.normal(size=(3, 3)), r.normal(size=(4, 3))), (0, 1, 2),
            "realistic"),
    program(kalman_scalar, lambda r: (_f(r, 0.7, 1), _f(r, 0.1, 1), _f(r, 0.1, 1), r.normal(size=6)), (0, 1, 2, 3),
            "realistic", small=(lambda r: (0.9, 0.2, 0.3, r.normal(size=0)),)),
    program(kalman_matrix, lambda r: (np.array([[1.0, 0.1], [0.0, 1.0]]) + 0.05 * r.normal(size=(2, 2)), 0.1, 0.4,
                                      r.normal(size=5)), (0, 1, 2), "realistic"),
    program(garch_likelihood, lambda r: (_f(r, 0.05, 0.2), 0.1, 0.8, r.normal(size=6)), (0, 1, 2), "realistic"),
    program(exponential_smoothing, lambda r: (1.0, 0.1, _f(r, 0.2, 0.8), _f(r, 0.1, 0.5), r.normal(size=6)),
            (0, 1, 2, 3), "realistic"),
    program(poisson_regression, lambda r: (0.5 * r.normal(size=2), r.normal(size=(5, 2)), np.array([0, 2, 1, 4, 1])),
            0, "realistic"),
    program(gaussian_process_kernel, lambda r: (r.normal(size=4), _f(r, 0.5, 2), _f(r, 0.5, 2)), (0, 1, 2),
            "realistic"),
    program(attention_head, lambda r: (r.normal(size=(3, 2)), r.normal(size=(4, 2)), r.normal(size=(4, 2))),
            (0, 1, 2), "realistic"),
    program(layer_norm, lambda r: (r.normal(size=4), r.normal(size=4), r.normal(size=4)), (0, 1, 2), "realistic"),
    program(edit_alignment_cost, lambda r: (r.normal(size=4), r.normal(size=5), _f(r, 0.2, 0.8)), (0, 1, 2),
            "realistic"),
]
