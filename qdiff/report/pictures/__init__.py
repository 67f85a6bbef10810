"""The pictures of a report: drawn once, shown in light and dark, saved as PNG or SVG."""
