"""What operations on whole arrays do, as formulas of their sizes: a file for each file of kernels."""
