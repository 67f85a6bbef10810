"""A circuit known again after transpilation: its structure, and its ideal law in a few numbers."""
