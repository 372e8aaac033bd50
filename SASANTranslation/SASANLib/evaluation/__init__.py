"""Measuring translations against references."""
