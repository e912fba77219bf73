"""Narrower networks as wide as a budget allows: what files cost is measured, not guessed.

- `stage`: the narrow stage: the narrower networks that variants are made of.
"""
