"""`statistics` computes in fractions, which have no derivative: its functions of active numbers by their formulas.

Each runs once on the plain numbers beforehand: its value is kept, and what it raises is what the program itself would
have met.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from workbench.engines.tape.active import ACTIVE, NUMBERS, bottom, holds_active
from workbench.engines.tape.calls import mediate
from workbench.engines.tape.meanings import means
from workbench.engines.tape.recorder import operation
from workbench.engines.tape.scalar import ActiveFloat
from workbench.engines.tape.standard import exactly

Args = tuple[Any, ...]
Named = dict[str, Any]
_Formula = TypeVar("_Formula", bound=Callable[..., Any])


def _statistic(exact: Any) -> Callable[[_Formula], _Formula]:
    """Register the formula of a function of `statistics`; its exact value is kept."""
    def register(formula: _Formula) -> _Formula:
        @means(exact)
        def handler(callee: Any, args: Args, named: Named) -> Any:
            args = tuple(list(a) if isinstance(a, Iterable) else a for a in args)
            named = {k: list(v) if isinstance(v, Iterable) else v for k, v in named.items()}
            if not any(holds_active(a) for a in (*args, *named.values())):
                return callee(*args, **named)
            value = callee(*(bottom(a) for a in args), **{k: bottom(v) for k, v in named.items()})
            found = formula(*args, **named)
            return exactly(found, value)
        return formula
    return register


@_statistic(statistics.mean)
def _mean(items: list[Any]) -> Any:
    return sum(items) / len(items)


@_statistic(statistics.fmean)
def _fmean(items: list[Any], weights: Any = None) -> Any:
    if weights is None:
        return _mean(items)
    return sum(w * x for w, x in zip(weights, items, strict=True)) / sum(weights)


@_statistic(statistics.harmonic_mean)
def _harmonic_mean(items: list[Any], weights: Any = None) -> Any:
    if any(x == 0 for x in items):
        return 0.0 * sum(items)
    weights = [1.0] * len(items) if weights is None else weights
    return sum(weights) / sum(w / x for w, x in zip(weights, items, strict=True) if not _is_zero(w))


def _is_zero(w: Any) -> bool:
    return type(w) not in NUMBERS and w == 0


@_statistic(statistics.geometric_mean)
def _geometric_mean(items: list[Any]) -> Any:
    return mediate(math.exp, sum(mediate(math.log, x) for x in items) / len(items))


def _spread(fewer: int, root: bool) -> Callable[..., Any]:
    def formula(items: list[Any], centre: Any = None, *, xbar: Any = None, mu: Any = None) -> Any:
        given = next((c for c in (centre, xbar, mu) if c is not None), None)
        middle = _mean(items) if given is None else given
        total = sum((x - middle) ** 2 for x in items) / (len(items) - fewer)
        if not root:
            return total
        return mediate(math.sqrt, total) if total != 0 else 0.0 * total
    return formula


_statistic(statistics.variance)(_spread(1, False))
_statistic(statistics.pvariance)(_spread(0, False))
_statistic(statistics.stdev)(_spread(1, True))
_statistic(statistics.pstdev)(_spread(0, True))


@means(statistics.NormalDist.from_samples.__func__)  # type: ignore[attr-defined]
def _from_samples(callee: Any, args: Args, named: Named) -> Any:
    cls, data = args
    data = list(data)
    if not holds_active(data):
        return callee(cls, data)
    return mediate(cls, mediate(statistics.fmean, data), mediate(statistics.stdev, data))


@means(statistics.NormalDist.inv_cdf)
def _quantile(callee: Any, args: Args, named: Named) -> Any:
    """The derivative of the standard quantile is the reciprocal of the density there."""
    distribution, p = args[0], args[1] if len(args) > 1 else named["p"]
    return distribution._mu + _standard_quantile(callee, p) * distribution._sigma


def _standard_quantile(exact: Any, p: Any) -> Any:
    if type(p) not in ACTIVE:
        return exact(statistics.NormalDist(), p)
    z = _standard_quantile(exact, p.primal)
    weight = math.sqrt(2.0 * math.pi) * mediate(math.exp, 0.5 * z * z)
    return ActiveFloat(z, p.recorder.any_number(operation("normal quantile"), z, [(p.node, weight)]), p.recorder)
