"""The generator is sound, the shrinker shrinks, a short session finds no disagreement (`make fuzz`: fresh seeds)."""
from __future__ import annotations

import ast

import pytest

from tests.fuzz.expected import expected, functions, namespace
from tests.fuzz.generate import FuzzProgram, generate
from tests.fuzz.session import run
from tests.fuzz.shrink import shrink


def test_generation_is_deterministic() -> None:
    assert generate(5, 5) == generate(5, 5)
    assert generate(5, 5).source != generate(6, 6).source


def test_programs_run_and_their_reference_is_sound() -> None:
    references = [expected(generate(seed, seed)) for seed in range(150)]
    unsound = [reference for reference in references if reference.status != "sound"]
    assert len(unsound) <= 0.05 * len(references), [reference.reason for reference in unsound]


def test_programs_cover_the_language() -> None:
    text = "\n".join(generate(seed, seed).source for seed in range(300))
    kinds = {type(node) for node in ast.walk(ast.parse(text))}
    assert kinds >= {ast.For, ast.While, ast.If, ast.IfExp, ast.Break, ast.Continue, ast.Return, ast.BoolOp,
                     ast.Lambda, ast.Tuple, ast.Dict, ast.List, ast.AugAssign, ast.Slice, ast.Compare, ast.Not}
    for phrase in ("np.add.at(", "out=", ".copy()", "[::-1]", "m.T[", "enumerate(", "zip(", "else:", "elif ",
                   ".cells[", '["value"]', "np.where(", "helper_", "t=", "len("):
        assert phrase in text, phrase


def test_arguments_are_fresh_at_each_call() -> None:
    program = generate(3, 3)
    arguments = functions(program, namespace(program))[1]
    first, second = arguments(), arguments()
    first[2][:] = 0.0
    assert second[2].any()


def test_shrinking_keeps_the_failure_and_removes_the_rest() -> None:
    (program,) = [found for found in (generate(seed, seed) for seed in range(400))
                  if "np.add.at(" in found.source and found.source.count("\n") > 40][:1]

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


@pytest.mark.parametrize("compiled, programs", [(False, 150), (True, 24)], ids=["interpreted", "compiled"])
def test_no_disagreement(compiled: bool, programs: int) -> None:
    lines: list[str] = []
    summary = run(programs, 20_261_122, batch=3, compiled=compiled, report=lines.append)
    print(summary.line())
    assert summary.checked == programs
    assert not summary.disagreements, "\n".join(lines)
    assert summary.kink_share <= 0.05, summary.line()
