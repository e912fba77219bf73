"""Answers over HTTP: tags, heat map, mosaic and crop of pictures that are uploaded or named.

One process, the front, holds connections, caches and the queue; it computes nothing. Pictures are
decoded and models run in worker processes of lower priority, so that the front answers at once
also while all cores are busy, and a picture that crashes a decoder takes one worker with it.

- `settings`: what a server may do: its limits, its cache, where it may read.
- `running`: starts a server, and ends it when it is told to.

What other servers of edgetag are made of, too:

- `listening`: an address that is listened on, and the HTTP server there.
- `tokens`: the bearer token that requests need.
- `page`: a page of one document, which nothing else can run in.
- `problems`: errors as answers.
- `refusals`: why a request is not answered.
- `logs`: what a server tells of itself.
"""
