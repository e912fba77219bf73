"""Float model → `.tflite` variants, metadata, static checks."""
