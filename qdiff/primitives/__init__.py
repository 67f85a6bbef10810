"""Surrogates behind Qiskit's own interfaces: a sampler primitive and a backend."""
