"""The report as one HTML file.

- `write`: writes the page from the results of a run.
- `data`: how many images have each tag in each split, what was left out, whose they are.
"""
