"""Peak memory of gradients: every allocation is counted, and held against what the adjoint program has to hold.

The bar: the peak of a gradient's call is above that of the primal, as our engine emits it, by no more than 1.02 times
(residual capacity + cotangents + outputs) + 1 MB.

What is measured. Each program runs in a process of its own in which the C library's allocator counts the bytes that
are handed out (`accounting.c`, preloaded): Numba's arrays, LAPACK's workspace of Numba, what Python makes during the
call. The peak of a call is the most that was held at a time beyond what was held when it began; calls are warm. A
`realloc` counts as a change of size. (Blocks of 32 MB and more are moved by their pages. A smaller one may be copied,
if something lies behind it; then as much of the new block has been touched as the old one holds, which together is
the new size.) As a check on the whole, the growth of the resident set is shown beside it.

What is allowed is read off the adjoint program (`roles.py`), its emitted source instrumented (`marking.py`): the most
bytes that arrays of these roles hold at a time, each from the end of the line that makes it until it is freed.

  output     what is returned.
  residual   what the forward sweep writes and the reverse sweep reads: arrays and lists that the residual plan makes
             (capacity included: of a list that grows, that of its last block), arrays of the primal that an operation
             of the reverse sweep reads, and arrays of numbers of the primal that the primal alone would not make.
  cotangent  what the reverse sweep holds under the name of a value of the primal (`x_bar`); and, shown apart as
             "unnamed cotangent", an array without a name that sums or products of cotangents are stored into: those of
             values that have no name.
  scratch    all else counts as nothing, and has to fit in the slack or where the primal's own temporaries were: what
             passes make, what is recomputed, arrays of the primal that nothing of the reverse sweep reads.
"""
