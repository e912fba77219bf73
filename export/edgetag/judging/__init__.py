"""From measured values to decisions: `checks.judge` holds a value against a limit of the recipe.

`decisions` has the words of a decision, the worst of several, and exit codes. What limits there
are, and what each is about, says `recipe.LIMITS`.
"""
