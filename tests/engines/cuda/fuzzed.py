"""Random programs as kernels, thread by thread with every access watched, against the interpreter:
`python -m tests.engines.cuda.fuzzed --minutes 5`. It stops at the first disagreement, and prints the program.
"""
from __future__ import annotations

import argparse
import secrets
import sys
import time
import warnings
from collections import Counter
from typing import Any

import numpy as np

import workbench as wb
from tests.engines.cuda.watched import Device
from tests.fuzz.check import loaded
from tests.fuzz.expected import wrt
from tests.fuzz.generate import FuzzProgram, generate
from workbench.engines.cuda import CudaCompiler
from workbench.engines.cuda.problems import Problem
from workbench.engines.reference import Interpreted


def outcome(program: FuzzProgram, seed: int) -> str:
    """What was found of the value and gradient of one program."""
    with loaded([program]) as module:
        function = getattr(module, f"program_{program.number}")
        args = getattr(module, f"arguments_{program.number}")()
        derivative = wb.value_and_grad(function, wrt(args))
        try:
            made = derivative.made_by(CudaCompiler(), args)
            reference = derivative.made_by(Interpreted(), args)
        except wb.DifferentiationError as error:
            return f"refused: {str(error).splitlines()[0]}"
        except Exception as error:
            return f"raises while it is traced: {type(error).__name__}"
        data, _ = made.door.enter(made.pick(args))
        mine, theirs = ([np.array(v) if isinstance(v, np.ndarray) else v for v in data] for _ in range(2))
        rng = np.random.default_rng(seed)
        device = Device(*[(8, 3), (4, 1), (2, 64)][seed % 3], seed=int(rng.integers(1000)))
        try:
            want: Any = reference.compiled.entry(*theirs)
        except Exception as error:
            want = error
        try:
            got: Any = device.run(made.compiled.program, tuple(mine))
        except Problem:
            return "raises" if isinstance(want, Exception) else "RAISES, and should not"
        except (ArithmeticError, ValueError, IndexError, AssertionError, TypeError, wb.DifferentiationError) as error:
            return "raises" if isinstance(want, Exception) else f"RAISES {type(error).__name__}: {error}"
        if isinstance(want, Exception):
            return f"DOES NOT RAISE {type(want).__name__}"
        wanted = want if isinstance(want, tuple) else (want,)
        for k, (a, b) in enumerate(zip(got, wanted, strict=True)):
            a, b = np.asarray(a), np.asarray(b)
            narrow = b.dtype == np.float32 or bool({"singles", "narrow"} & program.features)
            size = float(np.abs(b[np.isfinite(b)]).max(initial=0.0)) if b.dtype.kind in "fc" else 0.0
            if a.shape != b.shape or (b.ndim and a.dtype != b.dtype) or not np.allclose(
                    a, b, 1e-4 if narrow else 1e-8, (1e-5 if narrow else 1e-9) * size, equal_nan=True):
                return f"DIFFERS in result {k}: {a} for {b}"
        kernels = made.compiled.program.kernels
        return "agrees, with threads" if any(k.parallel is not None for k in kernels) else "agrees"


def main() -> int:
    """Until the time is over."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--minutes", type=float, default=1.0)
    asked.add_argument("--seed", type=int)
    asked.add_argument("--go-on", action="store_true")
    options = asked.parse_args()
    first = secrets.randbelow(2**31) if options.seed is None else options.seed
    end = time.monotonic() + 60 * options.minutes
    counts: Counter[str] = Counter()
    warnings.simplefilter("ignore")
    failed = 0
    seed = first
    with np.errstate(all="ignore"):
        while time.monotonic() < end:
            program = generate(seed, seed - first)
            try:
                text = outcome(program, seed)
            except Exception as error:
                text = f"FAILS {type(error).__name__}: {error}"
            counts[text.split(":")[0] if not text.startswith("refused") else text[:60]] += 1
            if text.split()[0].isupper():
                failed += 1
                print(f"seed {seed}: {text[:500]}\n{program.source if not options.go_on else ''}", flush=True)
                if not options.go_on:
                    break
            seed += 1
    print(f"{seed - first} programs from seed {first}, {failed} disagreements")
    for text, n in counts.most_common(14):
        print(f"{n:6}  {text}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
