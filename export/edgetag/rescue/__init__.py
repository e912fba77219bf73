"""Keeping layers in float until a failing variant is inside its budget again.

- `stage`: a failing variant → the fewest layers in float that mend it.
- `tables`: tables of a rescue: the steps with what each costs, and the layers that quantizing
  hurts.
- `adopting`: a rescued file takes its variant's place, once pictures that did not choose it
  agree.
- `float_layers`: layers kept in float: the float file's operators and weights in the quantized
  file.
- `search`: finding the fewest layers to keep with few trials.
"""
