"""What builtins, `math`, `cmath` and the makers of arrays mean in a recorded run, where Python's own C
code would drop a derivative or compute in something else than floats."""

from __future__ import annotations

import ast
import cmath
import concurrent.futures
import copy as copying
import csv
import decimal
import fractions
import itertools
import json
import math
import threading
import types
from typing import Any

import numpy as np

from workbench.engines.tape import composites
from workbench.engines.tape import functions as numpy_functions
from workbench.engines.tape.active import ACTIVE, NUMBERS, actives, bottom, holds_active, innermost
from workbench.engines.tape.active_number import ActiveNumber
from workbench.engines.tape.array import ActiveArray, fresh
from workbench.engines.tape.c_code import gives_float
from workbench.engines.tape.calls import mediate
from workbench.engines.tape.meanings import means
from workbench.engines.tape.numpy_calls import as_array_of
from workbench.engines.tape.operations import apply, as_complex
from workbench.engines.tape.operators import call_numpy
from workbench.engines.tape.reach import reaches_active
from workbench.engines.tape.recorder import current, operation
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.scalar import ActiveComplex, ActiveFloat
from workbench.engines.tape.texts import checked_text
from workbench.ir import Kind

Args = tuple[Any, ...]
Named = dict[str, Any]


# ---------------------------------------------------------------------- numbers
@means(float, *(kind.dtype.type for kind in Kind if kind.is_float))
def _float(callee: Any, args: Args, named: Named) -> Any:
    (x,) = args if len(args) == 1 else (None,)
    if type(x) is ActiveArray:
        callee(bottom(x))  # refuses more than one element
        x = x.item()
    elif gives_float(x):
        method: Any = type(x).__float__  # type: ignore[union-attr]
        x = mediate(method, x)
    if type(x) is not ActiveFloat:
        return callee(*(checked_text(a) for a in args), **named)
    return _cast(callee, x)


def _cast(kind: Any, x: ActiveFloat) -> ActiveFloat:
    """An active number of another kind of float."""
    value = _cast(kind, x.primal) if type(x.primal) is ActiveFloat else kind(x.primal)
    if bottom(value) == bottom(x):
        return ActiveFloat(value, x.node, x.recorder)
    return ActiveFloat(value, x.recorder.any_number(operation("cast"), value, [(x.node, 1.0)]), x.recorder)


@means(complex, np.complex128)
def _complex(callee: Any, args: Args, named: Named) -> Any:
    if len(args) == 1 and type(getattr(type(args[0]), "__complex__", None)) is types.FunctionType and (
            type(args[0]) not in ACTIVE):
        method: Any = type(args[0]).__complex__
        args = (mediate(method, args[0]),)
    given = dict(zip(("real", "imag"), args, strict=False)) | named
    if not any(type(a) in NUMBERS for a in given.values()):
        return callee(*(checked_text(a) for a in args), **named)
    if len(given) != len(args) + len(named) or set(given) - {"real", "imag"}:
        return callee(*bottom(args), **bottom(named))  # raises
    args = (given.get("real", 0.0), given["imag"]) if "imag" in given else (given["real"],)
    if len(args) == 1:
        return as_complex(args[0]) if type(args[0]) is ActiveFloat else args[0]
    if any(type(a) is ActiveComplex or type(a) is complex for a in args):
        return args[0] + 1j * args[1]
    recorder = innermost(args)
    mine = [type(a) is ActiveFloat and a.recorder is recorder for a in args]
    values = [a.primal if own else a for a, own in zip(args, mine, strict=True)]
    value = mediate(callee, *values)
    nodes = [recorder.any_number(operation("complex"), v, [(a.node, 1.0)] if own else ())
             for a, v, own in zip(args, values, mine, strict=True)]
    return ActiveComplex(value, nodes[0], recorder)


@means(int, float.fromhex, ast.literal_eval, json.loads, np.fromstring, eval, exec, compile)
def _from_text(callee: Any, args: Args, named: Named) -> Any:
    return callee(*(bottom(a) if type(a) is ActiveArray else checked_text(a) for a in args), **named)


@means(json.load, json.JSONDecoder.decode, json.JSONDecoder.raw_decode)
def _from_file(callee: Any, args: Args, named: Named) -> Any:
    checked_text("")
    return callee(*args, **named)


@means(decimal.Decimal, fractions.Fraction)
def _exact(callee: Any, args: Args, named: Named) -> Any:
    for x in args:
        if type(x) in ACTIVE:
            raise refuse(f"an active number is made a {callee.__name__}, which has no derivative", "keep it a float")
        checked_text(x)
    return callee(*args, **named)


