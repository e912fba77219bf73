"""Runs in an environment with mediapipe: classifies one picture with several models.

Usage: python mediapipe_classify.py PIXELS.npy MODEL.tflite …

Prints one JSON list per model: `[name, score]` of every category, in the order of their indices.
"""

import json
import sys

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import ImageClassifier, ImageClassifierOptions


def main(pixels_file: str, *models: str) -> None:
    picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.load(pixels_file))
    for model in models:
        options = ImageClassifierOptions(base_options=BaseOptions(model_asset_path=model))
        with ImageClassifier.create_from_options(options) as classifier:
            categories = classifier.classify(picture).classifications[0].categories
        ordered = sorted(categories, key=lambda category: category.index)
        print(json.dumps([[c.category_name, c.score] for c in ordered]))


if __name__ == "__main__":
    main(*sys.argv[1:])
