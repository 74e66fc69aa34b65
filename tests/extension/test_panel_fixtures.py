"""The answers that the panel's own tests are made with are what the kernel answers.

`python -m tests.extension.test_panel_fixtures` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from workbench_jupyter.live import packed
from workbench_jupyter.panel.session import Session

FOLDER = Path(__file__).resolve().parents[2] / "extension" / "labextension" / "test" / "fixtures"
OF_THE_MACHINE = ("key", "seconds", "time")
HEAT = """def heat(u, kappa, steps):
    for step in range(steps):
        for i in range(1, len(u) - 1):
            u[i] += kappa * (u[i - 1] - 2 * u[i] + u[i + 1])
    return np.sum(u * u)
"""
OTHERS = [{"id": "imports", "source": "import numpy as np"}, {"id": "calls", "source": "heat(np.ones(1000), 0.2, 10)"}]


def analyse(source: str, line: int) -> dict[str, Any]:
    return {"what": "analyse", "cell": {"id": "cell", "source": source, "line": line}, "others": OTHERS,
            "arguments": None, "wrt": None, "sizes": None}


def asked() -> dict[str, dict[str, Any]]:
    """Questions and their answers, by the name of the file that holds them."""
    session = Session(lambda: {})
    found: dict[str, dict[str, Any]] = {}

    def ask(name: str, question: dict[str, Any]) -> Any:
        answer = json.loads(json.dumps(packed(session.answer(question), [])))
        found[name] = {"question": question, "answer": answer}
        return answer

    key = ask("analysis", analyse(HEAT, 4))["key"]
    ask("at", {"what": "at", "key": key, "sizes": {"n": 5000, "steps": 100}})
    ask("change", analyse(HEAT.replace("2 * u[i]", "2.0 * np.sin(u[i])"), 4))
    with patch("workbench_jupyter.panel.session.SOON", 0.0):
        key = ask("pending", {**analyse(HEAT.replace("kappa *", "2.0 * kappa *"), 4), "parts": True})["key"]
        ask("gradient", {"what": "gradient", "key": key, "sizes": None})
    ask("nothing", analyse("x = 3\n", 1))
    ask("problem", analyse(HEAT.replace("range(steps):", "range(steps)"), 2))
    return found


def lasting(value: Any) -> Any:
    """An answer without what another machine says otherwise."""
    if isinstance(value, dict):
        return {name: lasting(item) for name, item in value.items()
                if name not in OF_THE_MACHINE and value.get("what") != "time"}
    return [lasting(item) for item in value] if isinstance(value, list) else value


def test_the_panels_fixtures_are_what_the_kernel_answers() -> None:
    for name, found in asked().items():
        assert lasting(json.loads((FOLDER / f"{name}.json").read_text("utf-8"))) == lasting(found), name


if __name__ == "__main__":
    for name, found in asked().items():
        (FOLDER / f"{name}.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")
