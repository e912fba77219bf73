"""Sorts pictures that were tagged into folders, by a rule over tags and scores.

- `rules`: reads a rule such as `nsfw > 0.65 and not photo`, and applies it to a table.
- `tagged`: the table that `edgetag tag` wrote.
- `plan`: which picture goes where, and what stands in the way.
- `expected`: how often a rule is wrong, and what that comes to in many pictures.
- `result`: what a screening comes to, for programs.
- `carrying`: copies, links or moves pictures by a plan, with a log that undoes it.
- `sheet`: a page that shows the pictures on both sides of a rule, the nearest to it first.
- `tables`: what a plan comes to, and how often its rule is wrong.
"""
