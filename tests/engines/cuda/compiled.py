"""The code of every program of `programs`, without a GPU: `make gpu-code`, or with names of programs.

For each architecture: kernels, registers, spilled bytes, machine instructions of the derivative over those of the
function, and arithmetic in float64 in kernels of float32.
"""
from __future__ import annotations

import argparse
import sys

import numpy as np

import workbench as wb
from tests.engines.cuda.programs import CASES, single

ARCHITECTURES = ("sm_80", "sm_90", "sm_100")


def main() -> int:
    """The table; 1 where something does not compile."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("names", nargs="*")
    asked.add_argument("--arch", default=",".join(ARCHITECTURES))
    options = asked.parse_args()
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
                print(f"{case.name:18} {dtype:8} {len(code.kernels):7} {code.registers:9} {code.spills:7} "
                      f"{code.instructions:12} {ratio:6.2f}  {' '.join(doubles)}", flush=True)
        if ratios:
            print(f"derivative over function, float32, geometric mean: {np.exp(np.mean(np.log(ratios))):.2f}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
