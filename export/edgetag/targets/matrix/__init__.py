"""Every exported file on every runtime: what loads, what agrees, and from which version on.

`edgetag matrix` is no stage of the pipeline: it is asked for, and leaves `matrix/matrix.json` and
`matrix/matrix.md`.

- `stage`: scoring every exported file on every runtime over a few images of the deciding split.
- `tables`: the matrix as tables: one grid of all there is, and lists of reasons, proofs and
  runtimes.
"""
