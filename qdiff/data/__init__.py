"""Shots and laws as data: bit order, files of our own, checks of arguments."""
