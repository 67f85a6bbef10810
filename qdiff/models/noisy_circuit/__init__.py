"""A circuit's law under noise of unknown strength, and its fit to shots."""
