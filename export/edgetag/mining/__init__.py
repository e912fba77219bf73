"""What deserves a person's look: labels that look wrong, and pictures that are hard.

- `result`: what it leaves as JSON: findings, by rank.
- `settings`: what is done unless something else is asked for.
- `stage`: a run → its findings, as a table, a page and JSON.
- `tables`: tables of what was found: by tag, and the first findings.
"""
