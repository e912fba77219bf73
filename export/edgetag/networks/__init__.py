"""Architectures, and reading pretrained weights."""
