"""Views: data first, then text, HTML and SVG."""
