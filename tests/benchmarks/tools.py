"""The tools of `tools.toml`, each in its environment, which is made when it is first needed: `.build/peers/<tool>`."""
from __future__ import annotations

import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE.parent.parent / ".build" / "peers"
OWN = ("numba", "workbench")  # what every other tool is measured against


@dataclass(frozen=True)
class Tool:
    """One tool: its module of `contenders/`, the names it has there, and the packages of its environment."""

    name: str
    module: str
    contenders: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    index: str = ""

    @property
    def python(self) -> str:
        """The interpreter that has the tool."""
        return str(PEERS / self.name / "bin" / "python") if self.requirements else sys.executable

    def install(self) -> None:
        """Make the environment, if it is not there with these very packages."""
        if not self.requirements:
            return
        folder, wanted = PEERS / self.name, "\n".join((*self.requirements, self.index))
        stamp = folder / "requirements.txt"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        venv.create(folder, with_pip=True, clear=True)
        index = ["--index-url", self.index] if self.index else []
        subprocess.run([self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *index,
                        *self.requirements], check=True)
        stamp.write_text(wanted)

    def versions(self) -> dict[str, str]:
        """Versions of what matters in its environment."""
        names = ["numpy", "scipy", "numba", "llvmlite"] + [
            requirement.split("==")[0] for requirement in self.requirements]
        code = ("import importlib.metadata as m, sys\n"
                "for name in sys.argv[1:]:\n"
                "    try: print(name, m.version(name))\n"
                "    except m.PackageNotFoundError: pass")
        done = subprocess.run([self.python, "-c", code, *names], check=True, capture_output=True, text=True)
        return {line.split()[0]: line.split()[1] for line in done.stdout.splitlines()}


def tools() -> dict[str, Tool]:
    """All tools, by name."""
    read = tomllib.loads((HERE / "tools.toml").read_text())
    return {name: Tool(name, entry["module"], tuple(entry["contenders"]), tuple(entry.get("requirements", ())),
                       entry.get("index", "")) for name, entry in read.items()}
