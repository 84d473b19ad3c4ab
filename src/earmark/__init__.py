"""Earmark: a voice assistant together with the program that improves it."""

__version__ = "0.1.0"
