"""Jacobians with JAX: rows by `vmap` of pullbacks, columns by `vmap` of pushforwards."""
from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from tests.benchmarks.contenders.retarget import retargeted
from tests.benchmarks.workloads.hand_tracking import BONES, bone_angles


def bundle(cameras, points, weights, features, seen_by, seen) -> Callable[[], Any]:
    """No camera here is unturned: the branch for those is left out."""
    def straight(camera, point, weight, feature):
        turn, offset = camera[:3], point - camera[3:6]
        angle = jnp.sqrt(jnp.sum(turn * turn))
        axis = turn / angle
        cosine, sine = jnp.cos(angle), jnp.sin(angle)
        seen_at = offset * cosine + jnp.cross(axis, offset) * sine + axis * (axis @ offset) * (1.0 - cosine)
        projected = seen_at[:2] / seen_at[2]
        radius = jnp.sum(projected * projected)
        stretch = camera[6] * (1.0 + camera[9] * radius + camera[10] * radius * radius)
        return weight * (stretch * projected + camera[7:9] - feature), 1.0 - weight * weight

    def rows(camera, point, weight, feature):
        value, pullback, last = jax.vjp(lambda *moving: straight(*moving, feature), camera, point, weight, has_aux=True)
        bars = jax.vmap(pullback)(jnp.eye(2))
        return jnp.append(value, last), jnp.concatenate([bar.reshape(2, -1) for bar in bars], 1), -2.0 * weight
    mapped = jax.jit(lambda c, p, w, f: jax.vmap(rows)(c[seen_by], p[seen], w, f))
    moving = tuple(jnp.asarray(arg) for arg in (cameras, points, weights, features))

    def call() -> Any:
        errors, jacobian, weight_rows = mapped(*moving)
        return errors, (jacobian, weight_rows)
    return call


def stacked(rows):
    return jnp.stack([jnp.stack(row) for row in rows])


def axis_rotation(vector):
    angle = jnp.sqrt(jnp.sum(vector * vector))
    x, y, z = vector / angle
    s, c = jnp.sin(angle), jnp.cos(angle)
    cross = stacked([[0.0 * s, -z, y], [z, 0.0 * s, -x], [-y, x, 0.0 * s]])
    axis = jnp.stack([x, y, z])
    return c * jnp.eye(3) + s * cross + (1.0 - c) * jnp.outer(axis, axis)


def euler(angles):
    (sx, sz, sy), (cx, cz, cy) = jnp.sin(angles), jnp.cos(angles)
    return stacked([[cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
                    [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx], [-sy, cy * sx, cy * cx]])


class _Positions:
    """An array written in place, for the function that says which parameter turns which bone."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.values = jnp.zeros(shape)

    def __setitem__(self, place: Any, value: Any) -> None:
        self.values = self.values.at[place].set(value)


def posed(theta, parents, relatives, inverses, vertices, weights):
    angles = retargeted(bone_angles, {"np": types.SimpleNamespace(zeros=_Positions)})(theta).values
    absolute: list[Any] = []
    moves = []
    for bone in range(BONES):
        own = relatives[bone] @ jnp.eye(4).at[:3, :3].set(euler(angles[bone]))
        absolute.append(own if parents[bone] < 0 else absolute[parents[bone]] @ own)
        moves.append((absolute[bone] @ inverses[bone])[:3])
    every = vertices @ jnp.concatenate(moves).T
    positions = jnp.einsum("vb,vbc->vc", weights, every.reshape(len(vertices), BONES, 3))
    return positions @ axis_rotation(theta[:3]).T + theta[3:6]


def hand_simple(theta, parents, relatives, inverses, vertices, weights, seen, points) -> Callable[[], Any]:
    def columns(theta):
        push = lambda direction: jax.jvp(
            lambda t: points - posed(t, parents, relatives, inverses, vertices, weights)[seen], (theta,), (direction,))
        return jax.vmap(push, out_axes=(None, 0))(jnp.eye(len(theta)))
    made, theta = jax.jit(columns), jnp.asarray(theta)
    return lambda: made(theta)


def hand_complicated(theta, us, parents, relatives, inverses, vertices, weights, corners, points) -> Callable[[], Any]:
    """The columns of the points' own coordinates are two: each moves its own point only."""
    def errors(theta, us):
        positions = posed(theta, parents, relatives, inverses, vertices, weights)
        u, v = us[:, 0][:, None], us[:, 1][:, None]
        return points - (u * positions[corners[:, 0]] + v * positions[corners[:, 1]]
                         + (1.0 - u - v) * positions[corners[:, 2]])

    def columns(theta, us):
        value, own = jax.vmap(lambda moved: jax.jvp(lambda u: errors(theta, u), (us,), (moved,)), out_axes=(None, 0))(
            jnp.zeros((2, *us.shape)).at[0, :, 0].set(1.0).at[1, :, 1].set(1.0))
        turned = jax.vmap(lambda moved: jax.jvp(lambda t: errors(t, us), (theta,), (moved,))[1])(jnp.eye(len(theta)))
        return value, jnp.concatenate([own, turned])
    made, theta, us = jax.jit(columns), jnp.asarray(theta), jnp.asarray(us)
    return lambda: made(theta, us)


PROGRAMS = {"bundle": bundle, "hand_simple": hand_simple, "hand_complicated": hand_complicated}
