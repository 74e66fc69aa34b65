"""Structures: tuples, lists, dicts, dataclasses and NamedTuples as arguments, locals and results of helpers."""
from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from tests.corpus.program import Program, program


class Vec3(NamedTuple):
    x: float
    y: float
    z: float


class Layer(NamedTuple):
    weight: np.ndarray
    bias: np.ndarray


@dataclass
class Oscillator:
    position: float
    velocity: float
    damping: float = 0.1


@dataclass(frozen=True)
class Material:
    stiffness: float
    density: float
    name: str = "steel"


@dataclass
class Beam:
    material: Material
    nodes: np.ndarray
    loads: list
    tag: int = 3


@dataclass
class Particle:
    mass: float
    position: np.ndarray
    velocity: np.ndarray

    def kinetic_energy(self):
        return 0.5 * self.mass * np.sum(self.velocity * self.velocity)

    def kick(self, force, dt):
        self.velocity += force * (dt / self.mass)

    @property
    def radius(self):
        return math.sqrt(self.position[0] ** 2 + self.position[1] ** 2)


def tuple_argument(p):
    x, y = p
    return x * y + p[0] ** 2


def nested_tuple_argument(p):
    (a, b), c = p
    return a * b * c + math.sin(a)


def starred_unpacking(p):
    first, *rest = p
    total = first
    for r in rest:
        total = total * r + 1.0
    return total


def tuple_of_arrays(p):
    w, b = p
    return np.sum(np.tanh(w * b)) + w[0]


def dict_argument(params):
    return params["a"] * math.exp(params["b"]) + params["a"] ** 2


def dict_loop(params):
    total = 0.0
    for name, value in params.items():
        total += value * value if name != "bias" else value
    for value in params.values():
        total *= 1.0 + 0.1 * value
    return total


def dict_nested_arrays(params):
    h = np.tanh(params["layer"]["w"] @ params["x"] + params["layer"]["b"])
    return np.sum(h * params["scale"])


def dict_local_built(x, y):
    state = {"x": x, "y": y}
    for _ in range(3):
        state["x"], state["y"] = state["x"] - 0.1 * state["y"], state["y"] + 0.1 * state["x"] * state["x"]
    state["z"] = state["x"] * state["y"]
    return state["z"] + state.get("w", 2.0) * state["x"]


def dict_argument_written(state, dt):
    state["v"] = state["v"] - dt * state["x"]
    state["x"] += dt * state["v"]
    return state["x"] * state["x"] + state["v"] ** 2


def list_of_floats(values):
    total = 0.0
    for i, v in enumerate(values):
        total += (i + 1) * v * values[0]
    return total


def long_list_of_floats(values):
    total = 0.0
    for v in values:
        total = total * 0.5 + v * v
    return total * values[-1]


def list_of_arrays(layers):
    x = layers[0]
    for w in layers[1:]:
        x = np.tanh(w @ x)
    return np.sum(x)


def list_of_tuples(layers, x):
    for w, b in layers:
        x = np.tanh(w @ x + b)
    return np.sum(x * x)


def namedtuple_argument(v):
    return v.x * v.y + v.z ** 2 + v[0]


def namedtuple_local(a, b):
    c = Vec3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
    return c.x * c.x + c.y * c.y + c.z * c.z


def namedtuple_of_arrays(layers, x):
    for layer in layers:
        x = np.tanh(layer.weight @ x + layer.bias)
    return np.sum(x)


def namedtuple_replace(v, s):
    w = v._replace(x=s * v.y)
    return w.x * v.x + w.z


def dataclass_argument(o):
    return 0.5 * o.velocity ** 2 + math.sin(o.position) * o.damping


def dataclass_mutated(o, dt):
    for _ in range(4):
        o.velocity -= dt * (o.position + o.damping * o.velocity)
        o.position += dt * o.velocity
    return o.position ** 2 + o.velocity


def dataclass_local_mutated(x, v):
    o = Oscillator(x, v)
    o.damping = 0.2 * x
    p = o
    p.position = o.position * v
    p.velocity += o.damping
    return o.position * o.velocity + p.damping


