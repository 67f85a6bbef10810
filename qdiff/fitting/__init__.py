"""From shots to a surrogate: what is tried, what held-out shots decide, what is told."""
