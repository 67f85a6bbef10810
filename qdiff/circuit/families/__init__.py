"""Circuit families at any size: one function a family, found by name."""
