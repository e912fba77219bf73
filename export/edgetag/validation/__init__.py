"""Metrics, statistics, verdict."""
