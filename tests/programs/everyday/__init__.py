"""Ordinary numeric programs in several styles, as their users write them. `PROGRAMS` lists them all."""
from __future__ import annotations

from tests.programs.everyday import algorithms, habits, language, models, numerics, simulations, structures

PROGRAMS = [*models.PROGRAMS, *language.PROGRAMS, *algorithms.PROGRAMS, *numerics.PROGRAMS, *structures.PROGRAMS,
            *simulations.PROGRAMS, *habits.PROGRAMS]

__all__ = ["PROGRAMS"]
