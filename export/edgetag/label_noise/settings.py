"""What judges labels unless something else is asked for."""

FOLDS = 5
"""Parts of the pictures, each judged by heads of the others."""
