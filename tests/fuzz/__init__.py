"""A fuzzer: random programs over the language, checked by engines and modes against each other and against oracles.

`python -m tests.fuzz --programs 2000 --seed 7` draws programs (`generate`, of `forms` in a `scope`), checks them on the
tape, in the interpreter, compiled in batches (`check`) and under `wb.vmap` (`mapped`), in several processes
(`workers`), and prints what was looked at in which way; every disagreement is shrunk to a short program that can be
pasted into a file. `--engine python` runs the emitted programs as Python (`emitted`). `faults` plants mistakes in the
compiler; programs must notice.
"""
