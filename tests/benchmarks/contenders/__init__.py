"""Who is timed: each module of this folder makes contenders for the workloads, in one tool's own way.

A module has `CONTENDERS`: name -> function of (workload, arguments) that returns a call without arguments, which gives
(value, derivatives), or None where the tool has nothing for that workload. `tools.toml` says in which environment it
runs.
"""
