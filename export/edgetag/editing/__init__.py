"""Pictures made anew from where a model sees a tag: overlays, mosaics, crops.

- `edits`: what is made of a picture by what a model sees in it.
- `regions`: from a heat map to boxes: what to cover, the best crop.
- `drawing`: draws it; how a part can be covered.
- `saving`: decodes pictures whole, and writes them with as much of their EXIF as is wanted.
- `batch`: makes many pictures anew, on all cores.
"""
