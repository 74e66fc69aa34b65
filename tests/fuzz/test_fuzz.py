"""The generator is sound, the shrinker shrinks, a short session finds no disagreement (`make fuzz`: fresh seeds)."""
from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.compare import Outcome
from tests.fuzz.expected import expected, functions, namespace
from tests.fuzz.forms import ELEMENTS, FEATURES, Form
from tests.fuzz.generate import FuzzProgram, Signature, generate
from tests.fuzz.scope import Scope, Unavailable
from tests.fuzz.session import reproducer, run
from tests.fuzz.shrink import shrink


def test_generation_is_deterministic() -> None:
    assert generate(5, 5) == generate(5, 5)
    assert generate(5, 5).source != generate(6, 6).source


def test_programs_run_and_their_reference_is_sound() -> None:
    references = [expected(generate(seed, seed)) for seed in range(150)]
    unsound = [reference for reference in references if reference.status in ("kink", "wild")]
    assert len(unsound) <= 0.05 * len(references), [reference.reason for reference in unsound]


def test_programs_cover_the_language() -> None:
    text = "\n".join(generate(seed, seed, arriving=True).source for seed in range(1000))
    kinds = {type(node) for node in ast.walk(ast.parse(text))}
    assert kinds >= {ast.For, ast.While, ast.If, ast.IfExp, ast.Break, ast.Continue, ast.Return, ast.BoolOp, ast.Try,
                     ast.Lambda, ast.Tuple, ast.Dict, ast.List, ast.AugAssign, ast.Slice, ast.Compare, ast.Not,
                     ast.Assert, ast.Raise, ast.ListComp, ast.DictComp, ast.GeneratorExp, ast.Starred, ast.Nonlocal,
                     ast.NamedExpr, ast.FloorDiv, ast.Mod, ast.LShift, ast.RShift, ast.BitXor, ast.Invert, ast.MatMult}
    for phrase in ("np.add.at(", "out=", ".copy()", "[::-1]", ".T", "enumerate(", "zip(", "else:", "elif ", ".cells[",
                   "['value']", "np.where(", "helper_", "t=", "len(", "np.float32", "1j", "NamedTuple", ".energy",
                   "np.zeros(0)", "**{", "while True", "finally:", ".append(", "halves_", ".reshape(", "axis=0",
                   "while len(", ".astype(np.float64, copy=False)", "copy=True", "= np.diff(", "[1:-1]", "np.float64("):
        assert phrase in text, phrase


def test_every_form_is_drawn() -> None:
    """Each template fits some scope: a form that never can is a mistake in it."""
    random = Random(1)
    scopes = [Signature(random, 0, frozenset({"matrices", "singles", "small", "structures"})).scope for _ in range(60)]
    for scope in scopes:
        scope.masks["g"], scope.indices["ix"] = scope.arrays["a"].length or 2, (3, 2)
        scope.complexes.append("z")
        scope.waves["Z"] = 3
    for forms in (ELEMENTS, *FEATURES.values()):
        for form in forms:
            assert any(_fits(scope, form) for scope in scopes), form.text


def _fits(scope: Scope, form: Form) -> bool:
    try:
        lines = scope.inner().fill(form, lambda stem: f"{stem}_new")
    except Unavailable:
        return False
    compile("\n".join(lines), "<form>", "exec", dont_inherit=True)
    return True


def test_arguments_are_fresh_at_each_call() -> None:
    program = generate(3, 3)
    arguments = functions(program, namespace(program))[1]
    first, second = arguments(), arguments()
    first[2][:] = 0.0
    assert second[2].any()


def test_shrinking_keeps_the_failure_and_removes_the_rest() -> None:
    (program,) = [found for found in (generate(seed, seed) for seed in range(400))
                  if "np.add.at(" in found.source and found.source.count("\n") > 25][:1]

    def fails(candidate: FuzzProgram) -> bool:
        function, arguments = functions(candidate, namespace(candidate))
        try:
            function(*arguments())
        except Exception:
            return False
        return "np.add.at(" in candidate.source.split("def arguments_")[0]

    small = shrink(program, fails, seconds=20.0)
    assert fails(small)
    body = small.source.split("def program_")[1].split("def arguments_")[0]
    assert body.count("\n") <= 6, small.source


COUNTING = """
def program_1(x, n):
    while True:
        if (n := n + 1) > 4 or x < 0.0:
            x = x * 2.0
            break
        x = x + 1.0
    while n < 9:
        n += 1
        x = x * 0.5
    return x

def arguments_1():
    return (1.5, 0)
"""


def ends(source: str) -> set[str]:
    """The conditions and first statements of the `while` loops of a program."""
    loops = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.While)]
    return {ast.unparse(part) for loop in loops for part in (loop.test, loop.body[0])}


def test_shrinking_leaves_alone_what_makes_loops_end() -> None:
    tried: list[str] = []

    def fails(candidate: FuzzProgram) -> bool:
        tried.append(candidate.source)
        return "while True" in candidate.source and "while n" in candidate.source

    small = shrink(FuzzProgram(1, COUNTING), fails, seconds=10.0)
    assert len(tried) > 5 and "x * 0.5" not in small.source
    assert all(ends(source) <= ends(COUNTING) for source in tried)


STRUCTURES = """
class Used:
    pass

class Unused:
    def other(self):
        return Unused()

def program_1(x):
    Used()
    return x

def arguments_1():
    return (1.5,)
"""


def test_shrinking_leaves_out_structures_that_nothing_names() -> None:
    program = FuzzProgram(1, STRUCTURES)
    small = shrink(program, lambda candidate: "Used()" in candidate.source.split("def program_1")[1])
    assert "class Used" in small.source and "Unused" not in small.source


def test_a_reproducer_is_a_script(tmp_path: Path) -> None:
    source = "def program_7(x, n):\n    return x * x * n\n\n\ndef arguments_7():\n    return (1.5, 2)\n"
    program = FuzzProgram(7, source)
    path = tmp_path / "found.py"
    path.write_text(reproducer(Outcome(program, "wrong reverse (compiled)", "leaf (0,): off by 1\nfound\n7.0")))
    made = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert path.read_text().splitlines()[1] == "# wrong reverse (compiled) (seed 7)"
    for line in ("plain Python: 4.5", "reference: (4.5, (6.0,))", "tape: (4.5, (6.0,))", "numba: (4.5, (6.0,))"):
        assert line in made.stdout, made.stdout
    assert "check of program_7: passed" in made.stdout


@pytest.mark.parametrize("compiled, programs", [(False, 42), (True, 6)], ids=["interpreted", "compiled"])
def test_no_disagreement(compiled: bool, programs: int) -> None:
    lines: list[str] = []
    summary = run(programs, 20_261_122, batch=3, compiled=compiled, report=lines.append)
    print(summary.line())
    assert summary.checked == programs
    assert not summary.disagreements, "\n".join(lines)
    assert summary.kink_share <= 0.05, summary.line()
