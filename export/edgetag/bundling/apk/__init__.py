"""A finished Android app that has a bundle in it, looked at without running or unpacking it.

- `checking`: what of a bundle is in an app, and whether a phone can map it; libraries, signatures.
- `tables`: the table of what `edgetag bundle check --apk` saw.
"""
