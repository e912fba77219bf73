"""edgetag: from tagged images to a verified on-device model."""

from importlib.metadata import version

__version__ = version("edgetag")
