"""Uses a finished model: pictures go in, tags, scores and heat maps come out.

- `tagger`: `Tagger`, a bundle or a `.tflite` file, opened once, that tags picture after picture.
- `ensemble`: several models that tag as one; opens whatever a user names as a model.
- `results`: what it gives.
- `errors`: what it refuses.
- `pictures`: pictures in any shape that a caller has, as the square that a model takes.
- `listing`: finds the pictures that a command names: files, folders, globs, archives.
- `archives`: pictures in archives, which are never unpacked.
- `remote`: pictures in object stores, by fsspec.
- `engines`: who computes a batch: threads here, or
- `on_ray`: the workers of a Ray cluster, through Ray Data.
- `batch`: tags many pictures into a table, so that a kill loses nothing finished.
- `report`: a page with plots of what was tagged.
- `sidecars`: text files with tags beside pictures, as other programs read them.
- `rate`: how fast a batch tags, beside decoding and inference alone.
- `throughput`: measures that.
"""
