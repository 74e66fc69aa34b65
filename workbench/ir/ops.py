"""The structural operations, their operands and what they mean. (Elementwise and structured *mathematical*
primitives - `add`, `sin`, `sum`, `matmul`, ... - are defined in `workbench.rules`.)

Control flow. Regions may use values of the enclosing blocks; a loop body may not *consume* an array from outside.

    for    (lo, hi, *inits) attrs step = 1 | -1   regions: body(i, *carried) yields (*carried)      results: carried
           i = lo, lo+step, ... while i < hi (step 1) or i > hi (step -1)
           items = True: a loop over the items of a batch, so many that they are worth vectors of them (`passes.lanes`)
           promised = True: the user says that no turn touches what another one writes (`numba.prange`)
           blocks = True: over the blocks of a user's kernel, in each of which loops go over the threads
           threads = True: over these, in one phase of such a kernel: it stays a loop
    while  (*inits)   regions: before(*carried) yields (condition, *out), after() yields (*carried) results: out
           `after` has no parameters: it runs after `before` of the same iteration and sees its values.
           when the condition is false the loop ends with `out` of that last `before`. len(out) == len(carried)
    if     (condition)          regions: then() yields (*r), else() yields (*r)                     results: r
    check  (ok, *numbers)   attrs exception = "IndexError" | ..., message = str: raises where ok is false    no results
           (an effect: never removed unless proved, never moved before another effect)
           attrs failure: the exception where numbers belong to it, or it is the program's own (`rules.text`)
    print  (*numbers)   attrs template, stream = "stdout" | "stderr", flush: an effect too, once, in its place
    call   (*operands)  attrs callee = a `Callee` (`workbench.ir.calls`): its function's results. Operands are its data
           parameters; it consumes those that its function updates. Results belong to the caller.

Arrays. An operand marked ! is consumed: it must not be used afterwards (the result takes its buffer).

    empty      (*dims)                     attrs kind        a new array, contents undefined
    full       (value, *dims)                                a new array, all elements equal
    copy       (a)                                           a new array
    iota       (n)                                           i64[n]: 0, 1, ..., n-1
    list       ()                          attrs kind        a new growable list (see ArrayType)
    index      (e, n)   attrs checked                        e, or e+n where e < 0; if checked raises IndexError
                                                             unless -n <= e < n. Without checked: e is known valid
    load       (a, *indices)                                 scalar; indices valid and non-negative, one per axis
    store      (a!, v, *indices)                             a with one element replaced
    accum      (a!, v, *indices)                             a with v added to one element
    slice      (a, *starts, *lengths, *steps)     attrs fixed        new array, see below
    slice_store(a!, v, *starts, *lengths, *steps) attrs fixed        a with a sub-box replaced by v
    slice_accum(a!, v, *starts, *lengths, *steps) attrs fixed        a with v added to a sub-box
        fixed: one bool per axis of a. starts: one per axis. lengths, steps: one per axis that is not fixed.
        v is an array whose dims are the lengths in order (v is a scalar when the operand is to be broadcast).
    gather         (a, *idx)       idx: integer arrays of one common shape for the leading axes of a (valid, >= 0);
                                   result dims = idx dims + the remaining dims of a
    scatter_store  (a!, v, *idx)   v of the shape gather would give; later duplicates win
    scatter_accum  (a!, v, *idx)   duplicates add up (np.add.at)
    draw           (state!, *params)   attrs law    a random generator's state after one more number, which is
                                                    state[0] then (see `rules.random`)
    mask_count (m)                                           number of true elements of a bool array
    mask_index (m, k)                                        i64[k]: flat positions of the true elements
    reshape    (a, *dims)   transpose (a) attrs perm   broadcast (a, *dims)     new arrays (values: may be views)

Sums and products. `add`, `sub`, `neg`, `mul`, `accum`, `slice_accum` of cotangents have the attribute `loose`: their
order is not the user's. It changes nothing that they mean, and is not printed.
"""

from __future__ import annotations

from collections.abc import Mapping

MARKS = ("items", "promised", "blocks", "threads")  # of a `for`
CONTROL = frozenset({"for", "while", "if"})
CONSUMING = frozenset({"store", "accum", "slice_store", "slice_accum", "scatter_store", "scatter_accum",
                       "draw"})
UNNUMBERED = CONTROL | CONSUMING | {"call"}  # two alike are two
LINEAR = frozenset({"add", "sub", "neg", "mul"})
LOOSE = LINEAR | {"accum", "slice_accum"}
ALLOCATING = frozenset({"empty", "full", "copy", "iota", "list"})


def marked(attrs: Mapping[str, object]) -> list[str]:
    """The marks of a `for`."""
    return [mark for mark in MARKS if mark in attrs]


def has_effect(prim: str, checked: bool = False) -> bool:
    """True for operations that may raise or do something beyond their results (never dead, never reordered)."""
    return prim in ("check", "print") or (prim == "index" and checked)
