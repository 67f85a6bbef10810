"""What can be fitted to shots. Nothing here imports Qiskit."""
