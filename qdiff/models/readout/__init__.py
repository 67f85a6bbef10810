"""Readout errors as a layer: applied, made differentiable, undone."""
