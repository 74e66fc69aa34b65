"""Programs that end in loops that add up: what a reverse sweep may run in one pass, and what looks like it.

Drawn apart from everything else, so that the programs before stay what they are.
"""
from __future__ import annotations

from random import Random

from tests.fuzz.scope import Scope

SHARE = 0.4
TERMS = (
    ("{t} += np.sin({a}[{i}]) * {c}",), ("{t} -= {a}[{i}] ** 2 * {s}",), ("{t} = {c} * {a}[{i}] + {t}",),
    ("{y} = {a}[{i}] * {c}", "for {j} in range(2):", "    {y} = np.sin({y}) + {c} * {a}[{i}]", "{t} += {y} * {a}[0]"),
    ("{y} = {s}", "while abs({y}) > 0.4:", "    {y} = 0.5 * {y} * np.cos({a}[{i}])", "    {t} += {y}"),
    ("for {j} in range({i} + 1):", "    {t} += {a}[{i}] * {b}[{j}] * {c}"),
    ("for {j} in range(2):", "    if {a}[{i}] > {c}:", "        {t} += np.exp(-{a}[{i}] ** 2)", "    else:",
     "        {t} -= {s} * {a}[{i}]"),
    ("if {a}[{i}] < {c}:", "    {t} += {b}[{i} % len({b})] * {s}"),
    ("{r} = np.empty(3)", "{r}[0] = {a}[{i}]", "for {j} in range(1, 3):",
     "    {r}[{j}] = np.sin({r}[{j} - 1]) + {r}[{j} - 1] * {c}", "    {r}[{j} - 1] *= {r}[{j}]", "{t} += {r}.sum()"),
    ("{t} += {c} * {u}",), ("{t} += np.sin({t} * 0.1) * {a}[{i}]",), ("{t} += {a}[{i}]", "{u} += {t} * 0.1"),
    ("{t}, {u} = {u} + {a}[{i}] * {c}, {t}",), ("{a}[{i}] = 0.5 * {a}[{i}]", "{t} += {a}[{i}] * {s}"),
    ("{t} += {a}[{i}] * {s}", "{a}[{i}] = {c}"), ("{y} = {s} * {a}[{i}]", "{t} += {y}", "{u} -= {y} * {y}"),
    ("if {t} > 1.5:", "    break", "{t} += {a}[{i}] * {a}[{i}]"),
)
ENDS = ("{c} * {t}", "{t}", "{t} * {t} * 0.1", "np.sin({t})", "{t} * {s}", "{t} / len({a})", "{t} + {a}[0]",
        "{t} - {u}")


def closing(seed: int, scope: Scope) -> tuple[list[str], str]:
    """Lines of loops, and what to add to the result; nothing for some programs."""
    random = Random(f"sums {seed}")
    arrays = [name for name, vector in scope.arrays.items() if vector.kind == "d" and vector.length]
    if random.random() >= SHARE or not arrays:
        return [], ""
    lines: list[str] = []
    ends = []
    for k in range(random.randint(1, 2)):
        a, b = random.choice(arrays), random.choice(arrays)
        names = {"t": f"t_{k}", "u": f"u_{k}", "y": f"y_{k}", "i": f"i_{k}", "j": f"j_{k}", "r": f"r_{k}", "a": a,
                 "b": b if scope.arrays[b].length == scope.arrays[a].length else a, "s": random.choice(scope.scalars)}

        def filled(text: str, names: dict[str, str] = names) -> str:
            return text.format(c=f"{random.uniform(0.2, 0.9):.3f}", **names)
        start = random.choice(("0.0", "1.0", names["s"], *([f"t_{k - 1}"] if k else [])))
        lines += [filled(f"{{t}} = {start}"), filled("{u} = {s}"), filled("for {i} in range(len({a})):")]
        for term in random.sample(TERMS, random.randint(1, 2)):
            lines += ["    " + filled(line) for line in term]
        ends.append(filled(random.choice(ENDS)))
        if random.random() < 0.3:
            lines.append(filled(random.choice(("{a}[0] = {t}", "{a}[:] *= {c}", "{u} += {t} * {c}", "{t} *= {s}"))))
    return ["    " + line for line in lines], "".join(f" + {end}" for end in ends)
