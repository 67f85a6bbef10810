"""Noise of a device, learned from the shots of some circuits and carried to circuits never run."""
