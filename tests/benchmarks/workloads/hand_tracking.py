"""Hand tracking, from the formulas of ADBench and GradBench: a skinned hand, posed by 26 numbers, against points.

A point lies at a vertex (simple), or in a triangle at two coordinates of its own (complicated).
"""
from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.benchmarks.workload import Workload

DATA = Path(__file__).parent.parent / "data" / "ht_small"
BONES, FINGERS = 22, 5


def axis_rotation(vector):
    """The rotation about a vector by its length."""
    squared = vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2
    rotation = np.eye(3)
    if squared < 1e-8:
        return rotation
    angle = np.sqrt(squared)
    x, y, z = vector[0] / angle, vector[1] / angle, vector[2] / angle
    s, c = np.sin(angle), np.cos(angle)
    rest = 1.0 - c
    rotation[0, 0], rotation[0, 1], rotation[0, 2] = x * x * rest + c, x * y * rest - z * s, x * z * rest + y * s
    rotation[1, 0], rotation[1, 1], rotation[1, 2] = x * y * rest + z * s, y * y * rest + c, y * z * rest - x * s
    rotation[2, 0], rotation[2, 1], rotation[2, 2] = x * z * rest - y * s, y * z * rest + x * s, z * z * rest + c
    return rotation


def euler(angles):
    """Rz(angles[1]) Ry(angles[2]) Rx(angles[0]) as a 4×4 transformation."""
    sx, cx = np.sin(angles[0]), np.cos(angles[0])
    sz, cz = np.sin(angles[1]), np.cos(angles[1])
    sy, cy = np.sin(angles[2]), np.cos(angles[2])
    rotation = np.zeros((4, 4))
    rotation[0, 0], rotation[0, 1], rotation[0, 2] = cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx
    rotation[1, 0], rotation[1, 1], rotation[1, 2] = sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx
    rotation[2, 0], rotation[2, 1], rotation[2, 2] = -sy, cy * sx, cy * cx
    rotation[3, 3] = 1.0
    return rotation


def bone_angles(theta):
    """Three angles for each bone: the wrist's and the finger tips' are zero, a finger's root has two."""
    angles = np.zeros((BONES, 3))
    source, bone = 6, 2
    for _ in range(FINGERS):
        for joint in range(3):
            angles[bone, 0] = theta[source]
            source += 1
            if joint == 0:
                angles[bone, 1] = theta[source]
                source += 1
            bone += 1
        bone += 1
    return angles


def posed(theta, parents, relatives, inverses, vertices, weights):
    """Where the vertices are: each follows its bones, all turn and move as the first six numbers say."""
    angles = bone_angles(theta)
    absolute = np.zeros((BONES, 4, 4))
    positions = np.zeros((len(vertices), 3))
    for bone in range(BONES):
        own = relatives[bone] @ euler(angles[bone])
        absolute[bone] = own if parents[bone] < 0 else absolute[parents[bone]] @ own
        moved = vertices @ (absolute[bone] @ inverses[bone])[:3].T
        positions += weights[:, bone][:, None] * moved
    return positions @ axis_rotation(theta[:3]).T + theta[3:6]


def hand_simple(theta, parents, relatives, inverses, vertices, weights, seen, points):
    positions = posed(theta, parents, relatives, inverses, vertices, weights)
    return points - positions[seen]


def hand_complicated(theta, us, parents, relatives, inverses, vertices, weights, corners, points):
    positions = posed(theta, parents, relatives, inverses, vertices, weights)
    u, v = us[:, 0][:, None], us[:, 1][:, None]
    return points - (u * positions[corners[:, 0]] + v * positions[corners[:, 1]]
                     + (1.0 - u - v) * positions[corners[:, 2]])


def model():
    """The skinned hand of the suites' small files: parents, relatives, inverses, vertices, weights."""
    bones = [line.split(":") for line in (DATA / "bones.txt").read_text().split("\n") if line]
    parents = np.array([int(words[1]) for words in bones])
    relatives = np.array([words[2:18] for words in bones], dtype=np.float64).reshape(-1, 4, 4)
    inverses = np.array([words[18:34] for words in bones], dtype=np.float64).reshape(-1, 4, 4)
    lines = [line.split(":") for line in (DATA / "vertices.txt").read_text().split("\n") if line]
    vertices = np.ones((len(lines), 4))
    weights = np.zeros((len(lines), len(bones)))
    for i, words in enumerate(lines):
        vertices[i, :3] = [float(word) for word in words[:3]]
        for k in range(int(words[8])):
            weights[i, int(words[9 + 2 * k])] = float(words[10 + 2 * k])
    return parents, relatives, inverses, vertices, weights


def observed(name):
    """(theta, indices, points, us) of one file."""
    words = (DATA / f"{name}.txt").read_text().split()
    count, parameters = int(words[0]), int(words[1])
    rows = np.array(words[2:2 + 4 * count], dtype=np.float64).reshape(count, 4)
    rest = np.array(words[2 + 4 * count:], dtype=np.float64)
    us, theta = rest[:-parameters], rest[-parameters:]
    return theta, rows[:, 0].astype(np.int64), rows[:, 1:].copy(), us.reshape(-1, 2)


def simple(hand, shortened=None):
    theta, seen, points, _ = observed(f"simple_{hand}")
    return theta, *model(), seen[:shortened], points[:shortened]


def complicated(hand, shortened=None):
    theta, triangle, points, us = observed(f"complicated_{hand}")
    lines = (DATA / "triangles.txt").read_text().split()
    corners = np.array([line.split(":") for line in lines], dtype=np.int64)[triangle]
    return theta, us[:shortened], *model(), corners[:shortened], points[:shortened]


WORKLOADS = (
    Workload("hand_simple", "hand tracking, small model, 100 points, simple: Jacobian", hand_simple, simple,
             {"hand": "hand1_t26_c100"}, {"hand": "hand1_t26_c100", "shortened": 2}, derivative="jacobian"),
    Workload("hand_complicated", "hand tracking, small model, 192 points, complicated: Jacobian", hand_complicated,
             complicated, {"hand": "hand2_t26_c192"}, {"hand": "hand2_t26_c192", "shortened": 2}, wrt=(0, 1),
             derivative="jacobian"),
)
