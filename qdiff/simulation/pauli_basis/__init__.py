"""The density matrix in the Pauli basis: exact outcome probabilities of a noisy circuit."""
