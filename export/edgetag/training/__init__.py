"""Losses, batches, phases, thresholds."""
