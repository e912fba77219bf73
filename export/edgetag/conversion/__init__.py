"""Float model → `.tflite` files, with metadata, checked without running them.

- `stage`: the export stage: trained weights → one `.tflite` file per variant, described and
  checked.
- `result`: what the export stage leaves: one entry per `.tflite` file.
- `tables`: tables of an export: the files and what to know of them.
- `boundary`: what goes into a `.tflite` file and what comes out, read without running or
  unfolding it.
- `calibration`: a quantized file brought nearer to its float file, by pictures.
- `checks`: static checks of a `.tflite` file: what can be known without running it.
- `classifier`: any image classifier: what its input wants and what it says of its scores.
- `convert`: from a Keras model to the bytes of one `.tflite` variant.
- `explain_signature`: the second signature `explain`: the scores, and beside them the map that
  each is the mean of.
- `exported`: the files that `export/export.json` lists, by name and as they lie there.
- `external`: models made by other tools that score a recipe's tags, in whatever order.
- `flatfile`: reading and writing `.tflite` files as flatbuffers, without running them.
- `float_scores`: scores in float at the end of a file of integers.
- `labels`: labels of a model made elsewhere: read from a file or from the zip behind a model, and
  matched.
- `layers`: the layers of a quantized file, each with its counterpart in a float file of the same
  network.
- `metadata`: standard TFLite metadata in a `.tflite` file: what the input wants and what the
  scores mean.
- `op_versions`: which TensorFlow Lite first had each version of an operator.
- `representative`: the images that calibrate post-training quantization: from training, every tag
  among them.
- `sources`: what the export stage makes variants from: weights, models on disk, calibration images.
"""
