"""A quantized file brought nearer to its float file, by pictures: ranges, then biases.

Only numbers in the file change: its size, its operators and what they cost stay.

- `calibrate`: tries what the recipe asks for, and keeps the file whose scores are nearest to the
  float file's on other pictures.
- `pictures`: calibration pictures as the input of a model, one at a time: as floats they would
  fill memory.
"""
