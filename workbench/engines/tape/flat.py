"""`a.flat` of an active array: its elements in row-major order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.engines.tape.active import bottom, is_active_array
from workbench.engines.tape.meanings import functions
from workbench.engines.tape.refusal import refuse


class Flat:
    """`a.flat`: the elements of an array in row-major order."""

    def __init__(self, array: Any) -> None:
        self.base = array
        self.index = 0

    @property
    def coords(self) -> tuple[int, ...]:
        """Where the next element is."""
        return tuple(int(k) for k in np.unravel_index(self.index, self.base.shape))

    def __len__(self) -> int:
        return int(self.base.size)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.index >= self.base.size:
            raise StopIteration
        found = self[self.index]
        self.index += 1
        return found

    def copy(self) -> Any:
        """The elements as a new array."""
        return self.base.flatten()

    def __getitem__(self, key: Any) -> Any:
        found = self.base.reshape(-1)[key]
        return found.copy() if isinstance(found, np.ndarray) else found

    def __setitem__(self, key: Any, value: Any) -> None:
        if is_active_array(value) and np.may_share_memory(bottom(value), bottom(self.base)):
            raise refuse("an array is written through .flat from a view of itself", "write a copy (`.copy()`)")
        places = np.ravel(np.arange(self.base.size)[key])
        if np.size(bottom(value)) == 1 or len(places):
            functions[np.put](self.base, places, value)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.copy().__array__(dtype, copy)

    def __lt__(self, other: Any) -> Any:
        return self.copy() < _elements(other)

    def __le__(self, other: Any) -> Any:
        return self.copy() <= _elements(other)

    def __gt__(self, other: Any) -> Any:
        return self.copy() > _elements(other)

    def __ge__(self, other: Any) -> Any:
        return self.copy() >= _elements(other)

    def __eq__(self, other: Any) -> Any:
        return self.copy() == _elements(other)

    def __ne__(self, other: Any) -> Any:
        return self.copy() != _elements(other)

    __hash__ = None  # type: ignore[assignment]


def _elements(x: Any) -> Any:
    return x.copy() if type(x) is Flat else x
