"""How well predicted times are met: `python -m tests.benchmarks.timing_model`."""
