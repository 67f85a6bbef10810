"""Forward processes: how bits are corrupted, and the losses that come of it."""
