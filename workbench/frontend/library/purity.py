"""What may be run natively while specialising, on arguments that are known then."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from workbench.frontend.values import is_static

_PURE_BUILTINS = {abs, all, any, bin, bool, chr, complex, divmod, float, format, frozenset, hash, hex, int, isinstance,
                  issubclass, len, max, min, oct, ord, pow, repr, round, slice, sorted, str, sum, tuple, type, bytes,
                  hasattr, callable, ascii, object, np.issubdtype, np.promote_types, np.can_cast}


def is_pure(item: Any) -> bool:
    """True for callables that may be run while specialising: no effect, and always the same result."""
    try:
        if item in _PURE_BUILTINS:
            return True
    except TypeError:
        return False
    if isinstance(item, np.ufunc):
        return True
    module = getattr(item, "__module__", None)
    if module == "math" and getattr(math, getattr(item, "__name__", ""), None) is item:
        return True
    if isinstance(item, type) and issubclass(item, np.generic):
        return True
    owner = getattr(item, "__self__", None)
    immutable = isinstance(owner, (str, bytes, int, float, frozenset, tuple))
    if immutable and is_static(owner) and not isinstance(item, type):
        return True
    if owner in (str, bytes, int, float, complex) and isinstance(owner, type):
        return True
    return getattr(builtins, getattr(item, "__name__", ""), None) is item and isinstance(item, type) and issubclass(
        item, (int, float, str, tuple, complex))
