"""Tests of the cost of programs."""
