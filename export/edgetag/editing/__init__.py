"""Pictures made anew from where a model sees a tag: overlays, mosaics, crops.

- `edits`: what is made of a picture by what a model sees in it.
- `batch`: makes many pictures anew, on all cores.
"""
