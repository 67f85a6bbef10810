"""From a circuit and noise to shots, and to the exact noisy law."""
