"""Exported files on other machines: whether they agree with this one, and what they cost there."""
