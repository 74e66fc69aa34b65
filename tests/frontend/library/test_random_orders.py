"""Random programs of views, ufuncs and library calls that write through reshapes: values and gradients are NumPy's."""
from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.fuzz.interpreted import interpret, interpreted_gradient
from workbench.ir import DifferentiationError

PROGRAMS = 60
SEED = 20261127  # the same programs each time; another seed, others
MAKERS = (
    "{x}.T", "{x}[::-1]", "{x}[:, ::-1]", "{x}[1:]", "{x}[:, :2]", "{x}[:, None]", "{x}.swapaxes(0, -1)",
    "np.flip({x})", "np.copy({x})", "{x}.copy()", "{x}.copy('K')", "{x}.copy(order='F')", "{x} * 2.0", "np.sin({x})",
    "{x} + {y}", "{x} * {y}[0]", "{x} * {y}[:1]", "{x} - {y}.T", "np.sort({x}, axis=0)", "np.cumsum({x}, axis=1)",
    "{x} @ {y}", "{x}.T @ {y}", "np.zeros_like({x}) + {y}", "np.concatenate([{x}, {y}])",
    "np.stack([{x}, {y}], axis=1)", "{x}[:, [0, -1]]", "{x}[[0, -1]]", "{x}[{x}[:, 0] > 0.0]",
    "np.where({x} > 0.0, {x}, {y})", "np.roll({x}, 1, axis=0)", "np.fft.fft({x}, axis=0).real * 1.0",
    "np.einsum('ij,jk->ki', {x}, {y})", "np.einsum('ij->ji', {x})", "np.tensordot({x}, {y}, axes=([0], [0]))",
    "np.sum({x}, axis=0)", "np.max({x}, axis=-1)", "np.tril({x})", "{x}.reshape({x}.shape[::-1])",
    "{x}.reshape(-1, 1)", "np.ascontiguousarray({x})", "np.asfortranarray({x})", "np.outer({x}[0], {y}[0])",
    "np.zeros({x}.shape) + 0.5", "np.full({x}.shape, 0.5, order='F')", "np.array({x}.T)",
    "np.take({x}, [0, -1], axis=1)", "np.clip({x}, -0.5, {y})", "np.diff({x}, axis=0)", "np.vstack([{x}, {y}])",
    "{x}.astype(np.float64)", "np.repeat({x}, 2, axis=1)", "np.pad({x}, 1)",
    "np.broadcast_to({x}[0], {x}.shape) * 1.0",
)
WRITES = (
    "{x}.reshape(-1)[{k}] = {y}.ravel()[0] * 2.0", "r = {x}.ravel(); r[{k}] = r[-1] * r[0]; s += np.sum(r)",
    "r = {x}.reshape(-1); r *= 0.5; s += r[0]", "r = {x}.T.reshape(-1); r[{k}] = s; s += r[-1] * 0.5",
    "{x}[0] = {x}[-1] * 1.5", "r = {x}.reshape(-1); {x}[-1] = 0.25; s += np.sum(r * r)",
    "for i in range(2):\n        {x}.reshape(-1)[i] = s * 0.5\n        {x} = {x}.T * 1.5",
    "if s > 0.0:\n        {x} = {x}.T * 1.0\n    else:\n        {x} = {x}.T + 0.0\n    {x}.reshape(-1)[{k}] = s",
    "for i in range(3):\n        {x} = np.sin({x})\n        {x}.ravel()[i] = {y}.ravel()[i] * s")
FORMS = (np.ascontiguousarray, np.asfortranarray, lambda x: np.repeat(x, 2, 1)[:, ::2], lambda x: x[::-1].copy()[::-1])
SHAPES = ((3, 3), (3, 3), (2, 3), (3, 2), (1, 3), (3, 1), (0, 3))


class Arguments:
    """Two matrices of one shape, each in an order of its own."""

    def __init__(self, rng: np.random.Generator) -> None:
        shape = SHAPES[rng.integers(len(SHAPES))]
        self.forms = [FORMS[rng.integers(len(FORMS))] for _ in "ab"]
        self.values = [rng.normal(size=shape) for _ in "ab"]
        self.along = [rng.normal(size=shape) for _ in "ab"]

    def fresh(self, step: float = 0.0) -> tuple[np.ndarray, ...]:
        """The arguments, a step along."""
        return tuple(form(v + step * d) for form, v, d in zip(self.forms, self.values, self.along, strict=True))


