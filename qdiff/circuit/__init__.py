"""Circuits: how they are read, what they measure, what identifies them."""
