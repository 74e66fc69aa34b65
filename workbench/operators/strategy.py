"""Which way a derivative operator goes where nobody has named one.

For now sizes decide: forward mode costs one sweep per number that goes in, reverse mode one per number that comes out.
Sizes are None where they are not known when the program is specialised.

Source: Griewank & Walther, Evaluating Derivatives (2008), section 3.2 (cheap gradients) and 5.4 (second order).
"""

from __future__ import annotations

AUTO, FORWARD, REVERSE = "auto", "forward", "reverse"
FORWARD_OVER_REVERSE, REVERSE_OVER_REVERSE, FORWARD_OVER_FORWARD = (
    "forward-over-reverse", "reverse-over-reverse", "forward-over-forward")
JACOBIAN = (FORWARD, REVERSE)
HESSIAN = (FORWARD_OVER_REVERSE, REVERSE_OVER_REVERSE, FORWARD_OVER_FORWARD)
COLLAPSED = "forward"  # one sweep with all first tangents and one sum of second derivatives
LAPLACIAN = (*HESSIAN, "hessian", COLLAPSED)
MODES = {"grad": JACOBIAN, "jacobian": JACOBIAN, "divergence": JACOBIAN, "curl": JACOBIAN, "hessian": HESSIAN,
         "hvp": HESSIAN, "diag_hessian": HESSIAN, "laplacian": LAPLACIAN}
FEW = 8  # numbers: beyond, second tangents of all pairs are no candidate
TINY = 2  # numbers: with so few, the second tangents of all pairs are cheaper than a reverse sweep's residuals


def chosen(operator: str, inputs: int | None, outputs: int | None, deterministic: bool = False) -> str:
    """The way of an operator, for so many numbers under `wrt` and in the result."""
    if MODES[operator] is JACOBIAN:
        if outputs is not None and (inputs is None or outputs < inputs):  # (it is known where numbers come out)
            return REVERSE
        return REVERSE if deterministic and operator == "jacobian" else FORWARD
    if operator == "hvp" or inputs is None or inputs > TINY or deterministic:
        return FORWARD_OVER_REVERSE
    return FORWARD_OVER_FORWARD


def candidates(operator: str, inputs: int) -> tuple[str, ...]:
    """The ways that may be cheapest for so many numbers under `wrt`: those are priced."""
    if MODES[operator] is JACOBIAN:
        return JACOBIAN if inputs > TINY else (FORWARD,)
    if operator == "hvp":
        return (FORWARD_OVER_REVERSE,)
    nested = (FORWARD_OVER_REVERSE, REVERSE_OVER_REVERSE) if inputs > TINY else ()
    few = (FORWARD_OVER_FORWARD,) if inputs <= FEW else ()
    return (*nested, *few, *((COLLAPSED,) if operator == "laplacian" else ()))


def checked(operator: str, mode: str) -> str:
    """A mode that the operator knows. Raises ValueError for others."""
    known = (AUTO, *MODES[operator])
    if mode not in known:
        raise ValueError(f"{operator} knows no mode {mode!r}; it knows {', '.join(map(repr, known))}")
    return mode
