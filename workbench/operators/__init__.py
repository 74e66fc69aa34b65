"""Derivative objects: what `wb.grad` and the rest return.

A `Derivative` specialises itself to the arguments it is called with: it traces the function, transforms and compiles
the IR, and keeps the result with the guards under which it holds. `structure` takes arguments apart and puts results
together.
"""

from __future__ import annotations

from workbench.operators.derivative import Derivative
from workbench.operators.specialisation import Specialisation

__all__ = ["Derivative", "Specialisation"]
