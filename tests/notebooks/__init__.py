"""Notebooks run top to bottom."""
