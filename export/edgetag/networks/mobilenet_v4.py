"""MobileNetV4, the convolutional sizes: universal inverted bottlenecks with ReLU.

Qin et al., "MobileNetV4: Universal Models for the Mobile Ecosystem" (2024), in the form of the
package timm, whose weights it takes. Each size is a file of its own.

Behind the last feature map timm averages it, and then has a convolution with a ReLU before the
classes. With a ReLU in between scores are no means of maps, so that part is left out: the maps are
made of the 960 channels before it, which also spares 1.2 million weights.
"""

from dataclasses import dataclass
from pathlib import Path

from edgetag.catalogue.networks import BLOCK
from edgetag.networks.blocks import Builder
from edgetag.networks.timm_file import read_timm_weights
from edgetag.recipe import NetworkSection
from edgetag.tf import keras

STEM_CHANNELS = 32
TOP_CHANNELS = 960
BATCH_NORM_EPSILON = 1e-5


@dataclass(frozen=True)
class Plain:
    """A convolution, batch norm and ReLU."""

    kernel: int
    stride: int
    channels: int

    def build(self, build: Builder, x: keras.layers.Layer, name: str) -> keras.layers.Layer:
        """Add it to a network."""
        return build.convolution(x, self.channels, self.kernel, self.stride, f"{name}_conv")

    def parts(self) -> dict[str, tuple[str, str]]:
        """Return its layers, each with the names of its kernel and its batch norm in timm."""
        return {"conv": ("conv", "bn1")}


@dataclass(frozen=True)
class Fused:
    """A strided 3x3 convolution that expands, and a projection."""

    stride: int
    expansion: int
    channels: int

    def build(self, build: Builder, x: keras.layers.Layer, name: str) -> keras.layers.Layer:
        """Add it to a network."""
        x = build.convolution(x, x.shape[-1] * self.expansion, 3, self.stride, f"{name}_expand")
        return build.convolution(x, self.channels, 1, 1, f"{name}_project", activate=False)

    def parts(self) -> dict[str, tuple[str, str]]:
        """Return its layers, each with the names of its kernel and its batch norm in timm."""
        return {"expand": ("conv_exp", "bn1"), "project": ("conv_pwl", "bn2")}


@dataclass(frozen=True)
class Universal:
    """A universal inverted bottleneck: an inverted residual, and a depthwise filter before it.

    Attributes:
        before: Kernel of the depthwise filter before the expansion, 0 for none.
        between: Kernel of that behind it, 0 for none. It has the stride, where it is there.
        stride: With 1, and as many channels as come in, these are added.
        expansion: Of the channels between the two 1x1 convolutions.
        channels: That come out.
    """

    before: int
    between: int
    stride: int
    expansion: int
    channels: int

    def build(self, build: Builder, x: keras.layers.Layer, name: str) -> keras.layers.Layer:
        """Add it to a network."""
        shortcut, came = x, int(x.shape[-1])
        if self.before:
            stride = 1 if self.between else self.stride
            x = build.depthwise(x, self.before, stride, f"{name}_before", activate=False)
        x = build.convolution(x, came * self.expansion, 1, 1, f"{name}_expand")
        if self.between:
            x = build.depthwise(x, self.between, self.stride, f"{name}_depthwise")
        x = build.convolution(x, self.channels, 1, 1, f"{name}_project", activate=False)
        if self.stride == 1 and came == self.channels:
            x = keras.layers.Add(name=f"{name}_add")([shortcut, x])
        return x

    def parts(self) -> dict[str, tuple[str, str]]:
        """Return its layers, each with the names of its kernel and its batch norm in timm."""
        return (
            ({"before": _in_timm("dw_start")} if self.before else {})
            | {"expand": _in_timm("pw_exp")}
            | ({"depthwise": _in_timm("dw_mid")} if self.between else {})
            | {"project": _in_timm("pw_proj")}
        )


def _in_timm(part: str) -> tuple[str, str]:
    return f"{part}.conv", f"{part}.bn"


Stage = tuple[Plain | Fused | Universal, ...]


@dataclass(frozen=True)
class MobileNetV4:
    """One size of the architecture; see `building.Architecture`.

    Attributes:
        stages: Those behind the stem; the last convolution, which all sizes share, is not among
            them.
    """

    stages: tuple[Stage, ...]

    def features(
        self, image: keras.layers.Layer, network: NetworkSection, batch_norm_momentum: float
    ) -> keras.layers.Layer:
        """Build the network up to its last feature map: 960 channels in each cell."""
        build = Builder(BATCH_NORM_EPSILON, batch_norm_momentum, most=None, symmetric=True)
        x = build.convolution(image, STEM_CHANNELS, kernel=3, stride=2, name="stem")
        for number, block in enumerate(block for stage in self.stages for block in stage):
            if block.stride > 1:
                finer = x
            x = block.build(build, x, f"{BLOCK}{number}")
        return build.top(x, TOP_CHANNELS, finer if network.map_stride == 16 else None)

    def load_file(self, model: keras.Model, weights: Path, pixels: str) -> None:
        """Load the weights of all but the head from a file of timm's.

        Raises:
            InputError: It is damaged, or of another network.
        """
        names = {"stem": ("conv_stem", "bn1")}
        number = 0
        for stage, blocks in enumerate(self.stages):
            for position, block in enumerate(blocks):
                for part, pair in block.parts().items():
                    kernel, norm = (f"blocks.{stage}.{position}.{name}" for name in pair)
                    names[f"{BLOCK}{number}_{part}"] = kernel, norm
                number += 1
        last = f"blocks.{len(self.stages)}.0"
        read_timm_weights(model, weights, names | {"top": (f"{last}.conv", f"{last}.bn1")}, pixels)