@means(hash)
def _hash(callee: Any, args: Args, named: Named) -> Any:
    if any(holds_active(a) for a in args):
        raise refuse("the hash of an active number has no derivative", "use the number")
    return callee(*args, **named)


@means(copying.copy, copying.deepcopy)
def _copied(callee: Any, args: Args, named: Named) -> Any:
    return callee(*args, **named)  # (as it is: it knows active numbers by their `__deepcopy__`)


@means(hasattr, getattr)
def _attribute(callee: Any, args: Args, named: Named) -> Any:
    if args and type(args[0]) in ACTIVE and args[1:2] and args[1] not in ActiveNumber.__slots__:
        plain = bottom(args[0])
        if callee is hasattr or (isinstance(args[1], str) and not hasattr(plain, args[1])):
            return callee(plain, *args[1:])
    return callee(*args, **named)


@means(type)
def _type(callee: Any, args: Args, named: Named) -> Any:
    return args[0].__class__ if len(args) == 1 and type(args[0]) in ACTIVE else callee(*args, **named)


@means(math.floor, math.ceil, math.trunc, math.isnan, math.isinf, math.isfinite, math.isclose, cmath.isnan, cmath.isinf,
       cmath.isfinite, cmath.isclose)
def _on_plain(callee: Any, args: Args, named: Named) -> Any:
    return callee(*(bottom(a) for a in args), **{k: bottom(v) for k, v in named.items()})


@means(math.fsum)
def _fsum(callee: Any, args: Args, named: Named) -> Any:
    items = list(args[0])
    return exactly(sum(items), callee(bottom(items))) if holds_active(items) else callee(items)


def exactly(x: Any, value: float) -> Any:
    """A number whose value is known more exactly than it was computed."""
    if type(x) is not ActiveFloat:
        return value
    if type(x.primal) is ActiveFloat:
        return x + (value - bottom(x))
    return ActiveFloat(value, x.recorder.any_number(operation("cast"), value, [(x.node, 1.0)]), x.recorder)


@means(math.pow)
def _pow(callee: Any, args: Args, named: Named) -> Any:
    return apply("pow", callee, *args) if any(type(a) in NUMBERS for a in args) else callee(*args, **named)


@means(math.ldexp)
def _ldexp(callee: Any, args: Args, named: Named) -> Any:
    x, exponent = args
    if type(x) is not ActiveFloat:
        return callee(x, exponent)
    callee(bottom(x), exponent)  # raises where the result is too large
    half = exponent // 2  # (a power of two that is a float)
    return x * callee(1.0, half) * callee(1.0, exponent - half)


@means(math.log)
def _log(callee: Any, args: Args, named: Named) -> Any:
    if any(type(a) is ActiveArray for a in args):
        callee(*(bottom(a) for a in args))  # refuses more than one element
    args = tuple(a.item() if type(a) is ActiveArray else a for a in args)
    if not any(type(a) in NUMBERS for a in args):
        return callee(*args, **named)
    if len(args) == 2:
        return mediate(callee, args[0]) / mediate(callee, args[1])
    return apply("log", callee, *args)


@means(math.dist, math.hypot)
def _dist(callee: Any, args: Args, named: Named) -> Any:
    points = [list(p) for p in args] if callee is math.dist else [list(args)]
    if not any(holds_active(p) for p in points):
        return callee(*args)
    items = [a - b for a, b in zip(*points, strict=True)] if len(points) == 2 else points[0]
    if len(items) == 1:
        return abs(items[0])
    result, *rest = items if len(items) == 2 else sorted(items, key=lambda v: -abs(bottom(v)))  # no part is 0 before
    for item in rest:
        result = apply("hypot", math.hypot, result, item)
    return result


@means(math.modf)
def _modf(callee: Any, args: Args, named: Named) -> Any:
    (x,) = args
    whole = callee(bottom(x))[1]
    return (x - whole, whole) if type(x) is ActiveFloat else callee(x)


# ---------------------------------------------------------------------- complex functions
def _of_complex(name: str) -> Any:
    def handler(callee: Any, args: Args, named: Named) -> Any:
        if not any(type(a) in NUMBERS for a in args):
            return callee(*args, **named)
        wide = [as_complex(a) if type(a) is ActiveFloat else a for a in args]
        return apply(name, callee, wide[0]) if len(wide) == 1 else mediate(callee, wide[0]) / mediate(callee, wide[1])
    return handler


for _name in ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh", "acosh",
              "atanh", "sqrt", "log10", "phase"):
    means(getattr(cmath, _name))(_of_complex("angle" if _name == "phase" else _name))


