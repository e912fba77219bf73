"""Narrower networks as wide as a budget allows: what files cost is measured, not guessed.

- `stage`: the narrow stage: the narrower networks that variants are made of.
- `sketching`: files of networks of some widths, with weights of no training: they cost what trained
  ones do.
"""
