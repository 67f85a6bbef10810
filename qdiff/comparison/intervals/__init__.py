"""Intervals of metrics: replicates, inversion of a test, pooled shots."""
