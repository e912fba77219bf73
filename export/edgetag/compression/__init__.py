"""Pruning and quantization-aware training.

- `prune_stage`: from `train/model.npz` to `prune/model.npz` with a proven share of zeros.
- `quantize_stage`: one quantization-aware training per `*-qat` variant, resumed by variant.
- `result`: what pruning and quantization-aware training leave: sparsity and accuracy, before and
  after.
- `tables`: tables of compression: zeros by layer, and what quantization-aware training came to.
- `quantize`: the model that simulates int8, and the warm-up of its ranges.
- `weights`: where the weights lie that a variant is made from.
"""
