"""Order: stable sorting permutations, and places in a sorted vector. Both give integers, so their derivative is zero;
what sorts its elements gathers them, and a gather has a derivative.

`argsort` is along the last axis, NaN last. `searchsorted` takes a vector in order and numbers to be placed in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from workbench.ir import ArrayType, Kind, Value
from workbench.rules import workspaces
from workbench.rules.costs import ordering as costs
from workbench.rules.entries import by_kernel
from workbench.rules.kernels import ordering as kernels
from workbench.rules.primitive import BOOL, REAL, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import draw
from workbench.rules.typing import array


def _argsort_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    type_ = array(operands[0], "argsort")
    if type_.kind not in REAL | BOOL:
        raise TypeError(f"argsort does not take {type_.kind.value}")
    return (ArrayType(Kind.INT, type_.dims),)


def _argsort_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    arrays = [draw(rng, kind, dims) for dims in ((7,), (1,), (0,), (2, 5), (3, 1), (2, 0), (2, 2, 3), (40,))]
    if kind.is_float:
        arrays[3][0, 2] = np.nan
        arrays[7][5:9] = arrays[7][20]
    return [Sample((a,)) for a in arrays]


register(Primitive("argsort", lambda a: np.argsort(a, axis=-1, kind="stable"), _argsort_types, 1, kinds=(REAL | BOOL,),
                   flops=1, analytic=False, samples=_argsort_samples, cost=costs.argsort,
                   **by_kernel(kernels.argsort, "{0}"),
                   workspace=workspaces.argsort))


def _search_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    ordered, sought = (array(v, "searchsorted") for v in operands)
    if ordered.rank != 1 or ordered.kind is not sought.kind or ordered.kind not in REAL:
        raise TypeError(f"searchsorted of {sought} in {ordered}")
    return (ArrayType(Kind.INT, sought.dims),)


def _search_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    found = []
    for n, dims in ((5, (4,)), (1, (3,)), (0, (2,)), (3, (1,)), (6, (2, 3)), (4, (0,))):
        ordered, sought = np.sort(draw(rng, kind, (n,))), draw(rng, kind, dims)
        if n > 4 and dims == (4,):
            sought[:2] = ordered[2]
        found.append(Sample((ordered, sought)))
    return found


def _search(name: str, side: Literal["left", "right"]) -> None:
    register(Primitive(name, lambda a, v: np.searchsorted(a, v, side), _search_types, 2, kinds=(REAL, REAL), flops=1,
                       analytic=False, samples=_search_samples,
                       **by_kernel(kernels.places_in, f"{{0}}, {{1}}, {side == 'right'}"), cost=costs.searched))


_search("searchsorted", "left")
_search("searchsorted_right", "right")
