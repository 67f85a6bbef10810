"""Shots whose errors are drawn first: what shots have in common is simulated once."""
