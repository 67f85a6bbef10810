"""A matrix-product law of bits: a hidden Markov chain along them, fitted to shots."""
