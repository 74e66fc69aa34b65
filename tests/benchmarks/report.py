"""What was measured, as JSON, as a table in Markdown, and as a page with a plotly figure.

Ratios are of medians, over the fastest primal of the same race: the user's program under `njit`, the same with NumPy's
errors, and ours as emitted. Results are kept by workload, so that a part can be measured again.
"""
from __future__ import annotations

import json
import math
import os
import platform
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from tests.benchmarks.workloads import WORKLOADS

FOLDER = Path(__file__).parent.parent.parent / ".build" / "benchmarks"
README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- latest: begin -->", "<!-- latest: end -->"
BUSY = 0.8  # load of a machine, beyond the benchmark's own process, at which figures are not to be trusted

Results = dict[str, Any]


def cpu() -> str:
    """The processor's name."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found.group(1) if found else platform.processor() or platform.machine()


def read() -> Results:
    """The results so far."""
    path = FOLDER / "results.json"
    return json.loads(path.read_text()) if path.exists() else {"workloads": {}, "versions": {}}


def kept(results: Results, name: str, measured: dict[str, Any]) -> None:
    """Put a race's result to those that there are: contenders that did not take part keep their place."""
    before = results["workloads"].get(name, {}).get("contenders", {})
    took_part = measured["contenders"]
    ratio = primal_of(took_part)
    for contender in took_part.values():
        if "median" in contender and ratio:
            contender["ratio"] = contender["median"] / ratio
    measured["contenders"] = {**before, **took_part}
    results["workloads"][name] = measured


def primal_of(contenders: dict[str, Any]) -> float | None:
    """Seconds of the fastest primal."""
    found = [c["median"] for name, c in contenders.items() if name.startswith("primal") and "median" in c]
    return min(found, default=None)


def columns(results: Results) -> list[str]:
    """Contenders that appear anywhere, primals left out."""
    names = dict.fromkeys(name for row in results["workloads"].values() for name in row["contenders"])
    first = [name for name in ("workbench", "hand") if name in names]
    return [*first, *(name for name in names if name not in first and not name.startswith("primal"))]


def cell(contender: dict[str, Any] | None) -> str:
    if contender is None:
        return ""
    if "ratio" not in contender:
        return "out"
    text = brief(contender["ratio"])
    return f"{text} **wrong**" if contender.get("wrong") else text


