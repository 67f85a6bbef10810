"""Diffusion over bits: a forward process hides or flips bits, a denoiser reverses it."""
