"""The rule table: each primitive's callables, types, derivative, cost and spelling, stated in one place.

`primitives/` holds the entries by theme (the derivative of `np.tanh` is in `primitives/trigonometric.py`); `primitive`
says what an entry is, `entries` has short forms of them. `kernels/` holds what compiled programs call where one
expression does not do. `expr` and `matrices` are what rules are written in.

`get` finds a primitive by name, `by_callable` by the Python object that means it; `emit` makes an operation of it;
`Expr` is an overloaded operand on which rules run.
"""

from __future__ import annotations

from workbench.rules import primitives
from workbench.rules.checking import check_types
from workbench.rules.derivatives import cotangent, pull, push, tangent
from workbench.rules.emission import effect, emit, emit_all
from workbench.rules.expr import Expr
from workbench.rules.folding import constant
from workbench.rules.foreign import Foreign
from workbench.rules.kernels.source import source_of, with_called
from workbench.rules.primitive import Primitive, Sample, Unknown, by_callable, get, register, table
from workbench.rules.primitives.effects import exception
from workbench.rules.primitives.memory import Growable, box_operands
from workbench.rules.spelling import spell
from workbench.rules.typing import broadcast_dims

__all__ = [
    "Expr", "Foreign", "Growable", "Primitive", "Sample", "Unknown", "box_operands", "broadcast_dims", "by_callable",
    "check_types", "constant", "cotangent", "effect", "emit", "emit_all", "exception", "get", "primitives", "pull",
    "push", "register", "source_of", "spell", "table", "tangent", "with_called",
]
