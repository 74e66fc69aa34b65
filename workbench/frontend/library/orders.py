"""How the results of NumPy's and SciPy's functions lie in memory, declared.

A function gives arrays by rows of arrays that lie by rows, where no rule is declared for it; of arrays that lie
otherwise it gives what is not known then. Everything is checked against NumPy
(`tests/frontend/library/test_orders.py`); where a result's order depends on its elements or on the version of the
library it is left unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from workbench.deferred import Library, Meanings
from workbench.frontend import layout
from workbench.frontend.order import Order, by_columns, by_rows, combined, kept
from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.values import Array, Choice, ListValue

Rule = Callable[[Tracer, list[Array], Array], Order | None]


def _of_rows(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    """By rows, of operands that lie so."""
    orders = [layout.order(t, a) for a in operands]
    if any(o is None or not o.is_ascending for o in orders):
        return None
    return Order(tuple(range(made.rank)), 1, frozenset().union(*(o.given for o in orders if o is not None)))


def _rows(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    """By rows, whatever the operands."""
    return by_rows(made.rank)


def _as_made(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    """As the handler, or the composition, has it."""
    return layout.order(t, made)


def _unknown(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    return None


def _together(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    """NumPy's order "K" of all operands."""
    return layout.combined_order(t, operands, made.dims)


