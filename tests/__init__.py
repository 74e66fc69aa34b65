"""Tests; the folders mirror those of `workbench/`."""
