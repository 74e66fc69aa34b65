"""Benchmarks: gradient over primal for five programs, call overhead, and the first gradient in a fresh kernel.

`python -m tests.benchmarks` prints the table; README.md says what is measured and how.
"""
