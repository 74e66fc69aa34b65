"""Value and gradient through each package's public functions, on random arguments, against differences."""
from __future__ import annotations

import ast
import pathlib
from contextlib import nullcontext

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import disagreement, gradient, plain
from tests.corpus.program import Program
from tests.corpus.structure import copy_arguments
from tests.fuzz.emitted import in_python
from tests.packages import functions, general, standard_library
from tests.programs.calling import assert_structure_kept, by_path, close, draw

PROGRAMS = [*functions.PROGRAMS, *general.PROGRAMS, *standard_library.PROGRAMS]


@pytest.mark.filterwarnings("ignore:.*runs on the tape:UserWarning")
@pytest.mark.parametrize("way", [
    pytest.param("tape", marks=pytest.mark.sampled(1 / 3)), pytest.param("emitted", marks=pytest.mark.sampled(1 / 3)),
    pytest.param("compiled", marks=pytest.mark.sampled(1 / 12))])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_value_and_gradient(program: Program, way: str) -> None:
    """On the tape; compiled (or on the tape where that is refused); and what is compiled, run as the Python it is."""
    derivative = wb.value_and_grad(program.function, program.wrt, engine="tape" if way == "tape" else "auto")
    for seed in np.random.SeedSequence().generate_state(2 if way == "tape" else 1):
        args = draw(program.make_args, int(seed))
        expected, given = plain(program.function, args), copy_arguments(args)
        with in_python() if way == "emitted" else nullcontext():
            value, slope = derivative(*given)
        assert close(value, expected.value, 1e-10), f"seed {seed}: value {value!r}, plain {expected.value!r}"
        assert close(given, expected.arguments, 1e-12), f"seed {seed}: arguments left differently"
        assert_structure_kept(program, args, slope)
        oracle = gradient(program.function, args, program.positions, "difference")
        wrong = disagreement(by_path(program, slope), oracle, float(expected.value), "difference")
        assert wrong is None, f"seed {seed}: {wrong}"


def test_the_product_imports_none_of_them() -> None:
    theirs = {"astral", "fluids", "geographiclib", "geomdl", "glicko2", "haversine", "hsluv", "iapws", "mibian",
              "meteocalc", "minisom", "networkx", "numpy_financial", "psychrolib", "pymap3d", "pyquaternion", "pyrenn",
              "sgp4", "simdkalman", "simpy", "transforms3d", "trueskill", "uncertainties", "utm"}
    for path in pathlib.Path(wb.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
            assert not theirs & {name.partition(".")[0] for name in names}, path
