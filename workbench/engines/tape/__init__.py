"""The tape: a recorded run of any Python, for what the compiler does not take.

The program itself runs, in Python; its active floats record each operation with the partials of the rule table. Calls
are mediated (`calls`), so that library functions meet their rules; what would drop a derivative raises.
"""

from __future__ import annotations

from workbench.engines.tape import composites, standard, statistical
from workbench.engines.tape.derivatives import TapeRunner, forward, gradient, pullback, pushforward
from workbench.engines.tape.meanings import means
from workbench.engines.tape.opaque import constant, opaque, recorder_in
from workbench.engines.tape.tape import Node, Tape

__all__ = [
    "Node", "Tape", "TapeRunner", "composites", "constant", "forward", "gradient", "means", "opaque",
    "pullback", "pushforward", "recorder_in", "standard", "statistical",
]
