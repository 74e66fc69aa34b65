"""A tape as columns: arrays over all nodes at once, for what looks at many of them."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType

import numpy as np

from workbench.engines.tape.active import bottom
from workbench.engines.tape.recorder import INPUT, NAMES, Recorder, lines_of
from workbench.records import dataclass


@dataclass(frozen=True, eq=False)
class Columns:
    """The nodes of a tape. names: of the operations that occur; operations: each node's, an index into names; values;
    codes: what the nodes were made in, code: each node's, an index into codes; instructions: where there; places: file
    and line, place: each node's, an index into places (the first is that of independent variables, ("", 0))."""

    names: list[str]
    operations: np.ndarray
    values: np.ndarray
    codes: list[CodeType]
    code: np.ndarray
    instructions: np.ndarray
    places: list[tuple[str, int]]
    place: np.ndarray


def columns(recorder: Recorder) -> Columns:
    """Read off the record."""
    values = [bottom(v) for v in recorder.values] if isinstance(recorder.values, list) else recorder.values
    numbers = np.array(recorder.operations, dtype=np.int64)
    kinds, operations = np.unique(numbers, return_inverse=True)
    identities, code = np.unique(np.array(recorder.codes, dtype=np.int64), return_inverse=True)
    codes = [recorder.alive[int(k)] for k in identities]
    instructions = np.array(recorder.instructions, dtype=np.int64)
    places: dict[tuple[str, int], int] = {("", 0): 0}
    place = np.zeros(len(numbers), np.int64)
    for k, made_in in enumerate(codes):
        mine = np.flatnonzero((code == k) & (numbers != INPUT))
        sites, which = np.unique(instructions[mine], return_inverse=True)
        lines = lines_of(made_in)
        known = [places.setdefault((made_in.co_filename, lines.get(int(at), 0)), len(places)) for at in sites]
        place[mine] = np.array(known, dtype=np.int64)[which]
    return Columns([NAMES[int(k)] for k in kinds], operations, np.array(values, dtype=float), codes, code,
                   instructions, list(places), place)


def by_line(recorder: Recorder) -> Iterator[tuple[str, int, dict[str, int]]]:
    """File, line and how many there are of each operation, in the order in which lines are first met."""
    c = columns(recorder)
    kinds = len(c.names)
    pairs, firsts, counts = np.unique(c.place * kinds + c.operations, return_index=True, return_counts=True)
    rows: dict[int, dict[str, int]] = {}
    for k in np.argsort(firsts, kind="stable"):
        place, kind = divmod(int(pairs[k]), kinds)
        if c.places[place][1]:
            rows.setdefault(place, {})[c.names[kind]] = int(counts[k])
    return ((*c.places[place], found) for place, found in rows.items())
