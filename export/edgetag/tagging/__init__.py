"""Uses a finished model: pictures go in, tags, scores and heat maps come out.

- `tagger.Tagger`: a bundle or a `.tflite` file, opened once, that tags picture after picture.
- `results`: what it gives.
- `errors`: what it refuses.
"""
