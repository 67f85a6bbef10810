"""The diffusion core: a forward process that hides bits, a network that reverses it, decoders.

Needs torch and numpy only.
"""
