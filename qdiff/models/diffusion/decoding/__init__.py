"""Reversing a process: along fixed orders, in parallel steps, and the exact laws of each."""
