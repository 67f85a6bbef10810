"""Shots of long simulations, kept in a folder batch by batch."""