def dataclass_nested(beam):
    total = 0.0
    for i in range(len(beam.nodes)):
        total += beam.material.stiffness * beam.nodes[i] ** 2 * beam.loads[i % 2]
    return total / beam.material.density


def dataclass_with_methods(p, force):
    for _ in range(2):
        p.kick(force, 0.1)
        p.position = p.position + 0.1 * p.velocity
    return p.kinetic_energy() * p.radius


def dataclass_replaced(m, x):
    stiffer = replace(m, stiffness=m.stiffness * x)
    return stiffer.stiffness * stiffer.density + m.stiffness


def dataclass_array_attribute_written(p):
    p.velocity[0] = p.position[1] * p.mass
    p.velocity *= 2.0
    old = p.velocity
    p.velocity = p.velocity + p.position
    old[1] = 5.0
    return np.sum(p.velocity * p.velocity) + np.sum(old)


def attribute_alias_in_loop(particles):
    for i in range(3):
        for p in particles:
            v = p.velocity
            v += 0.1 * p.position
            p.position = p.position + 0.1 * v
            p.mass *= 1.0 + 0.01 * i
    total = 0.0
    for p in particles:
        total += p.kinetic_energy()
    return total


def result_structure_from_helper(x, y):
    out = polar(x, y)
    again = polar(out["r"], out["parts"][0])
    return again["r"] * out["angle"] + again["parts"][1]


def polar(x, y):
    r = math.sqrt(x * x + y * y + 0.1)
    return {"r": r, "angle": math.atan(y / r), "parts": (x / r, y * r)}


def structure_chosen_by_branch(x, y):
    if x > y:
        s = {"u": x * x, "v": (y, 1.0)}
    else:
        s = {"u": y, "v": (x * y, 2.0 * x)}
    return s["u"] * s["v"][0] + s["v"][1]


def structure_carried_in_loop(x, v):
    s = Oscillator(x, v)
    for _ in range(3):
        a = -s.position - s.damping * s.velocity
        s = Oscillator(s.position + 0.1 * s.velocity, s.velocity + 0.1 * a, s.damping * 1.1)
    return s.position * s.velocity


def mixed_leaves(config):
    total = 0.0
    for k in range(config["steps"]):
        total += config["rate"] * config["x"][k % 2] * (2.0 if config["flag"] else 1.0)
    return total if config["mode"] == "plain" else math.exp(total)


def swap_two_fields(o):
    for _ in range(3):
        o.position, o.velocity = o.velocity * 0.9, o.position + o.damping
    return o.position * o.velocity


def object_graph_shared(x, y):
    shared = [x, y]
    a = {"cells": shared}
    b = {"cells": shared}
    a["cells"][0] = x * y
    b["cells"][1] += a["cells"][0]
    return shared[0] * shared[1]


def tuple_comparison_and_concat(x, y):
    p = (x,) + (y, x * y)
    q = p[1:] + p[:1]
    return q[0] * q[2] + len(q) * p[2]


def particles(rng):
    return [Particle(1.5, rng.normal(size=2), rng.normal(size=2)),
            Particle(0.7, rng.normal(size=2), rng.normal(size=2))]


def _f(rng):
    return float(rng.normal())


def _particle(rng):
    return Particle(float(rng.uniform(0.5, 2)), rng.normal(size=2), rng.normal(size=2))


def _vec3(rng):
    return Vec3(_f(rng), _f(rng), _f(rng))


def _oscillator(rng):
    return Oscillator(_f(rng), _f(rng), float(rng.uniform(0.05, 0.3)))


def _beam(rng):
    return Beam(Material(_f(rng), 2.0 + abs(_f(rng))), rng.normal(size=4), [_f(rng), _f(rng)])


def _layers(rng):
    return [(rng.normal(size=(3, 2)), rng.normal(size=3)), (rng.normal(size=(1, 3)), rng.normal(size=1))]


