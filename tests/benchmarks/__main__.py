"""`python -m tests.benchmarks`: race the workloads, measure the other bars, write the table and the page."""
from __future__ import annotations

import os

for variable in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when the libraries are imported, below

import argparse  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402

from tests.benchmarks import first_gradient, panel, report  # noqa: E402
from tests.benchmarks.bars import Bar, call_overhead, heat_memory, predicting, recording  # noqa: E402
from tests.benchmarks.memory.bar import residual_memory  # noqa: E402
from tests.benchmarks.race import ROUNDS, race  # noqa: E402
from tests.benchmarks.tools import OWN, Tool, tools  # noqa: E402
from tests.benchmarks.workloads import WORKLOADS  # noqa: E402

BARS: dict[str, Callable[[], Bar]] = {
    "memory": heat_memory, "residuals": residual_memory, "call": call_overhead, "first": first_gradient.first_gradient,
    "first_short": first_gradient.short, "first_long": first_gradient.long, "first_warm": first_gradient.warm,
    "import": first_gradient.importing, "tape": recording, "cost": predicting,
    **panel.ANSWERS, "panel_typing": panel.key_to_frame, "panel_idle": panel.idle, "panel_size": panel.bundle,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of {', '.join((*WORKLOADS, *BARS))} (default: all)")
    parser.add_argument("--peers", nargs="*", default=None, metavar="TOOL",
                        help="which other tools take part (default: all; none after --peers: only our own)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each contender")
    parser.add_argument("--publish", action="store_true", help="write the table into tests/benchmarks/README.md")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - {*WORKLOADS, *BARS}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    names = chosen.names or [*WORKLOADS, *BARS]
    raced = [name for name in names if name in WORKLOADS]
    if raced:
        race_all(raced, ready(chosen.peers), chosen.rounds)
    if chosen.publish:
        report.publish(report.read())
    return measure_bars([name for name in names if name in BARS])


def ready(peers: list[str] | None) -> list[Tool]:
    """The tools that take part, installed; one that cannot be installed is named and left out."""
    every = tools()
    found = []
    for name, tool in every.items():
        if name in OWN or peers is None or name in peers:
            try:
                tool.install()
            except subprocess.CalledProcessError as error:
                print(f"{name} is left out, it cannot be installed: {error}", file=sys.stderr)
                continue
            found.append(tool)
    return found


def race_all(names: list[str], taking_part: list[Tool], rounds: int) -> None:
    """Race the workloads one after the other; what is measured is written after each."""
    versions = {tool.name: tool.versions() for tool in taking_part}
    for name in names:
        measured = race(WORKLOADS[name], taking_part, rounds=rounds)
        results = report.read()  # another run may have written meanwhile
        results["versions"].update(versions)
        report.kept(results, name, measured)
        results["workloads"] = {key: results["workloads"][key] for key in WORKLOADS if key in results["workloads"]}
        report.write(results)
        print(f"{name}: " + ", ".join(line(contender, said) for contender, said in measured["contenders"].items()),
              flush=True)


def line(name: str, said: dict[str, float]) -> str:
    if "out" in said:
        return f"{name} out ({said['out']})"
    if "median" not in said:
        return name
    return f"{name} {said['median'] * 1e6:.4g} µs ({report.cell(said)})"


def measure_bars(names: list[str]) -> int:
    """The bars that are no races; 1 if one falls short."""
    failures = 0
    for name in names:
        try:
            bar = BARS[name]()
        except Exception as error:  # one bar that cannot be measured must not hide the others
            failures += 1
            print(f"{name}: not measured: {type(error).__name__}: {error}", flush=True)
            continue
        failures += not bar.passed
        print(f"{bar.name}: {bar.measured:.2f} {bar.unit}, at most {bar.limit:.1f}: "
              f"{'pass' if bar.passed else 'falls short'}\n    {bar.note}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
