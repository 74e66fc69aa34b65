"""The interpreter over IR. `run(function, args)` is the reference semantics: slow, plain, NumPy underneath.

Invariant: it knows control flow only; what values are and what operations do is a `Domain`'s.
"""

from __future__ import annotations

from workbench.interpret.domain import Domain, Values
from workbench.interpret.interpreter import Interpreter, bind, run

__all__ = ["Domain", "Interpreter", "Values", "bind", "run"]
