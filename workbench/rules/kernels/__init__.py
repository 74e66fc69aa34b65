"""What compiled programs call where one expression does not do, as Python that the engine's compiler compiles.

A kernel is a function of numbers and of C-contiguous arrays, made of loops, `math`, `np` and other kernels. Its text
goes into the programs that call it. Each file holds the kernels of the file of the same name in
`workbench.rules.primitives`; `matrices` is what those of matrices share, `products` is called by the emission of
stacked matrix products.

Invariants. Nothing raises: where NumPy would, the result is NaN, and a last result `ok` is False where there is one.
Every kernel runs as plain Python, too: so each is tested on every sample of its primitive, and compiled on some.
"""
