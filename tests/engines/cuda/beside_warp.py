"""Registers and machine instructions of five of `programs` beside those of NVIDIA's Warp, both in float32 and compiled
without a device: `python -m tests.engines.cuda.beside_warp`.

    --arch sm_90    --warp PYTHON    an interpreter with `warp-lang` (the one that runs this, unless said)
Ours: all kernels of the function, and of its derivative (with fills, and sums of a block). Warp's: the forward kernels,
and the backward ones, which run the forward part again; it fills with zeros elsewhere, and its sums are atomic.
"""
from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import workbench as wb
from tests.engines.cuda.programs import CASES, single
from workbench.engines.cuda.code import _FRAME, _INSTRUCTION, _REGISTERS, CudaCode, _run, _tools

NAMES = ("taylor_sine", "lotka_volterra", "black_scholes", "n_body", "stencil")
_ENTRY = re.compile(r"Compiling entry function '(\w+)'")
_SECTION = re.compile(r"^\s*\.section\s+\.text\.(\w+)")
Figures = tuple[int, int, int, int]  # kernels, registers at most, spilled bytes, instructions


def of_warp(python: str, arch: str) -> dict[tuple[str, str], Figures]:
    """By program, and "forward" or "backward"."""
    with tempfile.TemporaryDirectory() as folder:
        command = [python, str(Path(__file__).with_name("warp_kernels.py")), folder, arch.removeprefix("sm_")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"Warp compiles nothing here:\n{done.stderr or done.stdout}")
        (text,) = Path(folder).glob("*.ptx")
        binary = Path(folder) / "kernels.cubin"
        text.write_bytes(text.read_bytes().rstrip(b"\0"))
        tools = _tools()
        said = _run(tools["ptxas"], "-v", f"-arch={arch}", str(text), "-o", str(binary))
        sass = _run(tools["nvdisasm"], "-c", str(binary))
    sizes: dict[str, int] = {}
    section = ""
    for row in sass.splitlines():
        started = _SECTION.match(row)
        section = started.group(1) if started is not None else section
        found = _INSTRUCTION.match(row)
        if found is not None and found.group(1) != "NOP":
            sizes[section] = sizes.get(section, 0) + 1
    parts = _ENTRY.split(said)
    figures: dict[tuple[str, str], Figures] = {}
    for entry, facts in zip(parts[1::2], parts[2::2], strict=True):
        (registers,) = map(int, _REGISTERS.findall(facts))
        spilled = sum(int(stores) + int(loads) for _, stores, loads in _FRAME.findall(facts))
        name = next(n for n in NAMES if entry.startswith(n))
        way = "forward" if entry.endswith("forward") else "backward"
        count, most, spills, size = figures.get((name, way), (0, 0, 0, 0))
        figures[name, way] = count + 1, max(most, registers), spills + spilled, size + sizes[entry]
    return figures


def ours(code: CudaCode) -> Figures:
    """Those of a program of ours."""
    return len(code.kernels), code.registers, code.spills, code.instructions


def main() -> None:
    """The table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--arch", default="sm_90")
    asked.add_argument("--warp", default=sys.executable)
    options = asked.parse_args()
    theirs = of_warp(options.warp, options.arch)
    print(f"{options.arch}, float32: kernels, registers, spilled bytes, instructions")
    print(f"{'':16} {'function':>24} {'Warp forward':>24} {'derivative':>24} {'Warp backward':>24}")
    for case in (c for name in NAMES for c in CASES if c.name == name):
        args = single(case.arguments(np.random.default_rng(0), 70))
        primal = ours(wb.compile_cuda(case.primal, *args, arch=options.arch))
        derivative = ours(wb.compile_cuda(case.derivative("numba"), *args, arch=options.arch))
        columns = (primal, theirs[case.name, "forward"], derivative, theirs[case.name, "backward"])
        print(f"{case.name:16} " + " ".join("".join(f"{n:6}" for n in column) for column in columns), flush=True)


if __name__ == "__main__":
    main()
