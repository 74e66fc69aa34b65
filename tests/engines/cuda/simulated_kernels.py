"""Gradients of functions that launch kernels of their own, against differences of the same functions in Numba's
simulator: `python -m tests.engines.cuda.simulated_kernels`.

    [names]   some of them    --items N,...    --engines numba,cuda    --seed N
A line of JSON for each: name, items, engine, how far value and slope are from the simulator's, and the slope in float32
from that in float64.
"""
from __future__ import annotations

import os

os.environ["NUMBA_ENABLE_CUDASIM"] = "1"  # read when Numba is imported

import argparse  # noqa: E402
import json  # noqa: E402
import warnings  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

import workbench as wb  # noqa: E402
from tests.engines.cuda.programs import single  # noqa: E402
from tests.engines.cuda.user_kernels import KERNELS, KernelCase  # noqa: E402
from workbench.engines.cuda.device import launched  # noqa: E402


def moved(case: KernelCase, args: tuple[Any, ...], ways: list[Any], by: float) -> tuple[Any, ...]:
    """Arguments a step further along a direction."""
    made = list(args)
    for k, way in zip(case.wrt, ways, strict=True):
        made[k] = made[k] + by * way
    return tuple(made)


def slope_of(case: KernelCase, args: tuple[Any, ...], ways: list[Any]) -> float:
    """The derivative along a direction, by differences of fourth order of what the simulator gives."""
    h = 2e-3
    near = case.function(*moved(case, args, ways, h)) - case.function(*moved(case, args, ways, -h))
    far = case.function(*moved(case, args, ways, 2 * h)) - case.function(*moved(case, args, ways, -2 * h))
    return float(8 * near - far) / (12 * h)


def main() -> None:
    """See the module's text."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("names", nargs="*")
    asked.add_argument("--items", default="0,1,13")
    asked.add_argument("--engines", default="numba")
    asked.add_argument("--seed", type=int)
    options = asked.parse_args()
    rng = np.random.default_rng(options.seed)
    warnings.simplefilter("ignore")
    for case in KERNELS:
        if options.names and case.name not in options.names:
            continue
        for items in map(int, options.items.split(",")):
            args = case.arguments(rng, items)
            ways = [rng.normal(size=np.shape(args[k])) if np.ndim(args[k]) else float(rng.normal()) for k in case.wrt]
            value, slope = float(case.function(*args)), slope_of(case, args, ways)
            for engine in options.engines.split(","):
                with launched(16, 4):
                    line = compared(case, args, ways, engine, value, slope)
                print(json.dumps({"name": case.name, "items": items, "engine": engine, **line}), flush=True)


def compared(case: KernelCase, args: tuple[Any, ...], ways: list[Any], engine: str, value: float, slope: float
             ) -> dict[str, Any]:
    """What a derivative gives against differences."""
    derivative = wb.value_and_grad(case.function, case.wrt, engine=engine)
    found, gradients = derivative(*args)
    along = sum(float(np.sum(np.asarray(g) * way)) for g, way in zip(gradients, ways, strict=True))
    narrow, narrow_gradients = wb.value_and_grad(case.function, case.wrt, engine=engine)(*single(args))
    size = max(float(np.sqrt(sum(np.sum(np.square(g)) for g in gradients))), 1.0)
    apart = max([float(np.max(np.abs(np.asarray(a) - np.asarray(b)), initial=0)) / size
                 for a, b in zip(gradients, narrow_gradients, strict=True)])
    return {"value": abs(found - value) / max(abs(value), 1.0), "slope": abs(along - slope) / size, "float32": apart,
            "kept": all(np.asarray(g).dtype == np.asarray(a).dtype for g, a in zip(
                narrow_gradients, [single(args)[k] for k in case.wrt], strict=True))}


if __name__ == "__main__":
    main()
