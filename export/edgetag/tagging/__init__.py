"""Uses a finished model: pictures go in, tags, scores and heat maps come out.

- `batch`: tags many pictures into a table, on all cores, so that a kill loses nothing finished.
- `listing`: finds the pictures that a command names: files, folders, globs, archives, lists of
  paths.
- `tagger`: a bundle or a `.tflite` file, opened once, that tags picture after picture.
"""
