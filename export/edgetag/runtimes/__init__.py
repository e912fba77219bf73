"""Engines that run `.tflite` files, each in a process of its own."""
