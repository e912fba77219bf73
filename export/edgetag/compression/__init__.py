"""Pruning, narrower networks, and quantization-aware training.

- `prune_stage`: the networks with a proven share of zeros, resumed one by one.
- `narrower`: the narrower networks that variants are made of, resumed one by one.
- `allocation`: how many channels each layer keeps where some can spare more than others.
- `channels`: which inner channels a network can do without, and the network without them.
- `quantize_stage`: one quantization-aware training per `*-qat` variant, resumed by variant.
- `result`: what compression leaves: sparsity, widths and accuracy, before and after.
- `tables`: tables of compression: zeros by layer, widths, and what trainings came to.
- `folding`: a network as a phone computes it, batch norm folded into the weights.
- `quantize`: the model that simulates int8, and the warm-up of its ranges.
- `weights`: where the weights lie that a variant is made from.
"""
