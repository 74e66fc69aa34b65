"""Functions that are refused, each with its reason and what to do instead: stated here, raised at the user's line, and
listed on the page of primitives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.frontend.activation import Activation
from workbench.frontend.library.arguments import title
from workbench.frontend.library.registry import handles
from workbench.ir import dtypes_in_words

_COUNTS = ("it counts, which is piecewise constant: its derivative is zero or does not exist",
           "count with smooth weights, for example np.exp(-((x - centre) / width)**2).sum()")
_PARTITION = ("the order of all elements but one is left open", "use np.sort or np.argsort")
_FILES = ("it reads or writes files or raw memory", "call it outside the differentiated function")
_TEXT = ("it makes text of numbers", "print outside the differentiated function")
_SETTINGS = ("it changes how NumPy works, or asks for that", "call it outside the differentiated function")
_DATES = ("dates are not numbers with a derivative", "convert them to floats outside the differentiated function")
_MATRIX = ("np.matrix is no array", "use arrays of two dimensions and @")
_VALUES = ("the shape or dtype of the result depends on values", "choose it by hand")
_TRIMS = ("it drops leading or trailing zeros: the shape of the result depends on values",
          "use np.convolve and slices")
_ROOTS = ("roots move with infinite speed where they meet, and come in no order", "use Newton's method from a start")
_BITS = ("arrays of small integers are not compiled", "use // and % of int64")
_MEMORY = ("it asks where arrays are in memory", "call it outside the differentiated function")
_ITERATOR = ("an iterator over buffers is not compiled", "loop over indices, or use whole arrays")
_DTYPES = (f"it is about dtypes, of which compiled code knows {dtypes_in_words('and')}",
           "call it outside the differentiated function")
_OBJECTS = ("it gives arrays of objects", "use np.vectorize")
_TUPLES = ("its result is a class of its own", "use np.unique with return_index, return_inverse or return_counts")

_GROUPS: tuple[tuple[tuple[str, str], str], ...] = (
    (_COUNTS, "histogram histogram2d histogramdd histogram_bin_edges"),
    (_PARTITION, "partition argpartition"),
    (_FILES, "frombuffer fromfile fromiter fromregex fromstring from_dlpack genfromtxt load loadtxt save savetxt savez "
             "savez_compressed memmap"),
    (_TEXT, "array2string array_repr array_str base_repr binary_repr format_float_positional format_float_scientific"),
    (_SETTINGS, "set_printoptions get_printoptions printoptions seterr geterr seterrcall geterrcall setbufsize "
                "getbufsize show_config show_runtime get_include info"),
    (_DATES, "busday_count busday_offset is_busday datetime_as_string datetime_data isnat"),
    (_MATRIX, "asmatrix bmat"),
    (_VALUES, "real_if_close trim_zeros sort_complex"),
    (_TRIMS, "polymul polydiv"),
    (_ROOTS, "roots"),
    (_BITS, "packbits unpackbits bitwise_count"),
    (_MEMORY, "may_share_memory shares_memory isfortran require"),
    (_ITERATOR, "nditer nested_iters flatiter"),
    (_DTYPES, "common_type mintypecode min_scalar_type isdtype typename"),
    (_OBJECTS, "frompyfunc"),
    (("it plans a product, and computes nothing", "leave it out"), "einsum_path"),
    (("its mask is made by a function of its own", "use np.tril_indices or np.triu_indices"), "mask_indices"),
    (_TUPLES, "unique_all unique_counts unique_inverse"),
)


def _table() -> dict[Any, tuple[str, str]]:
    found: dict[Any, tuple[str, str]] = {}
    for reason, names in _GROUPS:
        found.update({getattr(np, name): reason for name in names.split()})
    for function in (np.linalg.eig, np.linalg.eigvals):
        found[function] = ("eigenvalues of a general matrix come in no order, and move with infinite speed where they "
                           "meet", "use np.linalg.eigh of a symmetric matrix")
    return found


REFUSED: Mapping[Any, tuple[str, str]] = _table()


def refusing(name: str, reason: str, hint: str) -> Any:
    """The handler that refuses."""
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        act.t.fail(f"{name} has no derivative here: {reason}", hint)
    return handler


for _function, (_reason, _hint) in REFUSED.items():
    handles(_function)(refusing(title(_function), _reason, _hint))
