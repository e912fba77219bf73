"""How TensorFlow Lite's converter is set for each variant, one file each: `configure(converter)`.

Which variants there are, and what else is done for each, is in `catalogue.variants`.
"""
