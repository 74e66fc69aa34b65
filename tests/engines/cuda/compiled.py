"""The code of every program of `programs`, and of `user_kernels`, without a GPU: `make gpu-code`, or with names.

For each architecture: kernels, registers, spilled bytes, machine instructions of the derivative over those of the
function, and arithmetic in float64 in kernels of float32. What there was is kept in code.json, and said where it is
another figure today; `--keep` writes it anew. It ends with 1 where something does not compile or misses a bar.
"""
from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import workbench as wb
from tests.engines.cuda.programs import CASES, Case, single
from tests.engines.cuda.user_kernels import cases

ALL = [*CASES, *cases()]
KEPT = Path(__file__).with_name("code.json")
ARCHITECTURES = ("sm_80", "sm_90", "sm_100")
#: In float32: derivatives that spill nothing, at least; instructions over those of the function, geometric mean.
WITHOUT_SPILLS, RATIO = 18, 3.5
#: Programs with a sine or cosine: for arguments beyond 1e5, NVIDIA's function reduces them by products in float64.
REDUCING = frozenset({"reductions", "pendulum"})
Figures = dict[str, Any]


def figures(case: Case, args: Sequence[Any], arch: str) -> Figures:
    """What is kept of a program's derivative; ratio: its instructions over those of the function."""
    code = wb.compile_cuda(case.derivative("numba"), *args, arch=arch)
    primal = wb.compile_cuda(case.primal, *args, arch=arch)
    narrow = any(np.asarray(a).dtype == np.float32 for a in args)
    return {"kernels": len(code.kernels), "registers": code.registers, "spilled": code.spills,
            "instructions": code.instructions,
            "ratio": round(code.instructions / primal.instructions, 2),
            "float64": sorted({name for k in code.kernels for name in k.doubles}) if narrow else []}


def missed(found: Mapping[str, Figures]) -> list[str]:
    """The bars that the programs of an architecture miss. (Of users' kernels the figures are kept, and no more: how
    long their derivatives are depends on what they share.)"""
    named = {f"{case.name} float32": case.name for case in CASES}
    narrow = {named[key]: entry for key, entry in found.items() if key in named}
    wrong = [f"float64 in {name}: {' '.join(entry['float64'])}" for name, entry in narrow.items()
             if entry["float64"] and name not in REDUCING]
    if sum(entry["spilled"] == 0 for entry in narrow.values()) < WITHOUT_SPILLS:
        wrong.append("too many derivatives spill")
    if mean_ratio(narrow.values()) > RATIO:
        wrong.append("derivatives are too long")
    return wrong


def mean_ratio(entries: Iterable[Figures]) -> float:
    """Instructions of derivatives over those of functions, geometric mean."""
    return float(np.exp(np.mean([np.log(entry["ratio"]) for entry in entries])))


def main() -> int:
    """The table; 1 where something does not compile."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("names", nargs="*")
    asked.add_argument("--arch", default=",".join(ARCHITECTURES))
    asked.add_argument("--keep", action="store_true")
    options = asked.parse_args()
    kept = json.loads(KEPT.read_text())
    failed = 0
    for arch in options.arch.split(","):
        made: dict[str, Figures] = {}
        before = kept.setdefault(arch, {})
        print(f"{arch}\n{'program':18} {'dtype':8} kernels registers spilled instructions  ratio  float64")
        for case in ALL:
            if options.names and case.name not in options.names:
                continue
            args = case.arguments(np.random.default_rng(0), 70)
            for dtype, given in (("float64", args), ("float32", single(args))):
                key = f"{case.name} {dtype}"
                try:
                    found = made[key] = figures(case, given, arch)
                except wb.DifferentiationError as error:
                    print(f"{case.name:18} {dtype:8} {str(error).splitlines()[0]}", flush=True)
                    failed += 1
                    continue
                was = before.get(key, found)
                changed = ", ".join(f"{name} {was[name]}" for name in found if found[name] != was[name])
                print(f"{case.name:18} {dtype:8} {found['kernels']:7} {found['registers']:9} {found['spilled']:7} "
                      f"{found['instructions']:12} {found['ratio']:6.2f}  {' '.join(found['float64'])}"
                      f"{f'  was: {changed}' if changed else ''}", flush=True)
        for what, kind in (("", CASES), (", users' kernels", cases())):
            narrow = [made[f"{case.name} float32"] for case in kind if f"{case.name} float32" in made]
            if narrow:
                print(f"derivative over function, float32{what}, geometric mean: {mean_ratio(narrow):.2f}")
        wrong = missed(made) if not options.names else []
        failed += len(wrong)
        print("\n".join(wrong))
        before.update(made)
    if options.keep:
        KEPT.write_text(written(kept))
    return int(failed > 0)


def written(kept: Mapping[str, Mapping[str, Figures]]) -> str:
    """The table as JSON, a line for each program."""
    parts = [",\n".join(f"  {json.dumps(key)}: {json.dumps(entry)}" for key, entry in entries.items())
             for entries in kept.values()]
    return "{\n" + ",\n".join(f' "{arch}": {{\n{part}\n }}' for arch, part in zip(kept, parts, strict=True)) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
