"""Benchmarks: derivatives over primals of the workloads, ours beside other tools'; and bars that are no ratios.

`python -m tests.benchmarks` runs them; README.md says what is measured and how, and has the latest figures.
"""
