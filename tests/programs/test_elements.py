"""Elements of arrays by way of `flat`, `ndenumerate`, `ndindex`, `.T`, `.real`, `ravel` and the like: of every layout,
bound in every way, written through and read afterwards.

`python -m tests.programs.test_elements [engine] [every]` runs all combinations, the tests a small part.
"""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs.tables import combined, judged, main, program

HEAD = """
M = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def places(z):
    return np.arange(1.0, np.size(z) + 1).reshape(np.shape(z))


def same(c):
    return c


def doubled(c):
    c *= 2.0
    return c
"""
ARRAYS = {  # `z`, of which the views are, and the array `o` that owns the memory
    "rows": "o = M * a * x\nz = o",
    "columns": "o = (M * a * x).T\nz = o",
    "transposed": "o = M * a * x\nz = o.T",
    "part": "o = M * a * x\nz = o[:, 1:]",
    "step": "o = M * a * x\nz = o[:, ::2]",
    "backwards": "o = M * a * x\nz = o[::-1]",
    "vector": "o = a * x\nz = o",
    "argument": "o = a\nz = a",
    "part of the argument": "o = a\nz = a[::-1]",
    "reversed vector": "o = a * x\nz = o[::-1]",
    "one": "o = a * x\nz = o[:1]",
    "none": "o = a * x\nz = o[:0]",
    "cube": "o = np.ones((2, 2, 3)) * a * x\nz = o.transpose(2, 0, 1)",
    "added axis": "o = a * x\nz = o[:, None]",
    "complex": "o = M * a * (x + 0.5j)\nz = o",
    "without axes": "o = np.array(a[0] * x)\nz = o",
    "single": "o = (M * a * x).astype(np.float32)\nz = o",
    "broadcast": "o = a * x\nz = np.broadcast_to(o, (2, 3))",
}
VIEWS = {
    "flat": "v = z.flat",
    "ravel": "v = z.ravel()",
    "ravel K": "v = np.ravel(z, order='K')",
    "ravel F": "v = z.ravel('F')",
    "ravel A": "v = z.ravel(order='A')",
    "flatten": "v = z.flatten()",
    "flatten F": "v = z.flatten('F')",
    "reshape": "v = z.reshape(-1)",
    "reshape F": "v = np.reshape(z, -1, order='F')",
    "T": "v = z.T",
    "T T": "v = z.T.T",
    "transpose": "v = np.transpose(z)",
    "real": "v = z.real",
    "imag": "v = z.imag",
    "np.real": "v = np.real(z)",
    "squeeze": "v = z.squeeze()",
    "broadcast_to": "v = np.broadcast_to(z, (2, *z.shape))",
    "broadcast_to same": "v = np.broadcast_to(z, z.shape)",
    "broadcast_arrays": "v = np.broadcast_arrays(z, np.ones(np.shape(z)))[0]",
    "atleast": "v = np.atleast_2d(z)",
    "expand_dims": "v = np.expand_dims(z, 0)",
    "swapaxes": "v = z.swapaxes(0, -1)",
    "view": "v = z.view()",
    "asarray": "v = np.asarray(z)",
    "ellipsis": "v = z[...]",
    "itself": "v = z",
    "moveaxis": "v = np.moveaxis(z, 0, -1)",
    "flip": "v = np.flip(z)",
    "split": "v = np.split(z, 1)[0]",
    "strides": "v = np.lib.stride_tricks.as_strided(z, z.shape, z.strides)",
    "diagonal": "v = np.diagonal(z)",
    "flat part": "v = z.flat[1:]",
    "flat copy": "v = z.flat.copy()",
    "array of flat": "v = np.array(z.flat)",
    "list of flat": "v = np.array(list(z.flat))",
    "base of flat": "v = z.flat.base",
    "nditer": "v = np.array([float(e) for e in np.nditer(z)])",
    "fromiter": "v = np.fromiter(z.flat, float)",
    "fromiter generator": "v = np.fromiter((e * x for e in z.flat), float, z.size)",
    "rows of": "v = [row for row in z][0]",
    "next": "i = iter(z.flat)\nnext(i)\nv = np.array([next(i), x])",
}
BINDINGS = {
    "once": "{view}",
    "helper": "{view}\nv = same(v)",
    "arm": "{view}\nif x > 0.5:\n    v = v[:1]",
    "loop": "for i in range(int(x * 2) + 1):\n    {indented}",
    "of a name": "y = z\nz = np.ones(3)\nif True:\n    z = y\n    {indented}",
    "list": "{view}\nv = [v, z][0]",
}
USES = {
    "read": "",
    "item": "v[0] = x * x",
    "last": "v[-1] += x",
    "all": "v[:] = 0.5 * x",
    "ellipsis": "v[...] = 0.25",
    "update": "v *= 3.0",
    "update name": "v = v * 3.0",
    "add": "v = v + x",
    "power": "v = v ** 2",
    "negative": "v = -v",
    "compared": "v = np.where(v > 1.0, v, x)",
    "several": "v[[0, 1]] = [x, 2.0]",
    "mask": "v[v > 1.0] = x",
    "write the array": "o[...] = 0.25 * o + 0.125",
    "write an item of the array": "o[0] = 7.0 * x",
    "update the array": "o *= x",
    "write in a loop": "for i in range(v.shape[0]):\n    v[i] = v[i] * 0.5 + x",
    "enumerate": "for i, e in np.ndenumerate(v):\n    v[i] = e * e",
    "ndindex": "for i in np.ndindex(v.shape):\n    v[i] = v[i] * x + sum(i)",
    "ndindex stars": "for i in np.ndindex(*np.shape(z)):\n    z[i] *= x",
    "enumerate written": "for i, e in np.ndenumerate(z):\n    o[...] = o * 0.5\n    o[-1] = e",
    "iterate": "s = 0.0\nfor e in v:\n    s += np.sum(e * x)\n    o *= 0.5\no[...] = s",
    "flat written": "for k in range(z.size):\n    z.flat[k] = z.flat[k] * x",
    "flat in step": "for k, e in enumerate(z.flat):\n    z.flat[-1] = e * x",
    "flat all": "z.flat = x",
    "flat array": "z.flat = [1.0, x]",
    "flat slice": "z.flat[::2] = x\nz.flat[1:] = z.flat[:-1] * 2.0",
    "flat update": "z.flat[0] += x\nz.flat[-1] *= 2.0",
    "flat picks": "z.flat[[0, -1]] = x",
    "fill": "v.fill(x)",
    "sort": "v.sort()",
    "copyto": "np.copyto(v, x)",
    "out": "np.multiply(v, x, out=v)",
    "put": "np.put(v, [0], x)",
    "view of a view": "v[:1][...] = x\nv = v[::-1]",
    "helper": "doubled(v)",
    "nditer written": "for e in np.nditer(z, op_flags=['readwrite']):\n    e[...] = e * x",
    "shape": "v = np.sum(v.shape) * x + v.size",
    "len": "v = len(v) * x",
    "functions": "v = np.sin(v) + np.sum(v) + np.max(v)",
    "dot": "v = np.dot(np.ravel(v), np.ravel(v))",
    "indexed": "v = v[0] * v[-1]",
    "sum": "v = sum(v)",
    "max": "v = max(v, key=lambda e: float(np.abs(np.sum(e))))",
    "list": "v = np.array(list(v))",
    "zip": "v = np.array([e * f for e, f in zip(v, z.flat)])",
    "real written": "z.real[...] = x",
    "real assigned": "z.real = x * 2.0",
    "imag assigned": "z.imag = x * 2.0",
    "T assigned": "z.T[0] = x",
    "shape assigned": "z.shape = (-1,)\nz[0] = x",
    "resize": "v.resize(2)",
    "flags": "v = x * float(v.flags.writeable) + x * 2.0 * float(v.flags['C_CONTIGUOUS'])",
    "coords": "v = np.array(v.coords) * x + v.index",
    "tolist": "v = np.array(v.tolist())",
    "item()": "v = v.item(0)",
}
RESULT = ("return float(np.real(np.sum(np.abs(np.array(o)) ** 2 * places(o)) + np.sum(np.array(v) * places(v)))"
          " + 0.1 * np.sum(a * a * places(a)))")


def sources() -> list[str]:
    """A function for every combination."""
    made = []
    for name, (array, view, binding, use) in combined(ARRAYS, VIEWS, BINDINGS, USES):
        lines = binding.format(view=view, indented=view.replace("\n", "\n    "))
        made.append((name, "\n".join([array, lines, use, RESULT])))
    return [program(number, name, lines) for number, (name, lines) in enumerate(made)]


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("engine", ["python", "tape"])
def test_elements_and_views(engine: str, tmp_path: Path) -> None:
    outcome = judged(HEAD, sources()[::2503], tmp_path, engine)
    assert not outcome.wrong, "\n\n".join(outcome.wrong)
    assert outcome.verdicts["right"] > 40


if __name__ == "__main__":
    main(HEAD, sources)
