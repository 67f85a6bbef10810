"""Noise: a small readable schema, and how it is written into a circuit for Aer."""
