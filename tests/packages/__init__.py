"""Packages that never heard of derivatives, and two modules of the standard library: differentiated unmodified."""
