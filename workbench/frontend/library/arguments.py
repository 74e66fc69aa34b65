"""Arguments of library functions bound to their parameters."""

from __future__ import annotations

from typing import Any

from workbench.frontend.tracer import Tracer


def bound(t: Tracer, name: str, args: tuple[Any, ...], named: dict[str, Any], *required: str,
          **defaults: Any) -> tuple[Any, ...]:
    """The values of the parameters `required`, then `defaults`, in this order.

    Raises TypeError where Python would, DifferentiationError for a parameter that is not listed."""
    order = (*required, *defaults)
    if len(args) > len(order):
        t.fail(f"{len(args)} arguments of {name}", f"give it {', '.join(order)}")
    values = {**defaults, **dict(zip(order, args, strict=False))}
    for key, value in named.items():
        if key not in order:
            t.fail(f"the option {key!r} of {name}", "leave it out")
        if order.index(key) < len(args):
            raise TypeError(f"{name}() got multiple values for argument '{key}'")
        values[key] = value
    for key in required:
        if key not in values:
            raise TypeError(f"{name}() missing 1 required positional argument: '{key}'")
    return tuple(values[key] for key in order)


def refuse(t: Tracer, name: str, **options: tuple[Any, Any]) -> None:
    """Refuse options that do not have the one value that is supported: `key=(value, supported)`."""
    for key, (value, supported) in options.items():
        if value is not supported and not (isinstance(value, type(supported)) and value == supported):
            t.fail(f"{key}={value!r} of {name}", f"leave it {supported!r}")
