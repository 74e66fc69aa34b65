"""Mistakes to plant in what is known of views and layouts, as context managers; `faults` names them."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

from workbench.frontend import arrays, layout
from workbench.passes import fusion

Planted = Iterator[None]


@contextlib.contextmanager
def overlap_missed() -> Planted:
    """What a statement reads of the array that it updates is taken to be read where it is written."""
    with mock.patch.object(fusion.Fusion, "_reads_where_written", lambda self, op, operand, root: (
            root.prim in ("slice_store", "slice_accum") and root.operands[0] is operand)):
        yield


@contextlib.contextmanager
def taken_by_rows() -> Planted:
    """Every array is taken to lie by rows in memory."""
    with mock.patch.object(layout, "_of_buffer", lambda t, cell: layout._row_major(t, cell.dims)):
        yield


@contextlib.contextmanager
def reshape_always_view() -> Planted:
    """A reshape is taken for a view, also of what cannot be reshaped without a copy."""
    right = layout.reshapes

    with mock.patch.object(layout, "reshapes", lambda t, array, dims: right(t, array, dims) is not None or None):
        yield


@contextlib.contextmanager
def stale_part() -> Planted:
    """A real or imaginary part is what it was, whatever was written into its array since."""
    right = arrays.mark_written

    def mark_written(t: Any, array: Any) -> None:
        parts, array.cell.parts = array.cell.parts, []
        try:
            right(t, array)
        finally:
            array.cell.parts = parts

    with mock.patch.object(arrays, "mark_written", mark_written):
        yield