@means(cmath.polar)
def _polar(callee: Any, args: Args, named: Named) -> Any:
    (z,) = args
    return (abs(z), mediate(cmath.phase, z)) if type(z) in NUMBERS else callee(z)


@means(cmath.rect)
def _rect(callee: Any, args: Args, named: Named) -> Any:
    r, angle = args
    if not any(type(a) in NUMBERS for a in args):
        return callee(r, angle)
    return mediate(complex, r * mediate(math.cos, angle), r * mediate(math.sin, angle))


# ---------------------------------------------------------------------- arrays
@means(np.full)
def _full(callee: Any, args: Args, named: Named) -> Any:
    bound = dict(zip(("shape", "fill_value", "dtype", "order"), args, strict=False)) | named
    value = bound.pop("fill_value")
    if not holds_active(value):
        checked_text(value)
        return fresh(callee(*args, **named), current())
    kind = np.asarray(bottom(value)).dtype if bound.get("dtype") is None else bound["dtype"]
    made = fresh(np.zeros(bound["shape"], kind, bound.get("order", "C")), innermost(actives(value)))
    made[...] = value
    return made


@means(np.linspace)
def _linspace(callee: Any, args: Args, named: Named) -> Any:
    if holds_active((args, named)):
        return call_numpy(callee, args, named)
    result = callee(*args, **named)
    return (fresh(result[0], current()), result[1]) if isinstance(result, tuple) else fresh(result, current())


@means(np.array, np.asarray, np.ascontiguousarray, np.asanyarray, np.asfortranarray, np.asarray_chkfinite)
def _from_items(callee: Any, args: Args, named: Named) -> Any:
    args = (*(as_array_of(a) for a in args[:1]), *args[1:])
    if not args or not holds_active(args[0]):
        result = callee(*args, **named)
        if args and result.dtype.kind in "fc":
            checked_text(args[0])
        return fresh(result, current()) if result.base is None and not any(result is a for a in args) else result
    options = {k: v for k, v in named.items() if k not in ("dtype", "subok")}
    if set(options) - {"copy", "ndmin", "order"}:
        raise refuse(f"the options {sorted(options)} of np.{callee.__name__}", "leave them out")
    return numpy_functions.array(callee, args[0], args[1] if len(args) > 1 else named.get("dtype"), **options)


@means(np.fromiter)
def _fromiter(callee: Any, args: Args, named: Named) -> Any:
    bound = dict(zip(("iter", "dtype", "count"), args, strict=False)) | named
    items = bound.pop("iter")
    count = bound.get("count", -1)
    items = list(items) if count < 0 else list(itertools.islice(items, count))
    if not holds_active(items):
        checked_text(items)
        return fresh(callee(items, **bound), current())
    callee(bottom(items), **bound)  # raises where there are too few
    return numpy_functions.array(np.array, items, bound.get("dtype", float))


@means(np.ndenumerate)
def _ndenumerate(callee: Any, args: Args, named: Named) -> Any:
    (a,) = args
    if not holds_active(a):
        return callee(a)
    a = numpy_functions.array(np.asarray, a)
    return ((where, a[where]) for where in np.ndindex(a.shape))


# ---------------------------------------------------------------------- what a recorder cannot follow
@means(csv.reader, csv.DictReader)
def _read_rows(callee: Any, args: Args, named: Named) -> Any:
    if named.get("quoting") == csv.QUOTE_NONNUMERIC:
        raise refuse("csv reads numbers from text, among which an active one may have been written",
                     "read text, and make it numbers with float()")
    return callee(*args, **named)


@means(("to_thread", "run_in_executor"), threading.Thread.start, concurrent.futures.ThreadPoolExecutor.submit)
def _thread(callee: Any, args: Args, named: Named) -> Any:
    if reaches_active(args, named, getattr(args[0], "__dict__", None), getattr(type(args[0]), "run", None)):
        raise refuse("a thread is started with active numbers: two threads cannot record at once",
                     "do it in this thread")
    return callee(*args, **named)


# ---------------------------------------------------------------------- distributions
@means("scipy.stats._distn_infrastructure")
def _distribution(callee: Any, args: Args, named: Named) -> Any:
    """A method of a distribution of `scipy.stats`: the normal one is written out."""
    formula = composites.NORMAL.get(callee.__name__) if type(args[0]).__name__ == "norm_gen" else None
    if formula is None:
        raise refuse(f"no derivative rule is known for the method {callee.__name__} of scipy.stats' "
                     f"{getattr(args[0], 'name', 'distribution')}", "write it out")
    return formula(*args[1:], **named)
