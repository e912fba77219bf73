"""The recipe's sections of how weights come about: training, pruning, fine-tuning."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.recipe.base import Runtime, Section, Share
from edgetag.recipe.channels import ChannelsBudget, NarrowName


class Phase(Section):
    """A stretch of training with one optimizer."""

    trains: Literal["head", "all"] = Field("all", description="Which weights move.")
    epochs: int = Field(ge=1, description="Passes over the training images.")
    optimizer: Literal["adam", "sgd"] = Field("adam", description="Which optimizer takes steps.")
    learning_rate: float = Field(1e-3, gt=0, description="Of the first step.")
    schedule: Literal["cosine", "constant"] = Field(
        "cosine", description="Whether the learning rate falls to 0 or stays."
    )
    augment: bool = Field(
        True, description="Whether pictures are changed at random, as `training.augment` says."
    )


class AugmentSection(Section):
    """Random changes to training images; 0 or false turns one off."""

    flip: bool = Field(True, description="Mirror left to right, half of the time.")
    crop: float = Field(0.15, ge=0, le=0.5, description="Largest share of a side cropped away.")
    color: float = Field(
        0.1, ge=0, le=0.5, description="Largest change of brightness, contrast and saturation."
    )
    composites: Share = Field(
        0.0,
        description="Share of the pictures that another one, small, is pasted into: for heat maps "
        "that lie on small things, and tags that are found there.",
    )


class AdversarialSection(Section):
    """Training pictures changed against the network as it is, so that it learns to bear it."""

    share: Share = Field(
        0.0, description="Of the pictures of each batch that are attacked; 0 turns it off."
    )
    attack: Literal["fgsm", "pgd"] = Field(
        "fgsm",
        description="One step along the sign of the gradient; or steps within the budget, from a "
        "random place in it. Each step costs as much as training on the picture.",
    )
    epsilon: int = Field(
        2,
        ge=1,
        le=64,
        description="The budget: largest change of a pixel, in steps of 8 bits. 2 means 2/255.",
    )
    steps: int = Field(5, ge=1, le=100, description="Of pgd.")
    step_size: float | None = Field(
        None,
        gt=0,
        description="Of pgd, in steps of 8 bits; default: 2.5 budgets over all steps together.",
    )


class ThresholdSection(Section):
    """How the score is chosen from which a tag counts as present."""

    policy: Literal["best_f1", "fixed", "recall_at_fpr"] = Field(
        "best_f1",
        description="The best F1 on the validation split; the same value for every tag; or the "
        "highest recall whose false-positive rate is at most max_fpr.",
    )
    value: float = Field(0.5, gt=0, lt=1, description="For `fixed`, and where a tag is too rare.")
    max_fpr: float = Field(0.01, gt=0, lt=1, description="For `recall_at_fpr`.")


class TrainingSection(Section):
    """How the float network is trained."""

    loss: Literal["bce", "hard_negative"] = Field(
        "bce",
        description="Binary cross-entropy over all known cells, or over positives and the hardest "
        "negatives alone.",
    )
    negative_ratio: float = Field(
        3.0, gt=0, description="hard_negative: negatives kept per positive."
    )
    positive_weights: Literal["none", "balanced"] | dict[str, Annotated[float, Field(gt=0)]] = (
        Field(
            "balanced",
            description="Weight of a positive cell: 1, sqrt(negatives / positives) at most 10, or "
            "per tag.",
        )
    )
    label_smoothing: float = Field(
        0.05,
        ge=0,
        lt=0.5,
        description="With balanced weights it keeps scores away from 0 and 1, where the 256 steps "
        "of a uint8 score are too coarse to rank pictures.",
    )
    batch_size: int = Field(
        16,
        ge=1,
        description="Larger ones are a tenth faster below 224 px, and take up more memory.",
    )
    phases: tuple[Phase, ...] = Field(
        (
            Phase(trains="head", epochs=1, learning_rate=3e-3, schedule="constant"),
            Phase(trains="all", epochs=3, learning_rate=1e-3),
        ),
        min_length=1,
        description="Stretches of training, one after the other.",
    )
    early_stopping_epochs: int | None = Field(
        None, ge=1, description="End a phase after this many epochs without a better mAP."
    )
    batch_norm_momentum: float = Field(
        0.9, gt=0, lt=1, description="0.99, the usual default, is too slow for short runs."
    )
    mixed_precision: bool = Field(False, description="float16 arithmetic; GPU only.")
    deterministic: bool = Field(False, description="Same weights every time, at some cost.")
    allow_tags_without_positives: bool = Field(
        False, description="Train although a tag has no positive training image."
    )
    suspect_labels: Literal["learn", "leave_out", "leave_out_all"] = Field(
        "learn",
        description="What is done with labels of training pictures that look wrong: they are "
        "learnt as they are, or left out unless people answered them, or all left out.",
    )
    answered_weight: float = Field(
        1.0,
        ge=0,
        le=100,
        description="How often a picture of which people answered a tag comes in an epoch, times "
        "its own weight: 2 for twice.",
        # What is off is no part of what a network follows from.
        exclude_if=lambda weight: weight == 1,
    )
    augment: AugmentSection = AugmentSection()
    adversarial: AdversarialSection = Field(
        AdversarialSection(),
        exclude_if=lambda section: not section.share,
    )
    thresholds: ThresholdSection = ThresholdSection()


class FineTuning(Section):
    """What pruning and quantization-aware training share."""

    epochs: float = Field(gt=0, description="May be a fraction.")
    learning_rate: float = Field(gt=0, description="Of the first step.")
    distillation: Share = Field(
        0.5, description="Weight of the float model's scores as targets beside the labels."
    )


class PruningSection(FineTuning):
    """How weights are set to zero before quantization-aware training."""

    epochs: float = Field(2.0, gt=0, description="May be a fraction.")
    learning_rate: float = Field(3e-4, gt=0, description="Of the first step.")
    structure: Literal["unstructured", "n_of_m", "xnnpack"] = Field(
        "unstructured",
        description="Single weights; at least n zeros in every m neighbours; or tfmot's policy "
        "for XNNPACK's sparse float kernels (1x1 convolutions only).",
    )
    sparsity: float = Field(0.5, gt=0, lt=1, description="Share of zeros; not for n_of_m.")
    n_of_m: tuple[int, int] = Field((2, 4), description="Zeros n in every m weights.")
    layers: tuple[str, ...] = Field(
        ("*",), description="Patterns of layer names; only convolutions and dense layers count."
    )
    exclude: tuple[str, ...] = Field(
        ("stem*", "*depthwise*", "cam"), description="Patterns of layer names left dense."
    )
    ramp: Share = Field(0.5, description="Share of the steps in which sparsity rises.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        zeros, of = self.n_of_m
        if not 0 < zeros < of:
            raise ValueError(f"n_of_m = [{zeros}, {of}], but it needs 0 < n < m")
        return self


class ChannelsSection(FineTuning):
    """How a narrower network is made of the trained one."""

    epochs: float = Field(
        2.0, ge=0, description="May be a fraction, or 0 for no training; shared by all steps."
    )
    learning_rate: float = Field(3e-4, gt=0, description="Of the first step.")
    rank: Literal["activation", "taylor", "gamma", "l1"] = Field(
        "activation",
        description="What a channel is worth: the size of its part in what its reader sums up; "
        "what the loss would be without it, to first order; the scale of its batch norm; the sum "
        "of its weights.",
    )
    allocation: Literal["uniform", "sensitivity"] = Field(
        "sensitivity",
        description="More is left out of layers that can spare it, for as many multiplications in "
        "all; or the same share of every layer.",
    )
    images: int = Field(512, ge=1, description="Training images that measure it.")
    steps: int = Field(1, ge=1, le=20, description="Narrow so often, and train in between.")
    multiple: int = Field(8, ge=1, le=64, description="Of which kept channels are a multiple.")
    kept: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(
        default_factory=dict,
        description="Pattern of layer names → share of their channels that is kept, in place of "
        "the variant's; the first that fits.",
    )
    budgets: dict[NarrowName, ChannelsBudget] = Field(
        default_factory=dict,
        description="Network → what it may cost: it is as wide as that allows, in place of the "
        "variant's share.",
    )
    runtime: Runtime = Field(
        DEFAULT_ENGINE, description="Where latency of budgets is measured, with one thread."
    )


class CompressSection(Section):
    """Smaller networks made of the trained one."""

    channels: ChannelsSection = ChannelsSection()


class QuantizationSection(FineTuning):
    """Quantization-aware training: near the float model, unless labels are to count too."""

    epochs: float = Field(
        1.0, ge=0, description="May be a fraction; with 0 ranges are settled, and no weight moves."
    )
    learning_rate: float = Field(
        0.0015,
        ge=5e-4,
        description="Of the first step, counted in steps of each weight's rounding to int8. "
        "1 would move every weight to its neighbour at once.",
    )
    distillation: Share = Field(
        1.0,
        description="Weight of the float model's logits and of what its blocks give as targets, "
        "beside the labels. At 1 no label counts.",
    )
    warmup_steps: int = Field(
        60, ge=0, description="Forward-only steps that settle the activation ranges."
    )
    ema_decay: float = Field(0.9, gt=0, lt=1, description="Of the activation ranges.")
