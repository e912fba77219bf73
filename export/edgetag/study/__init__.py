"""Files side by side: the variants of a recipe over several trainings, or beside other tools'.

- `variants`: the variants of a recipe, trained with several seeds, as one table.
- `peers`: the float network of a run through other tools, beside our own files.
- `tables`: tables of studies.
"""
