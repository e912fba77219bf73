"""What `edgetag mine` does unless it is asked otherwise."""

MOST = 20
"""Findings of one kind and tag."""

FOLDS = 5
"""Parts of the pictures, each judged by heads of the others."""
