"""Instructions of one inference on an emulated machine: the same in every run, and no time.

- `count`: instructions of every file on every emulated processor.
- `one_file`: instructions of one inference of one file on an emulated machine.
- `ratios`: two runs side by side by instructions: exact ratios, and a gate.
"""
