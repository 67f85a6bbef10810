"""A page as HTML: its text escaped, its sections, its figures, all of it."""
