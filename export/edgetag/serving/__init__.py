"""Answers over HTTP: tags, heat map, mosaic and crop of pictures that are uploaded or named.

One process, the front, holds connections, caches and the queue; it computes nothing. Pictures are
decoded and models run in worker processes of lower priority, so that the front answers at once
also while all cores are busy, and a picture that crashes a decoder takes one worker with it.

- `settings`: what a server may do: its limits, its cache, where it may read.
- `running`: starts a server, and ends it when it is told to.
"""
