"""Views that are copies here (parts of complex arrays, diagonals, broadcasts), bound in branches, loops and calls.

Every way of taking such a view is combined with every way in which a name can come to stand for it, and with every use:
what is then written, read or bound anew is as in plain Python, or refused. `python -m tests.programs.test_parts` runs
all combinations, the test one in seven.
"""

from __future__ import annotations

import itertools
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tests.frontend.library.test_random_orders import loaded
from tests.fuzz.interpreted import interpret
from workbench.ir import DifferentiationError

HEAD = """
B = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])

"""

PARTS = {  # the array, and the view
    "imag": ("z = 1j * (B * x)", "np.imag(z)"),
    "real": ("z = 1j * (B * x)", "z.real"),
    "diagonal": ("z = B * x", "np.diagonal(z)"),
    "diag": ("z = B * x", "np.diag(z)"),
    "einsum diagonal": ("z = B * x", "np.einsum('ii->i', z)"),
    "einsum transpose": ("z = B * x", "np.einsum('ij->ji', z)"),
    "broadcast": ("z = B * x", "np.broadcast_to(z[0], (3, 3))"),
    "broadcast arrays": ("z = B * x", "np.broadcast_arrays(z, np.ones(3))[0]"),
    "reshape of transpose": ("z = (B * x).T", "z.reshape(-1)"),
    "reshape of columns": ("z = (B * x)[:, ::2]", "z.reshape(-1)"),
    "transpose": ("z = B * x", "z.T"),
    "ravel": ("z = B * x", "z.ravel()"),
    "slice": ("z = B * x", "z[1:]"),
    "conj": ("z = 1j * (B * x)", "z.conj()"),
    "conj of real": ("z = B * x", "np.conj(z)"),
    "meshgrid": ("z = (B * x)[0]", "np.meshgrid(z, z, copy=False)[0]"),
}
OTHER = "np.ones(np.shape({part}), np.array({part}).dtype)"
BINDINGS = {
    "arm": "{make}\nif x > 0.5:\n    v = {part}\nelse:\n    v = {other}",
    "older name in an arm": "{make}\nv = {other}\nif x > 0.5:\n    v = {part}",
    "exchange in an arm": "{make}\nu = {other}\nif x > 0.5:\n    v = {part}\n    v, u = u, v\nv = u",
    "loop": "{make}\nv = {other}\nfor i in range(int(x * 2)):\n    v = {part}",
    "exchange in a loop": "{make}\nv = {other}\nu = v * 2\nfor i in range(int(x * 3)):\n    u, v = v, {part}\nv = u",
    "arm in a loop": "{make}\nv = {other}\nfor i in range(int(x * 2)):\n    if x > 0.5:\n        v = {part}",
    "both in a loop": "{make}\nv = {other}\nfor i in range(int(x * 2)):\n    z = z * 0.5\n    v = {part}",
    "helper": "{make}\ndef pick(k):\n    if k > 0.5:\n        return {part}\n    return {other}\nv = pick(x)",
    "both in arms": "if x > 0.5:\n    {make}\n    v = {part}\nelse:\n    {make}\n    z = z * 2\n    v = {part}",
    "array in an arm": "if x > 0.5:\n    {make}\n    v = {part}\nelse:\n    {make}\n    v = {other}",
}
USES = {
    "write": "v[:] = 0.5",
    "update": "v *= 3.0",
    "write the array": "z[...] = 0.25 * z + 0.125",
    "read": "",
    "bind anew": "v = v * 2.0\nz = z * 3.0",
    "copy and write": "v = np.array(v)\nv[...] = v * 2.0",
}
RESULT = ("places = np.arange(1, np.size(z) + 1).reshape(np.shape(z))\n"
          "return float(np.sum(np.abs(z * places)) + np.sum(np.real(np.array(v))))")


def sources() -> list[str]:
    """A function for every combination."""
    made = []
    for number, ((make, part), binding, use) in enumerate(itertools.product(
            PARTS.values(), BINDINGS.values(), USES.values())):
        body = "\n".join([binding.format(make=make, part=part, other=OTHER.format(part=part)), use, RESULT])
        lines = "\n".join(f"    {line}" for line in body.split("\n"))
        made.append(f"def program_{number}(x):\n{lines}")
    return made


def outcome(run: Any) -> Any:
    try:
        return run()
    except DifferentiationError:
        return "refused"
    except Exception as error:
        return type(error).__name__


def session(chosen: list[str], folder: Path) -> tuple[int, list[str]]:
    """How many are not refused, and what is wrong."""
    module = loaded(HEAD + "\n\n\n".join(chosen), folder)
    done, wrong = 0, []
    for source in chosen:
        function = getattr(module, source.split("(")[0].removeprefix("def "))
        for x in (1.0, 0.25):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = outcome(lambda: function(x))  # noqa: B023
                found = outcome(lambda: interpret(function, (x,)))  # noqa: B023
            done += found != "refused"
            alike = expected == found if isinstance(expected, str) or isinstance(found, str) else np.isclose(
                expected, found, rtol=1e-12)
            if found != "refused" and not alike:
                wrong.append(f"x = {x}: {found}, plain Python {expected}\n{source}")
    return done, wrong


def test_views_that_are_copies(tmp_path: Path) -> None:
    done, wrong = session(sources()[::7], tmp_path)
    assert not wrong, "\n\n".join(wrong)
    assert done > 150


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        count, failures = session(sources(), Path(place))
    print(*failures, f"{len(sources())} programs at two points: {count} runs not refused, {len(failures)} wrong",
          sep="\n\n")
    sys.exit(bool(failures))