def _like_first(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    """As a copy "K" of the first operand."""
    model = operands[0] if operands else made
    if model.rank != made.rank or model is made:
        return _of_rows(t, operands, made)
    return kept(layout.order(t, model), layout.single_axes(t, model.dims))


def _by_columns_or_rows(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    """By columns where the first operand is contiguous so, else by rows."""
    model = operands[0] if operands else made
    found = layout.order(t, model)
    if found is None or model is made or model.rank != made.rank:
        return _of_rows(t, operands, made)
    if found.is_ascending or (found.unit not in (1, None) and not layout.loose_axes(t, model.dims)):
        return Order(tuple(range(made.rank)), 1, found.given)
    if not found.is_descending or found.unit != 1:
        return None
    return Order(tuple(reversed(range(made.rank))), 1, found.given)


def _contiguous(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    """As the first operand where that is contiguous."""
    found = layout.order(t, operands[0]) if operands else None
    return _by_columns_or_rows(t, operands, made) if found is None or found.unit == 1 or found.is_ascending else None


def _of_mask(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    """A choice of elements by a triangle, which lies by rows."""
    return combined([by_rows(2), *(layout.order(t, a) for a in operands)], made.rank, layout.loose_axes(t, made.dims))


def _of_indices(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    """By rows, of index arrays (all operands but the first) that lie so."""
    return _of_rows(t, operands[1:], made)


def _rolled(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    """As a copy "K"; all elements rolled as one: by rows."""
    return layout.order(t, made) if made.steps else _like_first(t, operands, made)


def _parts(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    """Columns of a matrix."""
    return Order((0,), 1 if operands and operands[0].rank == 1 else None)


def _stacked(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    """Matrices by rows, one stack of them at most."""
    return by_rows(made.rank) if all(a.rank <= 3 for a in operands) else _of_rows(t, operands, made)


def _columns(t: Tracer, operands: list[Array], made: Array) -> Order | None:
    return by_columns(made.rank)


_MODULES: dict[str, Any] = {
    "": np, "linalg": np.linalg, "fft": np.fft, "polynomial": np.polynomial.polynomial, "sfft": Library("scipy.fft"),
    "slinalg": Library("scipy.linalg"), "special": Library("scipy.special"), "integrate": Library("scipy.integrate")}


def _table(*groups: tuple[Rule, str]) -> Meanings[Rule]:
    """Rules by the names of functions, those of SciPy's modules not imported yet."""
    rules: Meanings[Rule] = Meanings()
    for rule, names in groups:
        for name in names.split():
            module, _, rest = name.rpartition(".")
            rules[getattr(_MODULES[module], rest)] = rule
    return rules


_RULES = _table(
    (_rows, """
        dot tensordot argsort argmax argmin compress cov corrcoef digitize searchsorted interp kron repeat resize take
        tile meshgrid choose select outer linalg.outer slinalg.block_diag slinalg.toeplitz sfft.fft sfft.ifft
        sfft.rfft sfft.irfft sfft.fft2 sfft.ifft2 sfft.rfft2 sfft.irfft2 sfft.fftn sfft.ifftn sfft.rfftn sfft.irfftn
        sfft.hfft sfft.ihfft"""),
    (_stacked, """
        linalg.inv linalg.solve linalg.cholesky linalg.qr linalg.svd linalg.eigh linalg.eigvalsh linalg.pinv
        linalg.lstsq"""),
    (_like_first, """
        sort partition cumsum cumprod nancumsum nancumprod cumulative_sum cumulative_prod piecewise unwrap gradient
        fft.fft fft.ifft fft.rfft fft.irfft fft.hfft fft.ihfft fft.fft2 fft.ifft2 fft.rfft2 fft.irfft2 fft.fftn
        fft.ifftn fft.rfftn fft.irfftn fft.fftshift fft.ifftshift sfft.fftshift sfft.ifftshift
        integrate.cumulative_trapezoid"""),
    (_by_columns_or_rows, "insert delete pad"),
    (_together, "angle nan_to_num isclose clip sinc i0 diff polyval real_if_close"),
    (_contiguous, "round around"),
    (_of_mask, "tril triu"),
    (_rolled, "roll"),
    (_parts, "nonzero"),
    (_of_indices, "take_along_axis"),
    (_columns, "argwhere"),
    (_as_made, """
        array copy asarray asanyarray ascontiguousarray asfortranarray zeros ones empty full zeros_like ones_like
        empty_like full_like where concatenate stack vstack hstack column_stack dstack append matmul linalg.matmul
        reshape ravel transpose swapaxes squeeze real imag diag diagonal linalg.diagonal broadcast_to broadcast_arrays
        flip einsum linspace cross linalg.cross linalg.matrix_power linalg.multi_dot atleast_1d atleast_2d atleast_3d
        special.softmax special.log_softmax special.logsumexp trapezoid sum prod max min any all mean std var median
        ptp polynomial.polyval"""),
    (_unknown, """
        slinalg.cholesky slinalg.cho_factor slinalg.cho_solve slinalg.solve slinalg.inv slinalg.solve_triangular
        slinalg.lu slinalg.lu_factor slinalg.lu_solve slinalg.qr slinalg.svd slinalg.eigh slinalg.pinv slinalg.expm"""),
)
#: Functions whose results are what a function of the user's gives.
_OWN: set[Any] = {np.apply_along_axis, np.apply_over_axes, np.fromfunction}


def lay(t: Tracer, callee: Any, args: tuple[Any, ...], named: dict[str, Any], found: Any, before: int) -> None:
    """Note how the arrays lie that a library function has made (buffers from number `before` on; not the copies that
    stand for views)."""
    if not _is_numpy(callee) or callee in _OWN:
        return
    made = [a for a in _arrays(t, found) if a.cell.number >= before and a.cell.source is None and a.cell.shows is None]
    if not made:
        return
    rule = _rule(callee)
    if rule is _as_made:
        return
    operands = list(_arrays(t, (args, tuple(named.values()))))
    for array in made:
        several = sum(t.builder.resolve(d) != ONE for d in array.dims) > 1
        order = rule(t, operands, array) if several or rule in (_unknown, _parts) else by_rows(array.rank)
        if not array.steps:
            array.cell.order = order
        elif order is None or layout.order(t, array) != order:
            array.cell.order = None


def _rule(callee: Any) -> Rule:
    if isinstance(callee, np.ufunc):
        return _together if callee.signature is None else _as_made if callee is np.matmul else _of_rows
    if isinstance(callee, np.vectorize):
        return _together
    if isinstance(getattr(callee, "__self__", None), np.ufunc):
        return {"accumulate": _like_first, "outer": _as_made, "reduce": _as_made}.get(callee.__name__, _of_rows)
    return _RULES.get(callee) or _of_rows


def _arrays(t: Tracer, value: Any) -> Iterator[Array]:
    if isinstance(value, Array):
        yield value
    elif isinstance(value, Choice):
        yield from value.options
    elif isinstance(value, tuple):
        for item in value:
            yield from _arrays(t, item)
    elif isinstance(value, ListValue):
        for item in value.items:
            yield from _arrays(t, t.read(item))


def _is_numpy(callee: Any) -> bool:
    owner = getattr(callee, "__self__", None)
    module = getattr(callee, "__module__", None) or ""
    return module.startswith(("numpy", "scipy")) or isinstance(callee, (np.ufunc, np.vectorize)) or isinstance(
        owner, np.ufunc)
