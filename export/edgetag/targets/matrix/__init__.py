"""Every exported file on every runtime: what loads, what agrees, and from which version on.

`edgetag matrix` is no stage of the pipeline: it is asked for, and leaves `matrix/matrix.json` and
`matrix/matrix.md`.
"""
