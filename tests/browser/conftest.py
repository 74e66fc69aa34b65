"""`make lab` on a free port with directories of its own, and a headless Chromium that looks at it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

CHROMIUM_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --force-device-scale-factor=1"
)
START_SECONDS = 60


@dataclass
class Lab:
    """A running JupyterLab: where the opened notebook is, what the server printed, and a folder for new notebooks."""

    url: str
    log: Path
    folder: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def opened_url(log: Path, process: subprocess.Popen[bytes]) -> str:
    """The address that the server printed for its own browser."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = re.search(r"http://127\.0\.0\.1:\d+/lab\S*quickstart\.ipynb\S*", log.read_text())
        if found:
            return found.group(0)
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(f"make lab did not come up:\n{log.read_text()[-3000:]}")


@contextmanager
def running_lab(project_root: Path, home: Path) -> Iterator[Lab]:
    """`make lab` as a user starts it, but for the browser; the committed notebook is put back afterwards."""
    directories = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "XDG_CACHE_HOME")
    environment = dict(os.environ, **{name: str(home / name.lower()) for name in directories})
    # the panel of the wheel under test, or of these sources, whatever the environment has
    built = os.environ.get("WORKBENCH_TESTED_FROM", str(project_root / "extension"))
    environment["JUPYTER_PATH"] = str(Path(built, "share", "jupyter"))
    saving = home / "jupyter_config_dir" / "lab" / "user-settings" / "@jupyterlab" / "docmanager-extension"
    saving.mkdir(parents=True)
    (saving / "plugin.jupyterlab-settings").write_text('{"autosave": false}')
    flags = f"--no-browser --ip=127.0.0.1 --port={free_port()} --LabApp.expose_app_in_browser=True"
    notebook = project_root / "notebooks" / "quickstart.ipynb"
    before = notebook.read_bytes()
    log = home / "lab.log"
    # a folder of its own: several of these servers run at once, and give new notebooks the first name that is free
    with log.open("wb") as output, tempfile.TemporaryDirectory(prefix="scratch-", dir=project_root) as folder:
        process = subprocess.Popen(
            ["make", "lab", f"ARGS={flags}"],
            cwd=project_root,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield Lab(opened_url(log, process), log, Path(folder))
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(20)
            notebook.write_bytes(before)


@pytest.fixture(scope="session")
def lab(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(project_root, tmp_path_factory.mktemp("home")) as lab:
        yield lab


LOCAL = re.compile(r"^(https?://127\.0\.0\.1:\d+/|wss?://127\.0\.0\.1:\d+/|data:|blob:|chrome|about:|devtools:)")
#: what the browser and JupyterLab say by themselves of pages without an icon, reloaded pages and kernels that end
NOT_OURS = ("favicon", "beforeunload", "Canceled future for")
CELLS = "jupyterapp.shell.currentWidget.content.widgets"


class Page:
    """A browser window on JupyterLab."""

    def __init__(self, profile: Path) -> None:
        driver = shutil.which("chromedriver")
        assert driver, "no chromedriver: apt-get install --no-install-recommends chromium chromium-driver"
        options = Options()
        for flag in [*CHROMIUM_FLAGS.split(), f"--user-data-dir={profile}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(driver))
        self.driver.set_script_timeout(120)
        self.requested: list[str] = []
        self.complaints: list[str] = []

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of an async function in the page; its result, or its error raised here."""
        wrapped = (
            "const done = arguments[arguments.length - 1];"
            f"(async (...args) => {{ {script} }})(...Array.from(arguments).slice(0, -1))"
            ".then(value => done({value}), error => done({error: String(error && error.stack || error)}));"
        )
        answer = self.driver.execute_async_script(wrapped, *arguments)
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def wait_for(self, condition: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self.driver.execute_script(f"return Boolean({condition})"):
            assert time.monotonic() < deadline, f"the page never came to: {condition}"
            time.sleep(0.2)

    def screenshot(self, path: Path) -> None:
        self.driver.save_screenshot(str(path))

    def theme(self, dark: bool) -> None:
        """JupyterLab's own light or dark theme."""
        name = "JupyterLab Dark" if dark else "JupyterLab Light"
        self.run("await jupyterapp.commands.execute('apputils:change-theme', {theme: args[0]});", name)
        self.wait_for(f"document.body.dataset.jpThemeLight === '{'false' if dark else 'true'}'")

    def read_logs(self) -> None:
        """Collect what was requested and complained about since the last time."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requested.append(message["params"]["request"]["url"])
        self.complaints += [e["message"] for e in self.driver.get_log("browser") if e["level"] == "SEVERE"]

    def check(self) -> None:
        """Nothing was requested from outside, and nothing has complained."""
        self.read_logs()
        assert self.requested
        assert [url for url in self.requested if not LOCAL.match(url)] == []
        assert [text for text in self.complaints if not any(known in text for known in NOT_OURS)] == []


@contextmanager
def opened_page(lab: Lab, profile: Path) -> Iterator[Page]:
    """The quick start, opened in a window of its own."""
    page = Page(profile)
    try:
        page.driver.set_window_size(1400, 1000)
        page.driver.get(lab.url + ("&" if "?" in lab.url else "?") + "reset")
        page.wait_for("window.jupyterapp && document.querySelector('.jp-NotebookPanel')")
        page.run(
            "await jupyterapp.restored; const panel = jupyterapp.shell.currentWidget;"
            "await panel.context.ready; await panel.sessionContext.ready;"
        )
        yield page
        page.check()  # of all tests together
    finally:
        page.driver.quit()


@pytest.fixture(scope="session")
def page(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with opened_page(lab, tmp_path_factory.mktemp("profile")) as page:
        yield page


@dataclass
class Scratch:
    """A notebook of a test's own, open in the page; its cells are run one by one."""

    page: Page
    name: str

    def run(self, *cells: str) -> None:
        """Put cells in and run them; what fails in them is raised here."""
        for text in cells:
            error = self.page.run(
                """
                const content = jupyterapp.shell.currentWidget.content, shared = content.model.sharedModel;
                shared.insertCell(shared.cells.length, {cell_type: 'code', source: args[0]});
                content.activeCellIndex = content.widgets.length - 1;
                await jupyterapp.commands.execute('notebook:run-cell');
                const outputs = content.widgets.at(-1).model.outputs.toJSON();
                const failed = outputs.find(o => o.output_type === 'error');
                return failed ? failed.ename + ': ' + failed.evalue : null;
                """,
                text,
            )
            assert error is None, error

    def alive(self, count: int = 1, seconds: float = 30) -> None:
        """Wait until so many views of the last cell are live."""
        self.page.wait_for(f"{CELLS}.at(-1).node.querySelectorAll('.wb-alive').length >= {count}", seconds)

    def last(self, script: str, *arguments: Any) -> Any:
        """Run the body of an async function; `cell` is the last cell's element, `args` are the arguments."""
        return self.page.run(f"const cell = {CELLS}.at(-1).node; {script}", *arguments)

    def show(self, selector: str = ".wb-view") -> None:
        """Bring an element of the last cell to the top of the window."""
        self.last(
            "const content = jupyterapp.shell.currentWidget.content;"
            "await content.scrollToCell(content.widgets.at(-1), 'start');"
            "await new Promise(resolve => setTimeout(resolve, 300));"
            "cell.querySelector(args[0]).scrollIntoView({block: 'start'});"
            "await new Promise(resolve => setTimeout(resolve, 300));",
            selector,
        )


@contextmanager
def new_notebook(page: Page, lab: Lab) -> Iterator[Scratch]:
    """A new notebook with a kernel of its own, `workbench` loaded; deleted with its kernel afterwards."""
    name = page.run(
        """
        const made = await jupyterapp.commands.execute('notebook:create-new', {kernelName: 'python3', cwd: args[0]});
        await made.context.ready; await made.sessionContext.ready;
        jupyterapp.shell.activateById(made.id);
        if (!jupyterapp.shell.leftCollapsed) jupyterapp.shell.collapseLeft();
        return made.context.path;
        """,
        lab.folder.name,
    )
    made = Scratch(page, str(name))
    try:
        made.run("%load_ext workbench\nimport workbench as wb, numpy as np, math")
        yield made
    finally:
        page.run(
            """
            const panel = jupyterapp.shell.currentWidget;
            await panel.sessionContext.shutdown();
            panel.context.model.dirty = false;
            panel.dispose();
            await jupyterapp.serviceManager.contents.delete(args[0]);
            """,
            name,
        )


@pytest.fixture
def scratch(page: Page, lab: Lab) -> Iterator[Scratch]:
    with new_notebook(page, lab) as made:
        yield made
