"""A float classifier of anybody's → the same one in integers, as near to it as can be had.

- `file`: the whole way of one file: checked, quantized in several ways, the nearest kept.
- `tables`: what was tried, and how far each lies from the float file.
"""
