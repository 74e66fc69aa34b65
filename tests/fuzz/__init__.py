"""A fuzzer: random programs over the language, checked by engines and modes against each other and against oracles.

`python -m tests.fuzz --programs 2000 --seed 7` draws programs, compiles them in batches, and prints one summary line;
every disagreement is shrunk to a short program that can be pasted into a file. `faults` plants mistakes in the
compiler and demands that the tests notice.
"""
