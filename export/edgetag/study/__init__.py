"""Files side by side: the variants of a recipe over several trainings.

- `variants`: the variants of a recipe, trained with several seeds, as one table.
- `tables`: tables of studies.
"""
