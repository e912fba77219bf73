"""The float network of a run through other tools, beside our own files.

- `compare`: every tool's file and ours over the same pictures, timed in the same rounds.
"""
