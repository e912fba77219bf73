"""Keeping layers in float until a failing variant is inside its budget again."""
