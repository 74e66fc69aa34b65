"""All calls of the grid."""
from __future__ import annotations

from tests.grid import keywords, matrices, reductions, selections, shapes, special, ufuncs
from tests.grid.table import Entry, entries, texts

TABLES = (ufuncs, reductions, matrices, selections, shapes, special, keywords)

__all__ = ["TABLES", "Entry", "entries", "texts"]
