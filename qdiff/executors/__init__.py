"""Where work is done: this process, processes beside it, or a cluster's, all used alike."""
