"""The recipe's sections. Descriptions here are what `edgetag recipe schema` shows to editors."""

import hashlib
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from edgetag.preprocess import Preprocessing
from edgetag.recipe.base import FULL_INTEGER, Section, Share, TrainedVariant, Variant
from edgetag.recipe.bundle import BundleSection
from edgetag.recipe.device import BUDGET_CPU, BUDGET_TARGET, DeviceSection
from edgetag.recipe.judging import (
    BenchmarkSection,
    Budget,
    ExplainSection,
    TagBudget,
    ValidationSection,
)
from edgetag.tags import DEFAULT_TAGS, Vocabulary

PLACES = {"data": {"source", "root"}, "bundle": {"golden_pictures", "attribution"}}
"""What says where files lie on this machine, and nothing about what is built."""


class SplitSection(Section):
    """How images are divided into train, validation and test."""

    by: Literal["content", "group"] = Field(
        "content",
        description="Hash the file's bytes, or its group where the table has a group column.",
    )
    balance: bool = Field(
        False,
        description="Single tag only: cut test and validation to as many of each class as the "
        "rarer has, in file order; the surplus goes to training.",
    )
    rare_tags_first: bool = Field(
        False,
        description="Place the groups of the rarest tags first, by quota, so that every tag has "
        "positives in every split.",
    )


class DataSection(Section):
    """Where the images and labels are and how to read them."""

    source: Path = Field(
        description="A table (.csv, .jsonl, .parquet), a folder with one folder per class, or a "
        "folder or file of Region Cropper JSON. Relative to the recipe.",
    )
    format: Literal["auto", "wide", "list", "folders", "object_value", "regions"] = Field(
        "auto",
        description="wide: path and one column per tag; list: path and a list of tags; folders: "
        "one folder per class; object_value: objectId,value for a single tag; regions: Region "
        "Cropper JSON.",
    )
    root: Path | None = Field(
        None, description="Folder that image paths are relative to; default: the source's folder."
    )
    tags: tuple[str, ...] = Field(DEFAULT_TAGS, description="Tags in the order of the outputs.")
    path_column: str = "path"
    tags_column: str = Field("tags", description="Column of the list format.")
    tag_separator: str = Field(",", min_length=1, description="Between tags in a list cell.")
    split_column: str = Field("split", description="An explicit split; used if the table has it.")
    group_column: str = Field("group", description="Images of one group never straddle splits.")
    crop_column: str | None = Field(
        None,
        description="Column of a wide table with the region to cut out, `left top right bottom` "
        "in pixels of the upright picture; empty: the whole picture.",
    )
    absent_tags: Literal["negative", "unknown"] = Field(
        "negative",
        description="What a tag means that a list, a class folder or a region does not name.",
    )
    unknown_tags: Literal["refuse", "ignore"] = Field(
        "refuse", description="What to do with a tag that is not in `tags`."
    )
    regions: Literal["whole", "crop"] = Field(
        "whole", description="Use the whole image of a Region Cropper file, or each region of it."
    )
    region_min_probability: Share = Field(0.5, description="Regions below this are left out.")
    max_pixels: int = Field(50_000_000, ge=1, description="A larger image is refused unopened.")
    max_file_bytes: int = Field(67_108_864, ge=1, description="A larger file is refused unopened.")
    max_rejected_share: Share = Field(
        0.05, description="More rejected images than this share stop the run."
    )
    near_duplicate_bits: int = Field(
        4,
        ge=0,
        le=16,
        description="Perceptual hashes (64 bits) at most this far apart are near duplicates.",
    )
    drop_near_duplicates: bool = Field(
        False, description="Drop test and validation images that nearly equal a training image."
    )
    split: SplitSection = SplitSection()

    @model_validator(mode="after")
    def _check(self) -> Self:
        Vocabulary(self.tags)
        if self.format == "object_value" and len(self.tags) != 1:
            raise ValueError(
                f"format 'object_value' labels one tag, but tags lists {len(self.tags)}"
            )
        if self.split.balance and len(self.tags) != 1:
            raise ValueError(
                f"split.balance needs exactly one tag, but tags lists {len(self.tags)}"
            )
        return self

    def vocabulary(self) -> Vocabulary:
        """Return the tags as a vocabulary."""
        return Vocabulary(self.tags)


