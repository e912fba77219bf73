"""A folder that is all a CI job needs to judge a model: pictures, labels, recipe, reference."""
