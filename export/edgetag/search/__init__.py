"""The best variant for given budgets, over networks, input sizes, channels, zeros and integers.

- `stage`: from a recipe's section `[search]` to one chosen variant, and why the others lost.
- `tables`: the tables of a search: every trial with what it costs and why it lost.
"""