class NetworkSection(Section):
    """The architecture and its input."""

    name: Literal["efficientnet_lite0", "mobilenet_v2", "model3"] = "efficientnet_lite0"
    input_size: int = Field(224, ge=64, le=320, description="Height and width in pixels.")
    width: float = Field(1.0, ge=0.35, le=1.0, description="Channel multiplier; mobilenet_v2 only.")
    pretrained: bool | None = Field(
        None, description="ImageNet weights; default: where there are some (efficientnet_lite0)."
    )
    dropout: float = Field(0.2, ge=0, lt=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.pretrained and self.name != "efficientnet_lite0":
            raise ValueError(
                f"pretrained = true, but there are no weights for {self.name}; "
                "only efficientnet_lite0 has some"
            )
        if self.width != 1.0 and self.name != "mobilenet_v2":
            raise ValueError(f"width = {self.width}, but only mobilenet_v2 takes a width")
        if self.name != "model3" and self.input_size % 32:
            raise ValueError(f"input_size = {self.input_size}, but {self.name} needs 32 × n")
        return self

    @property
    def uses_pretrained(self) -> bool:
        """Whether ImageNet weights are loaded."""
        if self.pretrained is None:
            return self.name == "efficientnet_lite0"
        return self.pretrained

    @property
    def has_maps(self) -> bool:
        """Whether each score is the mean of a class activation map."""
        return self.name != "model3"

    def preprocessing(self) -> Preprocessing:
        """Return the contract of this network's input."""
        # Whole numbers for every network: a uint8 input then holds the pixels as they are, with
        # the scale 1 / std and the zero point mean.
        return Preprocessing(input_size=self.input_size, mean=127.0, std=128.0)


class Phase(Section):
    """A stretch of training with one optimizer."""

    trains: Literal["head", "all"] = Field("all", description="Which weights move.")
    epochs: int = Field(ge=1)
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: float = Field(1e-3, gt=0)
    schedule: Literal["cosine", "constant"] = "cosine"


class AugmentSection(Section):
    """Random changes to training images; 0 or false turns one off."""

    flip: bool = Field(True, description="Mirror left to right, half of the time.")
    crop: float = Field(0.15, ge=0, le=0.5, description="Largest share of a side cropped away.")
    color: float = Field(
        0.1, ge=0, le=0.5, description="Largest change of brightness, contrast and saturation."
    )


class ThresholdSection(Section):
    """How the score is chosen from which a tag counts as present."""

    policy: Literal["best_f1", "fixed", "recall_at_fpr"] = "best_f1"
    value: float = Field(0.5, gt=0, lt=1, description="For `fixed`, and where a tag is too rare.")
    max_fpr: float = Field(0.01, gt=0, lt=1, description="For `recall_at_fpr`.")


class TrainingSection(Section):
    """How the float network is trained."""

    loss: Literal["bce", "hard_negative"] = "bce"
    negative_ratio: float = Field(
        3.0, gt=0, description="hard_negative: negatives kept per positive."
    )
    positive_weights: Literal["none", "balanced"] | dict[str, float] = Field(
        "balanced",
        description="Weight of a positive cell: 1, sqrt(negatives / positives) at most 10, or "
        "per tag.",
    )
    label_smoothing: float = Field(
        0.05,
        ge=0,
        lt=0.5,
        description="With balanced weights it keeps scores away from 0 and 1, where the 256 steps "
        "of an int8 score are too coarse to rank pictures.",
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
    augment: AugmentSection = AugmentSection()
    thresholds: ThresholdSection = ThresholdSection()


class FineTuning(Section):
    """What pruning and quantization-aware training share."""

    epochs: float = Field(gt=0, description="May be a fraction.")
    learning_rate: float = Field(gt=0)
    distillation: Share = Field(
        0.5, description="Weight of the float model's scores as targets beside the labels."
    )


class PruningSection(FineTuning):
    """How weights are set to zero before quantization-aware training."""

    epochs: float = Field(2.0, gt=0)
    learning_rate: float = Field(3e-4, gt=0)
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


class QuantizationSection(FineTuning):
    """Quantization-aware training."""

    epochs: float = Field(1.0, gt=0)
    learning_rate: float = Field(1e-4, gt=0)
    warmup_steps: int = Field(
        60, ge=0, description="Forward-only steps that settle the activation ranges."
    )
    ema_decay: float = Field(0.9, gt=0, lt=1, description="Of the activation ranges.")


class ExportSection(Section):
    """Which files are made and for what target."""

    variants: tuple[Variant, ...] = Field(("fp32", "fp16", "int8"), min_length=1)
    if_needed: tuple[TrainedVariant, ...] = Field(
        ("int8-qat",),
        description="Trained and made only if variants has full-integer files and none of them "
        "passes validation; of no effect where variants names one that is trained so.",
    )
    input_type: Literal["float32", "uint8", "int8"] = Field(
        "uint8", description="Of full-integer variants; the others take float32."
    )
    output_type: Literal["float32", "uint8", "int8"] = Field(
        "uint8", description="Of full-integer variants; the others give float32."
    )
    representative_images: int = Field(
        200, ge=1, description="Training images that calibrate int8 and int16x8, stratified by tag."
    )
    target_runtime: str = Field(
        "2.14.0",
        pattern=r"^\d+\.\d+\.\d+$",
        description="Lowest TensorFlow Lite version that must load the files.",
    )
    target_ops: tuple[str, ...] | None = Field(
        None, description="Operators the target has; default: all builtin ones."
    )
    explain: tuple[Variant, ...] = Field(
        (),
        description="Variants that get a second signature, explain: scores and class activation "
        "maps. Such a file is no longer one that MediaPipe's ImageClassifier loads.",
    )
    author: str = Field("", description="Written into the files' metadata.")
    license: str = Field("", description="Written into the files' metadata.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.variants)) != len(self.variants):
            raise ValueError("variants lists one twice")
        if "fp32" not in self.variants:
            raise ValueError("variants lacks fp32, which the others are compared with")
        if len(set(self.if_needed)) != len(self.if_needed):
            raise ValueError("if_needed lists a variant twice")
        if len(set(self.explain)) != len(self.explain):
            raise ValueError("explain lists a variant twice")
        for variant in self.explain:
            if variant not in self.possible:
                raise ValueError(f"explain names {variant}, but variants does not list it")
        return self

    @property
    def fallback(self) -> tuple[Variant, ...]:
        """What is made if no full-integer file of `variants` passes."""
        integer = set(self.variants) & set(FULL_INTEGER)
        return self.if_needed if integer and not integer & set(get_args(TrainedVariant)) else ()

    @property
    def possible(self) -> tuple[Variant, ...]:
        """Every variant that a run may make, in the order of reports."""
        return (*self.variants, *self.fallback)


class Recipe(Section):
    """A whole recipe; see README.md, "The recipe"."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Lower case letters, digits, - and _."
    )
    seed: int = Field(1, ge=0, lt=2**31)
    data: DataSection
    network: NetworkSection = NetworkSection()
    training: TrainingSection = TrainingSection()
    pruning: PruningSection = PruningSection()
    quantization: QuantizationSection = QuantizationSection()
    export: ExportSection = ExportSection()
    validation: ValidationSection = ValidationSection()
    explain: ExplainSection = ExplainSection()
    benchmark: BenchmarkSection = BenchmarkSection()
    device: DeviceSection = DeviceSection()
    budgets: dict[Variant | Literal["default"], Budget] = Field(
        default_factory=dict,
        description="Per variant; `default` for those without their own, and its margins of "
        "tags for those without margins of tags.",
    )
    bundle: BundleSection = BundleSection()

    @model_validator(mode="after")
    def _check(self) -> Self:
        for variant in self.budgets:
            if variant != "default" and variant not in self.export.possible:
                raise ValueError(f"budgets.{variant}: export.variants does not list {variant}")
        for variant, budget in self.budgets.items():
            if budget.max_arm_instructions is not None and not self.device.counts_budget:
                raise ValueError(
                    f"budgets.{variant}.max_arm_instructions is judged on {BUDGET_TARGET}, "
                    f"{BUDGET_CPU}, which no run would count on; add to the recipe: "
                    f'[device] on = ["{BUDGET_TARGET}"]'
                )
        for variant, budget in self.budgets.items():
            limit = budget.max_heat_map_error
            if variant != "default" and limit is not None and variant not in self.export.explain:
                raise ValueError(
                    f"budgets.{variant}.max_heat_map_error: export.explain does not list "
                    f"{variant}, so it has no maps"
                )
        named = [*self.validation.prevalences]
        named += [tag for budget in self.budgets.values() for tag in budget.tags]
        for tag in named:
            if tag not in self.data.tags:
                raise ValueError(
                    f"{tag!r} in validation.prevalences or budgets is not in data.tags"
                )
        for variant in () if self.bundle.variants == "best" else self.bundle.variants:
            if variant not in self.export.variants:
                raise ValueError(f"bundle.variants: export.variants does not list {variant!r}")
        self.bundle.check_tags(self.data.tags)
        if self.export.explain and not self.network.has_maps:
            raise ValueError(
                f"export.explain needs a network whose scores are means of maps, and "
                f"{self.network.name} has none; take export.explain out, or use "
                "efficientnet_lite0 or mobilenet_v2"
            )
        weights = self.training.positive_weights
        for tag in weights if isinstance(weights, dict) else ():
            if tag not in self.data.tags:
                raise ValueError(f"training.positive_weights.{tag}: data.tags has no such tag")
        return self

    def warnings(self) -> tuple[str, ...]:
        """Return what is allowed and hardly meant, one sentence each."""
        limits: dict[str, TagBudget] = {
            f"budgets.{name}": budget for name, budget in self.budgets.items()
        } | {
            f"budgets.{name}.tags.{tag}": budget
            for name, budgets in self.budgets.items()
            for tag, budget in budgets.tags.items()
        }
        return tuple(
            f"{place}.{key} = {getattr(budget, key)} can never be broken, so it judges nothing; "
            "give a margin that a loss would exceed, or take it out"
            for place, budget in limits.items()
            for key in budget.cannot_be_broken()
        )

    def budget(self, variant: Variant | Literal["default"]) -> Budget:
        """Return the limits that a variant is judged by.

        Its own replace the default ones, but for margins of tags: without any of its own a variant
        keeps those of the default.
        """
        default = self.budgets.get("default") or Budget()
        own = self.budgets.get(variant)
        return default if own is None else own.or_tag_margins_of(default)

    def digest(self) -> str:
        """Return the SHA-256 of everything but where files lie on this machine."""
        text = self.model_dump_json(exclude=PLACES)
        return hashlib.sha256(text.encode()).hexdigest()
