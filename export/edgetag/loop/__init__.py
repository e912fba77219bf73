"""The circle of corrections: what a turn of it has changed.

- `compare`: two runs on the same pictures: what training changed, and what other labels did.
- `tables`: tables of two runs side by side.
"""
