"""What `edgetag mine` does unless it is asked otherwise."""

MOST = 20
"""Findings of one kind and tag."""
