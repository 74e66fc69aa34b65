"""The wheel alone brings the panel into an environment: JupyterLab finds it there, and its page has it.

Installed is the wheel under test. In every session JupyterLab and the rest are taken from the environment that runs the
tests (they are on the path, but no other prefix is looked in for extensions); `make fresh` has pip fetch all that the
wheel asks for, as a user has it, and a browser opens the page.
"""
from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from tests.browser.conftest import Page, free_port

SEEN = re.compile(r"ad-workbench v\S+ enabled OK \(python, ad-workbench\)")


def environment(folder: Path) -> dict[str, str]:
    """Nothing of the user's or of the tests' own, but what says where to fetch packages from."""
    own = ("JUPYTER", "PYTHON", "WORKBENCH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    names = ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
    places = {name: str(folder / name.lower()) for name in names}
    return {**kept, **places, "PATH": f"{folder / 'fresh' / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def ran(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env=environment(folder), text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return re.sub(r"\x1b\[\d*m", "", done.stdout)


def fresh(folder: Path) -> Path:
    """The Python of a new environment, without pip."""
    ran([sys.executable, "-m", "venv", "--without-pip", "fresh"], folder)
    return folder / "fresh" / "bin" / "python"


def install(python: Path, *what: str) -> None:
    ran([sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", *what], python.parents[2])


def test_jupyterlab_finds_the_panel_of_the_wheel(wheel: Path, tmp_path: Path) -> None:
    python = fresh(tmp_path)
    install(python, "--no-deps", "--no-compile", str(wheel))
    site = sysconfig.get_path("purelib", vars={"base": str(tmp_path / "fresh")})
    Path(site, "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    found = ran([str(python), "-m", "jupyterlab.labextensions", "list"], tmp_path)
    place, = re.findall(r"^(/\S+/labextensions)$(?=(?:\n[ \t].*)*\n\s+ad-workbench )", found, re.MULTILINE)
    assert SEEN.search(found) and Path(place) == tmp_path / "fresh" / "share" / "jupyter" / "labextensions"
    where = ran([str(python), "-c", "import workbench, workbench_jupyter; print(workbench.__file__)"], tmp_path)
    assert Path(where.strip()).is_relative_to(site)


@pytest.mark.browser
@pytest.mark.sampled(0)
def test_a_new_environment_shows_the_panel(wheel: Path, tmp_path: Path) -> None:
    """Only the wheel, and what pip brings for it. (By `make fresh`: fetching takes a minute or two.)"""
    python = fresh(tmp_path)
    install(python, str(wheel))
    assert SEEN.search(ran(["jupyter", "labextension", "list"], tmp_path))
    port = free_port()
    flags = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=", "--allow-root",
             "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None"]
    with (tmp_path / "lab.log").open("wb") as log, subprocess.Popen(
        [str(python), "-m", "jupyterlab", *flags], cwd=tmp_path, env=environment(tmp_path), stdout=log,
        stderr=subprocess.STDOUT,
    ) as server:
        page = Page(tmp_path / "profile")
        try:
            deadline = time.monotonic() + 60
            while f"127.0.0.1:{port}/lab" not in (tmp_path / "lab.log").read_text():
                assert server.poll() is None and time.monotonic() < deadline, (tmp_path / "lab.log").read_text()
                time.sleep(0.2)
            page.driver.get(f"http://127.0.0.1:{port}/lab?reset")
            page.wait_for("window.jupyterapp")
            page.run("await jupyterapp.restored;")
            assert page.run("return jupyterapp.hasPlugin('ad-workbench:panel')")
            page.run("await jupyterapp.commands.execute('ad-workbench:open');")
            page.wait_for("document.querySelector('#ad-workbench-panel') && "
                          "document.querySelector('#ad-workbench-panel').getClientRects().length")
            page.check()
        finally:
            page.driver.quit()
            server.terminate()
            server.wait(20)
