"""The kernel extension in an IPython shell of its own."""
