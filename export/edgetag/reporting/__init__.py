"""Tables and Markdown."""
