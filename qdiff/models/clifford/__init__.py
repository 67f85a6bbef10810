"""Clifford circuits beyond tables: affine laws as chains, read through unknown readout."""
