"""From the image cache to a float network: losses, batches, phases, thresholds.

- `stage`: the train stage: from the image cache to float weights and thresholds.
- `result`: what the train stage leaves: a summary, the history and the thresholds.
- `tables`: tables of a training: its epochs, and how fast its pictures come.
- `adam`: Adam in one operation for each variable.
- `adversarial`: pictures changed against a network within a budget: FGSM and PGD.
- `cluster`: who this process is among the machines that train together, from `TF_CONFIG`.
- `fitting`: the training loop that training, pruning and quantization-aware training share.
- `inputs`: a digest of the files outside a run folder that training begins with.
- `kept_scores`: scores of the validation split by one file of weights, kept so that no stage makes
  them again.
- `left_out`: labels of training pictures that look wrong are left out, and listed.
- `losses`: the training loss: sigmoid cross-entropy over three-state labels.
- `taught`: which runs teach a recipe's networks, read without TensorFlow.
- `teachers`: networks of other runs that teach one: read from their folders, several as one.
- `thresholds`: from which score a tag counts as present, chosen per tag on the validation split.
- `throughput`: whether the input pipeline keeps up with training, on the recipe's own data.
"""
