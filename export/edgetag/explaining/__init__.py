"""Why a file drifts: layer by layer, and under the mistakes that apps make.

- `stage`: the explain stage: layers to blame in each quantized file, and what mistakes in an app
  cost.
- `result`: what `edgetag explain` leaves: layers to blame and what mistakes in preprocessing
  cost.
- `tables`: tables of what explains a loss: layers to blame, and mistakes in an app's
  preprocessing.
"""
