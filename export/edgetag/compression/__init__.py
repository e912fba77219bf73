"""Pruning and quantization-aware training."""
