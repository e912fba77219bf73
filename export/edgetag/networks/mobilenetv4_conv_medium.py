"""MobileNetV4-Conv-Medium: 79.9 % top-1 on ImageNet at 256 px, as published."""

from edgetag.networks.mobilenet_v4 import Fused, MobileNetV4, Universal

NETWORK = MobileNetV4(
    (
        (Fused(2, 4, 48),),
        (Universal(3, 5, 2, 4, 80), Universal(3, 3, 1, 2, 80)),
        (
            Universal(3, 5, 2, 6, 160),
            *(2 * (Universal(3, 3, 1, 4, 160),)),
            Universal(3, 5, 1, 4, 160),
            Universal(3, 3, 1, 4, 160),
            Universal(3, 0, 1, 4, 160),
            Universal(0, 0, 1, 2, 160),
            Universal(3, 0, 1, 4, 160),
        ),
        (
            Universal(5, 5, 2, 6, 256),
            Universal(5, 5, 1, 4, 256),
            *(2 * (Universal(3, 5, 1, 4, 256),)),
            Universal(0, 0, 1, 4, 256),
            Universal(3, 0, 1, 4, 256),
            Universal(3, 5, 1, 2, 256),
            Universal(5, 5, 1, 4, 256),
            *(2 * (Universal(0, 0, 1, 4, 256),)),
            Universal(5, 0, 1, 2, 256),
        ),
    )
)
features, load_file = NETWORK.features, NETWORK.load_file
