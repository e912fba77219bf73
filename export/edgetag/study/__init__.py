"""Side by side: our own files over several trainings, and what other tools make of the same net.

- `variants`: the variants of a recipe, trained with several seeds, as one table.
- `tables`: tables of studies.
"""
