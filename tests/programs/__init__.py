"""Whole-program tests: the corpus against its oracle, refusals, and guards."""
