"""A real JupyterLab in a headless browser."""
