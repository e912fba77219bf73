"""From measured values to decisions; what limits there are, `recipe.LIMITS` says.

- `checks`: one limit of the recipe against what was measured: the only place where that is
  decided.
- `decisions`: the words of a decision, which of them is worst, and what a command ends with.
- `wording`: limits and what is held against them, in words: the same on a terminal, in files and
  on a page.
"""
