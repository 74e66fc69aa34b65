"""Every differentiable function of `colorsys` and `statistics`."""
from __future__ import annotations

import colorsys
import statistics

from tests.corpus.program import Program, program


def of_colour(function):
    """A function that takes three numbers and gives three, as one with a real result."""
    def weighed(a, b, c):
        x, y, z = function(a, b, c)
        return 1.5 * x + y * y - 0.5 * z
    weighed.__name__ = function.__name__
    return weighed


def mean(data):
    return statistics.mean(data)


def fmean(data):
    return statistics.fmean(data)


def weighted_mean(data, weights):
    return statistics.fmean(data, weights)


def geometric_mean(data):
    return statistics.geometric_mean(data)


def harmonic_mean(data):
    return statistics.harmonic_mean(data)


def weighted_harmonic_mean(data, weights):
    return statistics.harmonic_mean(data, weights)


def median(data):
    return statistics.median(data) + 2.0 * statistics.median(data[1:])


def median_low(data):
    return statistics.median_low(data) + 2.0 * statistics.median_high(data)


def median_grouped(data):
    return statistics.median_grouped(data) + statistics.mode(data)


def variance(data):
    return statistics.variance(data)


def variance_about(data, centre):
    return statistics.variance(data, centre) + statistics.pvariance(data, centre)


def pvariance(data):
    return statistics.pvariance(data)


def stdev(data):
    return statistics.stdev(data)


def pstdev(data):
    return statistics.pstdev(data)


def quantiles(data):
    low, middle, high = statistics.quantiles(data, n=4)
    return low + 2.0 * middle - high + statistics.quantiles(data, n=3, method="inclusive")[1]


def covariance(data, other):
    return statistics.covariance(data, other)


def correlation(data, other):
    return statistics.correlation(data, other)


def linear_regression(data, other):
    slope, intercept = statistics.linear_regression(data, other)
    return slope + 2.0 * intercept


def regression_through_zero(data, other):
    return statistics.linear_regression(data, other, proportional=True).slope


def normal_density(m, s, x):
    return statistics.NormalDist(m, s).pdf(x)


def normal_probability(m, s, x):
    return statistics.NormalDist(m, s).cdf(x)


def normal_quantile(m, s, p):
    return statistics.NormalDist(m, s).inv_cdf(p)


def normal_score(m, s, x):
    return statistics.NormalDist(m, s).zscore(x)


def normal_overlap(m, s, x):
    return statistics.NormalDist(m, s).overlap(statistics.NormalDist(x, 1.3))


def normal_arithmetic(m, s, x):
    sum_ = statistics.NormalDist(m, s) * 2.0 + statistics.NormalDist(x, 1.0) - 0.5
    return sum_.mean + sum_.stdev + sum_.variance + sum_.median


def normal_from_samples(data):
    fitted = statistics.NormalDist.from_samples(data)
    return fitted.mean + 3.0 * fitted.stdev


def colours(rng):
    return tuple(float(v) for v in rng.permutation(rng.uniform([0.1, 0.4, 0.7], [0.3, 0.6, 0.9])))


def sample(rng):
    return ([float(v) for v in rng.uniform(0.5, 3.0, 7)],)


def two_samples(rng):
    return [float(v) for v in rng.uniform(0.5, 3.0, 6)], [float(v) for v in rng.uniform(0.5, 3.0, 6)]


def sample_and_number(rng):
    return *sample(rng), float(rng.uniform(1.0, 2.0))


def normal(rng):
    return float(rng.uniform(-1.0, 1.0)), float(rng.uniform(0.5, 2.0)), float(rng.uniform(0.1, 0.9))


def entry(function, draw, wrt=0) -> Program:
    return program(function, draw, wrt, oracle="difference")


PROGRAMS: list[Program] = [
    *(entry(of_colour(f), colours, (0, 1, 2)) for f in (
        colorsys.rgb_to_yiq, colorsys.yiq_to_rgb, colorsys.rgb_to_hls, colorsys.hls_to_rgb, colorsys.rgb_to_hsv,
        colorsys.hsv_to_rgb)),
    *(entry(f, sample) for f in (mean, fmean, geometric_mean, harmonic_mean, median, median_low, median_grouped,
                                 variance, pvariance, stdev, pstdev, quantiles, normal_from_samples)),
    *(entry(f, two_samples, (0, 1)) for f in (weighted_mean, weighted_harmonic_mean, covariance, correlation,
                                              linear_regression, regression_through_zero)),
    entry(variance_about, sample_and_number, (0, 1)),
    *(entry(f, normal, (0, 1, 2)) for f in (normal_density, normal_probability, normal_quantile, normal_score,
                                            normal_overlap, normal_arithmetic)),
]
