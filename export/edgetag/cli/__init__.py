"""One file per verb: parse, call a stage, render.

- `main`: the `edgetag` command: how it starts, and how errors end.
"""
