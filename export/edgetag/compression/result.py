"""What compression leaves: sparsity, widths and accuracy, before and after."""

from typing import Any, ClassVar

from pydantic import model_validator

from edgetag.recipe import Variant
from edgetag.records import Record, Result


class LayerSparsity(Record):
    """Zeros among the weights of one layer, its bias not counted.

    Attributes:
        layer: The layer's name.
        weights: Number of weights.
        zeros: How many of them are exactly zero.
        target: Share of zeros that pruning had to reach; None for a layer left dense.
    """

    layer: str
    weights: int
    zeros: int
    target: float | None = None

    @property
    def sparsity(self) -> float:
        """Share of zeros, 0..1."""
        return self.zeros / self.weights


class PrunedNetwork(Result):
    """`prune/<network>.json`: one pruned network, and how to know it again.

    Attributes:
        network: Such as `narrow50`; `model` is the recipe's own.
        file: Its weights, relative to the run folder.
        weights_sha256: Digest of the weights.
        inputs_sha256: Digest of everything that decided them: recipe, starting weights, data.
        structure: As in the recipe: unstructured, n_of_m or xnnpack.
        layers: Every convolution and dense layer, in the model's order.
        sparsity: Share of zeros over all of `layers`.
        steps: Training steps of the fine-tuning.
        validation_map_before: Of the float network it began from.
        validation_map_after: Of the pruned network, batch norm recalibrated.
    """

    SCHEMA: ClassVar[str] = "edgetag.pruned-network/1.0"
    network: str
    file: str
    weights_sha256: str
    inputs_sha256: str
    structure: str
    layers: tuple[LayerSparsity, ...]
    sparsity: float
    steps: int
    validation_map_before: float | None
    validation_map_after: float | None


class PruneResult(Result):
    """`prune/prune.json`."""

    SCHEMA: ClassVar[str] = "edgetag.prune/2.0"
    networks: tuple[PrunedNetwork, ...]

    @model_validator(mode="before")
    @classmethod
    def _of_one_network(cls, values: Any) -> Any:
        """Read what 1.0 said, which knew the recipe's own network alone."""
        if not isinstance(values, dict) or values.get("schema") != "edgetag.prune/1.0":
            return values
        known = {key: value for key, value in values.items() if key != "schema"}
        own = {"network": "model", "file": "prune/model.npz", "inputs_sha256": ""}
        return {"networks": [own | known]}


class KeptLimit(Record):
    """A limit of `[compress.channels.budgets]` that decided how wide a network is.

    Attributes:
        limit: Its key.
        most: Its value,
        value: and what the network's file came to, with weights of no training.
    """

    limit: str
    most: float
    value: float


class NarrowedNetwork(Result):
    """`narrow/<network>.json`: one narrower network, and how to know it again.

    Attributes:
        network: Such as `narrow50`.
        file: Its weights, relative to the run folder.
        weights_sha256: Digest of the weights.
        inputs_sha256: Digest of everything that decided them: recipe, starting weights, data.
        widths: Layer → channels that it keeps.
        channels: Layer → channels that it had.
        budget: What decided the widths, where it was no share.
        parameters: Weights of the narrower network,
        parameters_before: and of the float model it began from.
        validation_map_before: Of the float model.
        validation_map_untrained: Of the narrower network, batch norm measured anew, before any
            training.
        validation_map: Of the finished network.
    """

    SCHEMA: ClassVar[str] = "edgetag.narrowed-network/1.1"
    network: str
    file: str
    weights_sha256: str
    inputs_sha256: str
    widths: dict[str, int]
    channels: dict[str, int]
    budget: tuple[KeptLimit, ...] = ()
    parameters: int
    parameters_before: int
    validation_map_before: float | None
    validation_map_untrained: float | None
    validation_map: float | None


class NarrowResult(Result):
    """`narrow/narrow.json`."""

    SCHEMA: ClassVar[str] = "edgetag.narrow/1.1"
    networks: tuple[NarrowedNetwork, ...]


class QuantizedVariant(Result):
    """`quantize/<variant>.json`: one quantization-aware training, and how to know it again.

    Attributes:
        variant: Such as `int8-qat`.
        file: Its weights, relative to the run folder.
        weights_sha256: Digest of the weights.
        inputs_sha256: Digest of everything that decided them: recipe, starting weights, data.
        warmup_steps: Forward-only steps that settled the ranges.
        logit_rmse_after_warmup: How far the logits of validation images are from those of the
            float model that it began from, before any weight moved. Above 2 the ranges are wrong.
        logit_rmse: The same of the finished model.
        sparsity: Share of zeros among the weights of convolutions and dense layers.
        validation_map_before: Of the float model it began from.
        validation_map: Of the finished model, quantization simulated.
    """

    SCHEMA: ClassVar[str] = "edgetag.quantized-variant/2.0"
    variant: Variant
    file: str
    weights_sha256: str
    inputs_sha256: str
    warmup_steps: int
    logit_rmse_after_warmup: float
    logit_rmse: float
    sparsity: float
    validation_map_before: float | None
    validation_map: float | None


class QuantizeResult(Result):
    """`quantize/quantize.json`."""

    SCHEMA: ClassVar[str] = "edgetag.quantize/2.0"
    variants: tuple[QuantizedVariant, ...]
