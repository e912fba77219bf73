"""A folder that is all a CI job needs to judge a model: pictures, labels, recipe, reference.

- `tables`: the table of what `edgetag ci export` wrote.
- `export`: from a finished run to a folder that a CI job judges by.
"""
