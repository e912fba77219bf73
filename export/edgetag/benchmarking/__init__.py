"""Latency, memory, size."""
