"""MobileNetV4-Conv-Small: 73.8 % top-1 on ImageNet at 224 px, as published."""

from edgetag.networks.mobilenet_v4 import MobileNetV4, Plain, Universal

NETWORK = MobileNetV4(
    (
        (Plain(3, 2, 32), Plain(1, 1, 32)),
        (Plain(3, 2, 96), Plain(1, 1, 64)),
        (
            Universal(5, 5, 2, 3, 96),
            *(4 * (Universal(0, 3, 1, 2, 96),)),
            Universal(3, 0, 1, 4, 96),
        ),
        (
            Universal(3, 3, 2, 6, 128),
            Universal(5, 5, 1, 4, 128),
            Universal(0, 5, 1, 4, 128),
            Universal(0, 5, 1, 3, 128),
            *(2 * (Universal(0, 3, 1, 4, 128),)),
        ),
    )
)
features, load_file = NETWORK.features, NETWORK.load_file
