"""Numbers between two laws: from tables, from single strings, from held-out shots."""
