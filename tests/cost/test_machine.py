"""A machine: read, written, printed, and kept on the disk; nothing here measures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from workbench.cost import machine as machines
from workbench.cost.default_machine import RATES, TABLES
from workbench.cost.machine import Machine

FAKE = Machine({**RATES, "entry": 500.0}, TABLES, True, "a fake")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, with nothing in use."""
    tmp_path.chmod(0o700)
    monkeypatch.delenv("WORKBENCH_CACHE", raising=False)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(machines, "_current", [])
    return tmp_path


def file_of(folder: Path) -> Path:
    """The one machine that is kept."""
    (found,) = folder.rglob("machine-*.json")
    return found


def test_json_gives_the_same_machine() -> None:
    """Through JSON and back nothing changes."""
    again = Machine.of_dict(json.loads(json.dumps(FAKE.as_dict())))
    assert again.as_dict() == FAKE.as_dict() and again.calibrated
    assert again.rate("along", "f32", "exp") == FAKE.rate("along", "f32", "exp")


def test_measured_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was measured is kept, read again, and measured anew only when asked."""
    times = []

    def fake() -> object:
        times.append(1)
        return {**FAKE.rates, "entry": float(len(times))}, {name: list(table) for name, table in TABLES.items()}
    monkeypatch.setattr(machines, "measured", fake)
    assert not machines.current().calibrated and wb.show_config().machine == "default" and not times
    assert wb.calibrate().rates["entry"] == 1.0 and wb.show_config().machine == "measured"
    machines._current.clear()
    assert machines.current().rates["entry"] == 1.0 and wb.calibrate().rates["entry"] == 1.0
    assert wb.calibrate(force=True).rates["entry"] == 2.0 and machines.current().rates["entry"] == 2.0
    assert file_of(folder).suffix == ".json" and len(times) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"version": 4}', "[" * 5000, '{"version": 99}', "\x00\xff"])
def test_damaged_files_are_none(folder: Path, damage: str) -> None:
    """A file that is no machine is taken for none."""
    machines.keep(FAKE)
    path = file_of(folder)
    assert machines.kept() is not None
    path.write_text(damage, "latin-1")
    assert machines.kept() is None and not machines.current().calibrated


@pytest.mark.parametrize("wrong", [float("nan"), -1.0, "1", None, True, [1.0]])
def test_wrong_numbers_are_none(folder: Path, wrong: object) -> None:
    """So is one with a number that is no time, or without one."""
    machines.keep(FAKE)
    path = file_of(folder)
    data = json.loads(path.read_text())
    data["rates"]["entry"] = wrong
    path.write_text(json.dumps(data))
    assert machines.kept() is None
    del data["rates"]["entry"]
    path.write_text(json.dumps(data))
    assert machines.kept() is None


def test_other_files_are_left_alone(folder: Path) -> None:
    """What else lies in the folder is neither read nor changed; no other processor's machine is taken."""
    machines.keep(FAKE)
    path = file_of(folder)
    other = path.with_name("machine-" + "0" * 24 + ".json")
    path.rename(other)
    assert machines.kept() is None
    assert json.loads(other.read_text())["processor"] == "a fake"


def test_an_interrupt_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted while it is written, the file that was there stays, and nothing half-written is left."""
    machines.keep(FAKE)
    before = file_of(folder).read_bytes()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt
    monkeypatch.setattr(json, "dump", interrupted)
    with pytest.raises(KeyboardInterrupt):
        machines.keep(Machine())
    assert file_of(folder).read_bytes() == before and not list(folder.rglob("*.tmp"))


def test_an_interrupted_measurement_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine in use stays."""
    def interrupted() -> object:
        raise KeyboardInterrupt
    monkeypatch.setattr(machines, "measured", interrupted)
    before = machines.current()
    with pytest.raises(KeyboardInterrupt):
        wb.calibrate()
    assert machines.current() is before and not list(folder.rglob("machine*"))


def test_nowhere_to_keep_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder it is used and not kept."""
    monkeypatch.setenv("WORKBENCH_CACHE", "0")
    machines.keep(FAKE)
    assert machines.kept() is None


def test_tables_are_interpolated() -> None:
    """At a size that was measured a table gives that number; between two, one between them; beyond, the last."""
    (size, time), (larger, longer) = TABLES["read"][3:5]
    at = FAKE.at("read", np.array([size, (size * larger) ** 0.5, 1e15]))
    assert at == pytest.approx([time, (time * longer) ** 0.5, TABLES["read"][-1][1]])


def test_text_says_where_it_is_from() -> None:
    """A machine prints itself; the default says that it is one."""
    assert "a fake: measured" in str(FAKE) and "not measured" in str(Machine()) and "exp" in str(FAKE)