def brief(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 100 else f"{ratio:,.0f}"


def mean(results: Results, name: str, jacobians: bool) -> str:
    """The geometric mean of a contender's ratios, and over how many workloads (with or without Jacobians)."""
    ratios = [row["contenders"][name]["ratio"] for key, row in results["workloads"].items()
              if "ratio" in row["contenders"].get(name, {})
              and (jacobians or WORKLOADS[key].derivative != "jacobian")]
    return f"{brief(math.exp(sum(map(math.log, ratios)) / len(ratios)))} ({len(ratios)})" if ratios else ""


def table(results: Results) -> str:
    """Ratios by workload and contender; then who is out, or wrong, and why."""
    names = columns(results)
    lines = ["| workload | primal, ms | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
    for row in results["workloads"].values():
        contenders = row["contenders"]
        primal = primal_of(contenders)
        lines.append(f"| {row['title']} | {primal * 1e3:.3g} | " if primal else f"| {row['title']} | – | ")
        lines[-1] += " | ".join(cell(contenders.get(name)) for name in names) + " |"
    for what, jacobians in (("", True), (", Jacobians left out", False)):
        lines.append(f"| **geometric mean (of how many){what}** | | " + " | ".join(
            mean(results, name, jacobians) for name in names) + " |")
    return "\n".join([*lines, "", *remarks(results)])


def remarks(results: Results) -> list[str]:
    """Who is out or wrong, workloads of the same reason together."""
    said: dict[str, list[str]] = {}
    for workload, row in results["workloads"].items():
        for name, contender in row["contenders"].items():
            if "out" in contender and not name.startswith("primal"):
                said.setdefault(f"{name}, out: {contender['out']}", []).append(workload)
            elif contender.get("wrong"):
                said.setdefault(f"{name}, wrong by {contender['apart']:.1e}", []).append(workload)
    return [f"- {reason} ({', '.join(workloads)})" for reason, workloads in said.items()]


def our_ratio(results: Results, names: list[str]) -> float | None:
    """Our derivative over the primal: the better of several ways to write the same problem."""
    rows = [results["workloads"][name]["contenders"] for name in names if name in results["workloads"]]
    ours = [row["workbench"]["median"] for row in rows if "median" in row.get("workbench", {})]
    primals = [primal for row in rows if (primal := primal_of(row)) is not None]
    return min(ours) / min(primals) if ours and primals else None


def suites(results: Results) -> str:
    """Ours beside what was published of other tools on the same problems; how far ahead we are over each tool's."""
    published = tomllib.loads((Path(__file__).parent / "published.toml").read_text())
    problems = published.pop("problems")
    ours = {problem: our_ratio(results, names) for problem, names in problems.items()}
    lines = ["| problem of the suites | ours | " + " | ".join(published) + " |", "|---|---|" + "---|" * len(published)]
    for problem, ratio in ours.items():
        theirs = (f"{of[problem]:g}" if problem in of else "–" for of in published.values())
        lines.append(f"| {problem} | {'–' if ratio is None else f'{ratio:.2f}'} | " + " | ".join(theirs) + " |")
    ahead = []
    for of in published.values():
        both = [math.log(theirs / ratio) for problem, theirs in of.items() if (ratio := ours[problem]) is not None]
        ahead.append(f"{math.exp(sum(both) / len(both)):.2f}" if both else "–")
    lines.append("| **theirs over ours, geometric mean** | | " + " | ".join(ahead) + " |")
    return "\n".join(lines)


def text_of(results: Results) -> str:
    """All that is said in Markdown."""
    return (f"{circumstances(results)}\n\n{table(results)}\n\nDerivative over primal on the suites' problems, beside "
            f"figures measured beforehand, over C++ primals:\n\n{suites(results)}\n")


def circumstances(results: Results) -> str:
    """When, where, with what; and whether the machine was free."""
    loads = [row["load"] for row in results["workloads"].values()]
    free = max(loads, default=0.0) < BUSY + 1.0
    versions = "; ".join(f"{tool}: " + ", ".join(f"{k} {v}" for k, v in of.items())
                         for tool, of in results["versions"].items())
    state = ("The machine was otherwise idle." if free else
             f"**The machine was busy** (load {min(loads):.1f} to {max(loads):.1f}): expect ±20 % and more.")
    return (f"Measured {time.strftime('%Y-%m-%d')} on {cpu()} ({os.cpu_count()} cores), Python "
            f"{platform.python_version()}, one thread, one core. {state}\n\nVersions: {versions}.")


def page(results: Results) -> str:
    """A figure of all ratios, logarithmic, quartiles as bars."""
    figure = go.Figure()
    for name in columns(results):
        rows = [row for row in results["workloads"].values() if "ratio" in row["contenders"].get(name, {})]
        found = [row["contenders"][name] for row in rows]
        scale = [c["ratio"] / c["median"] for c in found]
        figure.add_scatter(
            y=[row["title"] for row in rows], x=[c["ratio"] for c in found], name=name, mode="markers",
            error_x={"type": "data", "symmetric": False,
                     "array": [(c["upper"] - c["median"]) * s for c, s in zip(found, scale)],
                     "arrayminus": [(c["median"] - c["lower"]) * s for c, s in zip(found, scale)]})
    figure.update_layout(xaxis={"type": "log", "title": "derivative over primal"}, height=120 + 34 * len(
        results["workloads"]), yaxis={"autorange": "reversed", "automargin": True}, title="Derivatives over primals")
    return figure.to_html(include_plotlyjs=True, full_html=True)


def write(results: Results) -> None:
    """The three files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "results.json").write_text(json.dumps(results, indent=1))
    (FOLDER / "table.md").write_text(text_of(results))
    (FOLDER / "page.html").write_text(page(results), encoding="utf-8")


def publish(results: Results) -> None:
    """The table into the README of the benchmarks."""
    text = README.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(f"{before}{BEGIN}\n{text_of(results)}{END}{after}")
