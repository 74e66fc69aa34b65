"""What the evaluator computes with: ordinary Python objects, and stand-ins for what is numeric or can change.

An ordinary Python object (int, str, function, class, ...) is *static*: known while specialising. The stand-ins are
`Scalar` (a typed IR value), `Array` (a view of a cell that holds an array's current version), the containers whose
entries are variables (`ListValue`, `DictValue`, `ObjectValue`), and what consists of these: functions with arguments,
iterators, texts. Tuples are Python tuples of these.

Invariant: two names hold the same stand-in object exactly where Python would have them share an object.
"""

from __future__ import annotations

from workbench.frontend.values.buffers import (
    Affine,
    Array,
    Cell,
    Choice,
    Fixed,
    RandomValue,
    Range,
    Reshape,
    is_flat,
)
from workbench.frontend.values.callables import (
    ArrayMethod,
    BoundMethod,
    CallChoice,
    Closure,
    Partial,
    SuperValue,
)
from workbench.frontend.values.containers import (
    Container,
    DequeValue,
    DictValue,
    DynamicList,
    ListValue,
    ObjectValue,
    Pool,
    SetValue,
    Variable,
)
from workbench.frontend.values.iterators import END, ROWS, VIEWS, Cursor, Lazy, ParallelRange, RangeValue, ZipValue
from workbench.frontend.values.scalars import (
    NUMBER,
    UNDEFINED,
    Alternative,
    Bare,
    Conflict,
    Maybe,
    OneOf,
    Scalar,
    bare_in,
)
from workbench.frontend.values.stand_in import (
    RECORDS,
    Record,
    StandIn,
    describe,
    is_static,
    parts_of,
    record_of,
)
from workbench.frontend.values.texts import ExceptionValue, FieldValue, TextValue

__all__ = [
    "END", "NUMBER", "RECORDS", "ROWS", "UNDEFINED", "VIEWS", "Affine", "Alternative", "Array", "ArrayMethod", "Bare",
    "BoundMethod", "CallChoice", "Cell", "Choice", "Closure", "Conflict", "Container", "Cursor", "DequeValue",
    "DictValue", "DynamicList", "ExceptionValue", "FieldValue", "Fixed", "Lazy", "ListValue", "Maybe", "ObjectValue",
    "OneOf", "ParallelRange", "Partial", "Pool", "RandomValue", "Range", "RangeValue", "Record", "Reshape", "Scalar",
    "SetValue", "StandIn", "SuperValue", "TextValue", "Variable", "ZipValue", "bare_in", "describe", "is_flat",
    "is_static", "parts_of", "record_of",
]
