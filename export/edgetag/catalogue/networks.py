"""The networks. Each is a file in `edgetag/networks`, which `networks.building` imports on use."""

from dataclasses import dataclass

from edgetag.catalogue import by_name

CAM = "cam"
"""Name of the 1x1 convolution whose maps, averaged, are the scores before the sigmoid."""

BLOCK = "block"
"""Begins the names of a network's blocks."""


@dataclass(frozen=True)
class NetworkLine:
    """What a recipe must know of an architecture.

    Attributes:
        name: As recipes write it, and its file.
        input_step: Height and width of the input are a multiple of it, in pixels.
        takes_width: Whether it has a channel multiplier.
        takes_depth: Whether it can have fewer blocks.
        has_weights: Whether its file can load ImageNet weights from a package.
        takes_weights: Whether its file can load weights from a file that a user supplies.
        head: Its layers with weights that are new for every vocabulary.
        inner: Patterns of its convolutions whose channels one other layer reads, so that some can
            be left out.
        has_fine_maps: Whether cells of its maps can be 16 input pixels apart instead of 32.
    """

    name: str
    input_step: int = 1
    takes_width: bool = False
    takes_depth: bool = False
    has_weights: bool = False
    takes_weights: bool = False
    head: tuple[str, ...] = (CAM,)
    inner: tuple[str, ...] = (f"{BLOCK}*_expand",)
    has_fine_maps: bool = False

    @property
    def has_maps(self) -> bool:
        """Whether each score is the mean of a class activation map."""
        return self.head == (CAM,)


NETWORKS = by_name(
    NetworkLine("efficientnet_lite0", input_step=32, has_weights=True, has_fine_maps=True),
    NetworkLine("efficientnet_lite1", input_step=32, has_weights=True, has_fine_maps=True),
    NetworkLine("efficientnet_lite2", input_step=32, has_weights=True, has_fine_maps=True),
    NetworkLine(
        "mobilenet_v2", input_step=32, takes_width=True, takes_depth=True, has_fine_maps=True
    ),
    NetworkLine(
        "mobilenetv4_conv_small",
        input_step=32,
        takes_weights=True,
        inner=(f"{BLOCK}*_expand", f"{BLOCK}*_conv"),
        has_fine_maps=True,
    ),
    NetworkLine("mobilenetv4_conv_medium", input_step=32, takes_weights=True, has_fine_maps=True),
    NetworkLine("model3", head=("dense", "logits"), inner=(f"{BLOCK}*_conv*", "reduce")),
)
"""The first is the default."""
