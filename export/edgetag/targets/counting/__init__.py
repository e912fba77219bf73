"""Instructions of one inference on an emulated machine: the same in every run, and no time."""
