"""The training loop, and what makes it faster on CUDA."""
