"""The code of every program of `programs`, without a GPU: `make gpu-code`, or with names of programs.

For each architecture: kernels, registers, spilled bytes, machine instructions of the derivative over those of the
function, and arithmetic in float64 in kernels of float32. What sm_90 had is kept in code.json, and said where it is
another figure today; `--keep` writes it anew.
"""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

import workbench as wb
from tests.engines.cuda.programs import CASES, single
from workbench.engines.cuda.code import CudaCode

KEPT = Path(__file__).with_name("code.json")
KEPT_FOR = "sm_90"
ARCHITECTURES = ("sm_80", "sm_90", "sm_100")


def figures(code: CudaCode) -> dict[str, int]:
    """What is kept of a program's code."""
    return {"kernels": len(code.kernels), "registers": code.registers, "spilled": code.spills,
            "instructions": code.instructions}


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
        ratios = []
        print(f"{arch}\n{'program':18} {'dtype':8} kernels registers spilled instructions  ratio  float64")
        for case in CASES:
            if options.names and case.name not in options.names:
                continue
            args = case.arguments(np.random.default_rng(0), 70)
            for dtype, given in (("float64", args), ("float32", single(args))):
                try:
                    code = wb.compile_cuda(case.derivative("numba"), *given, arch=arch)
                    primal = wb.compile_cuda(case.primal, *given, arch=arch)
                except wb.DifferentiationError as error:
                    print(f"{case.name:18} {dtype:8} {str(error).splitlines()[0]}", flush=True)
                    failed += 1
                    continue
                ratio = code.instructions / primal.instructions
                doubles = sorted({name for k in code.kernels for name in k.doubles}) if dtype == "float32" else []
                if dtype == "float32":
                    ratios.append(ratio)
                found = figures(code)
                before = kept.get(f"{case.name} {dtype}", found) if arch == KEPT_FOR else found
                if arch == KEPT_FOR:
                    kept[f"{case.name} {dtype}"] = found
                print(f"{case.name:18} {dtype:8} {len(code.kernels):7} {code.registers:9} {code.spills:7} "
                      f"{code.instructions:12} {ratio:6.2f}  {' '.join(doubles)}"
                      f"{'' if found == before else f'  was {before}'}", flush=True)
        if ratios:
            print(f"derivative over function, float32, geometric mean: {np.exp(np.mean(np.log(ratios))):.2f}")
    if options.keep:
        KEPT.write_text("{\n" + ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in kept.items()) + "\n}\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