def _mlp_params(rng):
    return {"layer": {"w": rng.normal(size=(3, 2)), "b": rng.normal(size=3)}, "x": rng.normal(size=2),
            "scale": _f(rng)}


PROGRAMS: list[Program] = [
    program(tuple_argument, lambda r: ((_f(r), _f(r)),), 0, "structure"),
    program(nested_tuple_argument, lambda r: (((_f(r), _f(r)), _f(r)),), 0, "structure"),
    program(starred_unpacking, lambda r: (tuple(r.normal(size=4).tolist()),), 0, "structure"),
    program(tuple_of_arrays, lambda r: ((r.normal(size=3), r.normal(size=3)),), 0, "structure"),
    program(dict_argument, lambda r: ({"a": _f(r), "b": _f(r)},), 0, "structure"),
    program(dict_loop, lambda r: ({"w": _f(r), "bias": _f(r), "u": _f(r)},), 0, "structure"),
    program(dict_nested_arrays, lambda r: (_mlp_params(r),), 0, "structure"),
    program(dict_local_built, lambda r: (_f(r), _f(r)), (0, 1), "structure"),
    program(dict_argument_written, lambda r: ({"x": _f(r), "v": _f(r)}, 0.1), (0, 1), "structure", "mutation"),
    program(list_of_floats, lambda r: (r.normal(size=4).tolist(),), 0, "structure",
            small=(lambda r: (r.normal(size=1).tolist(),),)),
    program(long_list_of_floats, lambda r: (r.normal(size=40).tolist(),), 0, "structure"),
    program(list_of_arrays, lambda r: ([r.normal(size=2), r.normal(size=(3, 2)), r.normal(size=(2, 3))],), 0,
            "structure"),
    program(list_of_tuples, lambda r: (_layers(r), r.normal(size=2)), (0, 1), "structure"),
    program(namedtuple_argument, lambda r: (_vec3(r),), 0, "structure"),
    program(namedtuple_local, lambda r: (_vec3(r), _vec3(r)), (0, 1), "structure"),
    program(namedtuple_of_arrays, lambda r: ([Layer(*pair) for pair in _layers(r)], r.normal(size=2)), (0, 1),
            "structure"),
    program(namedtuple_replace, lambda r: (_vec3(r), _f(r)), (0, 1), "structure"),
    program(dataclass_argument, lambda r: (_oscillator(r),), 0, "structure"),
    program(dataclass_mutated, lambda r: (_oscillator(r), 0.2), (0, 1), "structure", "aliasing"),
    program(dataclass_local_mutated, lambda r: (_f(r), _f(r)), (0, 1), "structure", "aliasing"),
    program(dataclass_nested, lambda r: (_beam(r),), 0, "structure"),
    program(dataclass_with_methods, lambda r: (_particle(r), r.normal(size=2)), (0, 1), "structure", "aliasing"),
    program(dataclass_replaced, lambda r: (Material(_f(r), _f(r)), _f(r)), (0, 1), "structure"),
    program(dataclass_array_attribute_written, lambda r: (_particle(r),), 0, "structure", "aliasing"),
    program(attribute_alias_in_loop, lambda r: (particles(r),), 0, "structure", "aliasing"),
    program(result_structure_from_helper, lambda r: (_f(r), _f(r)), (0, 1), "structure", "call"),
    program(structure_chosen_by_branch, lambda r: (_f(r), _f(r)), (0, 1), "structure"),
    program(structure_carried_in_loop, lambda r: (_f(r), _f(r)), (0, 1), "structure"),
    program(mixed_leaves, lambda r: ({"steps": 3, "rate": _f(r), "x": r.normal(size=2), "flag": True,
                                      "mode": "plain"},), 0, "structure"),
    program(swap_two_fields, lambda r: (_oscillator(r),), 0, "structure", "aliasing"),
    program(object_graph_shared, lambda r: (_f(r), _f(r)), (0, 1), "structure", "aliasing"),
    program(tuple_comparison_and_concat, lambda r: (_f(r), _f(r)), (0, 1), "structure"),
]
