"""Residuals of bundle adjustment, from the formulas of ADBench and GradBench: cameras, points, and what was seen.

A camera is rotation vector (3), centre (3), focal length, principal point (2), and two coefficients of distortion.
"""
from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from tests.benchmarks.workload import Workload

DATA = Path(__file__).parent.parent / "data"


def observation(camera, point, weight, feature):
    """The weighted error of projection, and the error of the weight."""
    x, y, z = point[0] - camera[3], point[1] - camera[4], point[2] - camera[5]
    rx, ry, rz = camera[0], camera[1], camera[2]
    squared = rx * rx + ry * ry + rz * rz
    if squared != 0.0:
        angle = math.sqrt(squared)
        cosine, sine = math.cos(angle), math.sin(angle)
        rx, ry, rz = rx / angle, ry / angle, rz / angle
        along = (rx * x + ry * y + rz * z) * (1.0 - cosine)
        u = x * cosine + (ry * z - rz * y) * sine + rx * along
        v = y * cosine + (rz * x - rx * z) * sine + ry * along
        w = z * cosine + (rx * y - ry * x) * sine + rz * along
    else:
        u, v, w = x + ry * z - rz * y, y + rz * x - rx * z, z + rx * y - ry * x
    u, v = u / w, v / w
    radius = u * u + v * v
    stretch = camera[6] * (1.0 + camera[9] * radius + camera[10] * radius * radius)
    return (weight * (stretch * u + camera[7] - feature[0]), weight * (stretch * v + camera[8] - feature[1]),
            1.0 - weight * weight)


def bundle(cameras, points, weights, features, seen_by, seen):
    """All residuals: two per observation, and one per weight."""
    count = len(weights)
    errors = np.empty((count, 2))
    weight_errors = np.empty(count)
    for i in range(count):
        errors[i, 0], errors[i, 1], weight_errors[i] = observation(cameras[seen_by[i]], points[seen[i]], weights[i],
                                                                   features[i])
    return errors, weight_errors


def arguments(name, shortened=None):
    """A file of the suites: one camera, point, weight and feature, repeated as often as its first line says."""
    numbers = (DATA / f"{name}.txt").read_text().split()
    cameras, points, count = (int(word) for word in numbers[:3])
    values = np.array(numbers[3:], dtype=np.float64)
    count = shortened or count
    index = np.arange(count)
    return (np.tile(values[:11], (cameras, 1)), np.tile(values[11:14], (points, 1)), np.full(count, values[14]),
            np.tile(values[15:17], (count, 1)), index % cameras, index % points)


WORKLOADS = (
    Workload("bundle", "bundle adjustment 1, rows of the Jacobian", bundle, arguments,
             {"name": "ba1_n49_m7776_p31843"}, {"name": "ba1_n49_m7776_p31843", "shortened": 4},
             wrt=(0, 1, 2), derivative="jacobian"),
)
