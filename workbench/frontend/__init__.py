"""The front end: an unmodified Python function and the arguments of a call become IR.

An evaluator with two binding times: what is not numeric (structures, functions, flags, strings) is an ordinary Python
object while specialising, what is numeric is a typed IR value. `trace` is the way in.
"""

from __future__ import annotations

from workbench.frontend.outputs import Leaf, Node, Packed, Static, Tree, assemble, build, leaves, python_scalar
from workbench.frontend.overlap import strided
from workbench.frontend.paths import (
    Guard,
    Input,
    Path,
    array_signature,
    exactly,
    fits,
    instance_attributes,
    is_plain_object,
    layout_of,
)
from workbench.frontend.source import definition_of, python_function, span_of, span_of_function
from workbench.frontend.structures import is_real_data, map_leaves, named_leaves
from workbench.frontend.trace import Effect, Traced, trace

__all__ = [
    "Effect", "Guard", "Input", "Leaf", "Node", "Packed", "Path", "Static", "Traced", "Tree", "array_signature",
    "assemble", "build", "definition_of", "exactly", "fits", "instance_attributes", "is_plain_object",
    "is_real_data", "layout_of", "leaves", "map_leaves", "named_leaves", "python_function", "python_scalar", "span_of",
    "span_of_function", "strided", "trace",
]
