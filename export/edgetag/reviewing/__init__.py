"""A page on which people correct labels, and the database that keeps what they say.

The page shows a run's pictures as they were built, so it takes whatever data edgetag reads; those
first in which `edgetag mine` found something. Answers are laid over the source's labels, which stay
as they are, by the rule of `dataset.correcting`.

- `running`: starts the server of the page, and ends it when it is told to.
- `exchange`: answers and labels out of the database, and others' answers into it.
"""
