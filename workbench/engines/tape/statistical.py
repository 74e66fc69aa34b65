"""`statistics` computes in fractions, which have no derivative: its functions of active numbers by their formulas.

Each runs once on the plain numbers beforehand, so that what it raises is what the program itself would have met.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any

from workbench.engines.tape.array import holds_active, is_active, values_of
from workbench.engines.tape.scalar import ActiveFloat, plain

Mediate = Callable[..., Any]


def _plain(x: Any) -> Any:
    return [_plain(v) for v in x] if isinstance(x, (list, tuple)) else values_of(x)


def _formula(function: Any, formula: Callable[..., Any]) -> dict[Any, Any]:
    def handler(m: Mediate, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        args = tuple(x if isinstance(x, type) or is_active(x) or not hasattr(x, "__iter__") else list(x) for x in args)
        named = {k: v if is_active(v) or not hasattr(v, "__iter__") else list(v) for k, v in named.items()}
        if not any(holds_active(x) for x in (*args, *named.values())):
            return callee(*args, **named)
        callee(*(_plain(x) for x in args), **{k: _plain(v) for k, v in named.items()})
        return formula(m, *args, **named)
    return {function: handler}


def _mean(m: Mediate, data: Any, weights: Any = None) -> Any:
    if weights is None:
        return sum(data) / len(data)
    return sum(w * x for w, x in zip(weights, data, strict=True)) / sum(weights)


def _harmonic_mean(m: Mediate, data: Any, weights: Any = None) -> Any:
    if any(x == 0 for x in data):
        return 0.0 * sum(data)
    weights = [1] * len(data) if weights is None else weights
    return sum(weights) / sum(w / x for w, x in zip(weights, data, strict=True))


def _spread(fewer: int, root: bool) -> Any:
    def formula(m: Mediate, data: Any, xbar: Any = None, mu: Any = None) -> Any:
        centre = xbar if xbar is not None else mu if mu is not None else _mean(m, data)
        spread = sum((x - centre) ** 2 for x in data) / (len(data) - fewer)
        return m(math.sqrt, spread) if root else spread
    return formula


def _from_samples(m: Mediate, cls: type, data: Any) -> Any:
    return m(cls, _mean(m, data), _spread(1, True)(m, data))


def _quantile(m: Mediate, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`NormalDist.inv_cdf`: the derivative of the standard quantile is the reciprocal of the density there."""
    distribution, p = args[0], args[1] if len(args) > 1 else named["p"]
    z: Any = statistics.NormalDist().inv_cdf(plain(p))
    if isinstance(p, ActiveFloat):
        weight = math.sqrt(2.0 * math.pi) * math.exp(0.5 * z * z)
        z = ActiveFloat(z, p.recorder.one("normal quantile", z, p.node, weight), p.recorder)
    return distribution._mu + z * distribution._sigma


HANDLERS: dict[Any, Any] = {
    **_formula(statistics.mean, _mean), **_formula(statistics.fmean, _mean),
    **_formula(statistics.harmonic_mean, _harmonic_mean),
    **_formula(statistics.variance, _spread(1, False)), **_formula(statistics.pvariance, _spread(0, False)),
    **_formula(statistics.stdev, _spread(1, True)), **_formula(statistics.pstdev, _spread(0, True)),
    **_formula(statistics.NormalDist.from_samples.__func__, _from_samples),  # type: ignore[attr-defined]
    statistics.NormalDist.inv_cdf: _quantile,
}