def runs(lines: list[str], args: Arguments) -> dict[str, Any] | None:
    """What the names hold after these lines; None where they fail."""
    a, b = args.fresh()
    names: dict[str, Any] = {"np": np, "a": a, "b": b}
    try:
        exec("if True:\n    s = 0.1\n    " + "\n    ".join(lines), names)
    except (ValueError, IndexError, TypeError):
        return None
    sound = all(np.all(np.isfinite(v)) and np.max(np.abs(v), initial=0.0) < 1e4 for v in names.values()
                if isinstance(v, (np.ndarray, float)))
    return names if sound else None


def written(rng: np.random.Generator, number: int, args: Arguments) -> str:
    """A program that NumPy runs on these arguments."""
    lines: list[str] = []
    made = 0
    held: dict[str, Any] = dict(zip("ab", args.fresh(), strict=True))
    for _ in range(40):
        matrices = [name for name, v in held.items() if isinstance(v, np.ndarray) and v.ndim > 1 and name != "r"]
        x, y = (matrices[rng.integers(len(matrices))] for _ in "xy")
        if made < 3 or (len(lines) < 9 and rng.random() < 0.5):
            line = f"v{made} = " + MAKERS[rng.integers(len(MAKERS))].format(x=x, y=y)
        else:
            line = WRITES[rng.integers(len(WRITES))].format(x=x, y=y, k=rng.integers(3))
        found = runs([*lines, line], args)
        if found is not None and len(lines) < 9:
            held = found
            lines.append(line)
            made += line.startswith("v")
    names = [name for name, v in held.items() if isinstance(v, np.ndarray) and name != "r"]
    lines += [f"s += np.sum({n} * np.arange(1.0, 1.0 + {n}.size).reshape({n}.shape))" for n in names]
    body = "\n    ".join(["s = 0.1", *lines, "return s"])
    return f"def program_{number}(a, b):\n    {body}\n"


def loaded(source: str, folder: Path) -> ModuleType:
    path = folder / "random_orders.py"
    path.write_text(f"import numpy as np\n\n\n{source}")
    spec = importlib.util.spec_from_file_location("random_orders", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["random_orders"] = module
    spec.loader.exec_module(module)
    return module


def checked(function: Any, args: Arguments) -> bool:
    """False where it is refused."""
    theirs, ours = args.fresh(), args.fresh()
    try:
        expected = function(*theirs)
    except IndexError:  # (of an axis of length 0)
        with pytest.raises((IndexError, DifferentiationError)):
            interpret(function, ours)
        return True
    try:
        found = interpret(function, ours)
        slopes = interpreted_gradient(function, args.fresh())[1]
    except DifferentiationError:
        return False
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    for mine, plain in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, plain, rtol=1e-10)
    slope = sum(float(np.sum(slopes[(k,)] * d)) for k, d in enumerate(args.along))
    steps = [(function(*args.fresh(h)) - function(*args.fresh(-h))) / (2 * h) for h in (1e-5, 1e-6)]
    scale = max(map(abs, (slope, *steps))) + abs(expected) + 1.0
    assert min(abs(slope - step) for step in steps) < 1e-5 * scale
    return True


def test_random_programs_lie_as_numpy_has_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(SEED)
    args = [Arguments(rng) for _ in range(PROGRAMS)]
    sources = [written(rng, k, a) for k, a in enumerate(args)]
    with np.errstate(all="ignore"):
        module = loaded("\n\n".join(sources), tmp_path)
        done = []
        for k, source in enumerate(sources):
            try:
                done.append(checked(getattr(module, f"program_{k}"), args[k]))
            except Exception as error:
                shapes = [(v.shape, form(v).strides) for form, v in zip(args[k].forms, args[k].values, strict=True)]
                raise AssertionError(f"{shapes}\n{source}") from error
    assert np.mean(done) > 0.8
