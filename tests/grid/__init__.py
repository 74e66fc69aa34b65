"""A grid of calls: every function of the NumPy and SciPy core, its arguments, and what it is applied to."""
