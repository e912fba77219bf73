"""The recipe's sections. Descriptions here are what `edgetag recipe schema` shows to editors."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from edgetag.catalogue.networks import NETWORKS, NetworkLine
from edgetag.catalogue.variants import BASE, CALIBRATED, FULL_INTEGER, TRAINED, VARIANTS
from edgetag.contract import Preprocessing
from edgetag.recipe.base import FallbackVariant, IoType, NetworkName, Section, Variant
from edgetag.recipe.budgets import Budget, TagBudget
from edgetag.recipe.bundle import BundleSection
from edgetag.recipe.data import DataSection
from edgetag.recipe.judging import BenchmarkSection, ExplainSection, ValidationSection
from edgetag.recipe.phones import PhonesSection
from edgetag.recipe.search import SearchBudget, SearchSection
from edgetag.recipe.targets import BUDGET_CPU, BUDGET_TARGET, TargetsSection
from edgetag.recipe.teacher import TeacherSection
from edgetag.recipe.training import (
    CompressSection,
    PruningSection,
    QuantizationSection,
    TrainingSection,
)
from edgetag.records import VERSION_PATTERN

PLACES = {
    "data": {"source", "root", "corrections"},
    "network": {"weights"},
    "teacher": {"runs", "pictures"},
    "bundle": {"golden_pictures", "attribution"},
}
"""What says where files lie on this machine, and nothing about what is built."""


def _message(error: ValueError) -> str:
    """Return what is wrong, without pydantic's words about where."""
    problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
    return problem.removeprefix("Value error, ").removeprefix("Input ")


def with_places(values: Mapping[str, Any], change: Callable[[str], object]) -> dict[str, Any]:
    """Return a recipe's values with every path changed, also in arrays of paths.

    Args:
        values: Section → its values, of which paths are texts.
        change: From a path to what stands in its place.
    """

    def changed(place: Any) -> Any:
        if isinstance(place, list | tuple):
            return tuple(map(changed, place))
        return change(place) if isinstance(place, str) else place

    result = dict(values)
    for section, keys in PLACES.items():
        inner = values.get(section)
        if isinstance(inner, dict):
            result[section] = inner | {key: changed(inner[key]) for key in keys if key in inner}
    return result


def _networks(fact: str) -> str:
    """Name the networks of which a fact is true."""
    names = [name for name, line in NETWORKS.items() if getattr(line, fact)]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


_WITH_WIDTH = _networks("takes_width")
_WITH_DEPTH = _networks("takes_depth")
_WITH_WEIGHTS = _networks("has_weights")
_WITH_FILE = _networks("takes_weights")
_WITH_MAPS = _networks("has_maps")
_WITH_FINE_MAPS = _networks("has_fine_maps")


class NetworkSection(Section):
    """The architecture and its input."""

    name: NetworkName = Field(next(iter(NETWORKS)), description="The architecture.")
    input_size: int = Field(224, ge=64, le=320, description="Height and width in pixels.")
    width: float = Field(
        1.0, ge=0.35, le=1.0, description=f"Channel multiplier; {_WITH_WIDTH} only."
    )
    depth: float = Field(
        1.0,
        gt=0,
        le=1.0,
        description=f"Share of the blocks in each stage, rounded up; {_WITH_DEPTH} only.",
    )
    pretrained: bool | None = Field(
        None, description=f"ImageNet weights; default: where there are some ({_WITH_WEIGHTS})."
    )
    weights: Path | None = Field(
        None,
        description="A file of the weights to begin with, in timm's layout (.safetensors), "
        f"relative to the recipe; {_WITH_FILE} only.",
    )
    weights_pixels: Literal["imagenet", "inception"] = Field(
        "imagenet",
        description="Which mean and standard deviation of timm's scaled the pixels that the file's "
        "weights were trained on.",
    )
    map_stride: Literal[16, 32] = Field(
        32,
        description="Input pixels from one cell of the heat maps to the next: 16 makes four times "
        f"as many; {_WITH_FINE_MAPS} only.",
    )
    dropout: float = Field(0.2, ge=0, lt=1, description="Share of the last features left out.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.pretrained and not self.facts.has_weights:
            raise ValueError(
                f"pretrained = true, but there are no weights for {self.name}; "
                f"only {_WITH_WEIGHTS} has some"
            )
        if self.weights is not None and not self.facts.takes_weights:
            raise ValueError(
                f"weights names a file, but only {_WITH_FILE} takes one; {self.name} does not"
            )
        if self.width != 1.0 and not self.facts.takes_width:
            raise ValueError(f"width = {self.width}, but only {_WITH_WIDTH} takes a width")
        if self.map_stride != 32 and not self.facts.has_fine_maps:
            raise ValueError(
                f"map_stride = {self.map_stride}, but only {_WITH_FINE_MAPS} has maps as fine"
            )
        if self.depth != 1.0 and not self.facts.takes_depth:
            raise ValueError(f"depth = {self.depth}, but only {_WITH_DEPTH} takes a depth")
        if self.input_size % self.facts.input_step:
            raise ValueError(
                f"input_size = {self.input_size}, but {self.name} needs {self.facts.input_step} × n"
            )
        return self

    @property
    def facts(self) -> NetworkLine:
        """What the catalogue says of the architecture."""
        return NETWORKS[self.name]

    @property
    def uses_pretrained(self) -> bool:
        """Whether ImageNet weights are loaded."""
        if self.pretrained is None:
            return self.facts.has_weights
        return self.pretrained

    @property
    def has_maps(self) -> bool:
        """Whether each score is the mean of a class activation map."""
        return self.facts.has_maps

    def preprocessing(self) -> Preprocessing:
        """Return the contract of this network's input."""
        # Whole numbers for every network: a uint8 input then holds the pixels as they are, with
        # the scale 1 / std and the zero point mean.
        return Preprocessing(input_size=self.input_size, mean=127.0, std=128.0)


class ExportSection(Section):
    """Which files are made and for what target."""

    variants: tuple[Variant, ...] = Field(
        (BASE, "fp16", "int8"),
        min_length=1,
        description=f"Files to make; {BASE} is always among them.",
    )
    if_needed: tuple[FallbackVariant, ...] = Field(
        ("int8-qat",),
        description="Trained and made only if variants has full-integer files and none of them "
        "passes validation; of no effect where variants names one that is trained so.",
    )
    input_type: IoType = Field(
        "uint8", description="Of full-integer variants; the others take float32."
    )
    output_type: IoType = Field(
        "float32",
        description="Of full-integer variants; the others give float32. With float32 what is "
        "behind the last weights, such as the mean of each map and its sigmoid, computes in float.",
    )
    representative_images: int = Field(
        200,
        ge=1,
        description=f"Training images that calibrate {' and '.join(CALIBRATED)}, stratified by "
        "tag.",
    )
    calibration_method: Literal["mse", "minmax"] = Field(
        "mse",
        description="How the ranges of int8 activations are chosen: by least squared error, or "
        "from the smallest value to the largest.",
    )
    bias_correction: bool = Field(
        True,
        description="Take out of the biases of calibrated variants what quantizing moved in the "
        "mean of each channel, layer by layer.",
    )
    weight_rounding: Literal["feedback", "nearest"] = Field(
        "feedback",
        description="How weights of calibrated variants are rounded: so that later weights make "
        "good what rounding earlier ones did to a layer's sums, or each to its nearest step.",
    )
    target_runtime: str = Field(
        "2.14.0",
        pattern=VERSION_PATTERN,
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
    serving: bool = Field(
        False,
        description="Also write the float model as a SavedModel for TensorFlow Serving: "
        "export/serving/NAME/1.",
    )
    onnx: bool = Field(
        False,
        description="Also write the float model as an ONNX file, export/float.onnx, for ONNX "
        "Runtime and PyTorch on desktops, and its weights as export/weights.safetensors.",
    )
    author: str = Field("", description="Written into the files' metadata.")
    license: str = Field("", description="Written into the files' metadata.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.variants)) != len(self.variants):
            raise ValueError("variants lists one twice")
        if BASE not in self.variants:
            raise ValueError(f"variants lacks {BASE}, which the others are compared with")
        if len(set(self.if_needed)) != len(self.if_needed):
            raise ValueError("if_needed lists a variant twice")
        if len(set(self.explain)) != len(self.explain):
            raise ValueError("explain lists a variant twice")
        for variant in self.explain:
            if variant not in self.possible:
                raise ValueError(f"explain names {variant}, but variants does not list it")
        return self

    @property
    def calibration_steps(self) -> tuple[str, ...]:
        """What is tried on calibrated variants behind their conversion, in this order."""
        mse = self.calibration_method == "mse"
        feedback = self.weight_rounding == "feedback"
        return (
            *("MSE ranges",) * mse,
            *("bias correction",) * self.bias_correction,
            *("weight rounding",) * feedback,
        )

    @property
    def fallback(self) -> tuple[Variant, ...]:
        """What is made if no full-integer file of `variants` passes."""
        integer = set(self.variants) & set(FULL_INTEGER)
        return self.if_needed if integer and not integer & set(TRAINED) else ()

    @property
    def possible(self) -> tuple[Variant, ...]:
        """Every variant that a run may make, in the order of reports."""
        return (*self.variants, *self.fallback)


class Recipe(Section):
    """A whole recipe; see docs/recipe.md."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Lower case letters, digits, - and _."
    )
    seed: int = Field(1, ge=0, lt=2**31, description="Of everything that is drawn by chance.")
    data: DataSection
    network: NetworkSection = NetworkSection()
    training: TrainingSection = TrainingSection()
    teacher: TeacherSection = TeacherSection()
    pruning: PruningSection = PruningSection()
    compress: CompressSection = CompressSection()
    quantization: QuantizationSection = QuantizationSection()
    export: ExportSection = ExportSection()
    validation: ValidationSection = ValidationSection()
    explain: ExplainSection = ExplainSection()
    benchmark: BenchmarkSection = BenchmarkSection()
    targets: TargetsSection = TargetsSection()
    phones: PhonesSection = PhonesSection()
    budgets: dict[Variant | Literal["default"], Budget] = Field(
        default_factory=dict,
        description="Per variant; `default` for those without their own, and its margins of "
        "tags for those without margins of tags.",
    )
    bundle: BundleSection = BundleSection()
    search: SearchSection = SearchSection()

    @model_validator(mode="after")
    def _check(self) -> Self:
        for variant in self.budgets:
            if variant != "default" and variant not in self.export.possible:
                raise ValueError(f"budgets.{variant}: export.variants does not list {variant}")
        for variant, budget in self.budgets.items():
            if budget.max_arm_instructions is not None and not self.targets.counts_budget:
                raise ValueError(
                    f"budgets.{variant}.max_arm_instructions is judged on {BUDGET_TARGET}, "
                    f"{BUDGET_CPU}, which no run would count on; add to the recipe: "
                    f'[targets] on = ["{BUDGET_TARGET}"]'
                )
        for variant, budget in self.budgets.items():
            limit = budget.max_heat_map_error
            if variant != "default" and limit is not None and variant not in self.export.explain:
                raise ValueError(
                    f"budgets.{variant}.max_heat_map_error: export.explain does not list "
                    f"{variant}, so it has no maps"
                )
        possible = {VARIANTS[variant].narrow for variant in self.export.possible}
        for network in self.compress.channels.budgets:
            if network not in possible:
                raise ValueError(
                    f"compress.channels.budgets.{network}: export.variants lists no variant of "
                    f"{network}, such as int8-{network}"
                )
        if self.bundle.desktop and not self.export.onnx:
            raise ValueError("bundle.desktop packs the ONNX file; add to the recipe: export.onnx")
        named: dict[str, Iterable[str]] = {"validation.prevalences": self.validation.prevalences}
        named |= {f"budgets.{name}.tags": budget.tags for name, budget in self.budgets.items()}
        for place, tags in named.items():
            if lacking := [tag for tag in tags if tag not in self.data.tags]:
                raise ValueError(f"{place}: not in data.tags: {', '.join(map(repr, lacking))}")
        for variant in () if self.bundle.variants == "best" else self.bundle.variants:
            if variant not in self.export.variants:
                raise ValueError(f"bundle.variants: export.variants does not list {variant!r}")
        self.bundle.check_tags(self.data.tags)
        if self.export.explain and not self.network.has_maps:
            raise ValueError(
                f"export.explain needs a network whose scores are means of maps, and "
                f"{self.network.name} has none; take export.explain out, or use {_WITH_MAPS}"
            )
        for name, size in self.searched_networks():
            try:
                self.network_of(name, size)
            except ValueError as error:
                raise ValueError(f"search.input_sizes: {_message(error)}") from None
        weights = self.training.positive_weights
        for tag in weights if isinstance(weights, dict) else ():
            if tag not in self.data.tags:
                raise ValueError(f"training.positive_weights.{tag}: data.tags has no such tag")
        return self

    def searched_networks(self) -> tuple[tuple[NetworkName, int], ...]:
        """Return every network and input size that `edgetag search` may try."""
        names = self.search.networks or (self.network.name,)
        sizes = self.search.input_sizes or (self.network.input_size,)
        return tuple(dict.fromkeys((name, size) for name in names for size in sizes))

    def network_of(self, name: NetworkName, input_size: int) -> NetworkSection:
        """Return the section of another network or size; the recipe's own keeps its settings.

        Raises:
            ValueError: The network takes no input of this size.
        """
        own = self.network
        kept = own.model_dump() if name == own.name else {"name": name, "dropout": own.dropout}
        return NetworkSection(**(kept | {"input_size": input_size}))

    def search_budgets(self) -> dict[str, float]:
        """Return the limits that `edgetag search` keeps to."""
        if limits := self.search.budgets.given():
            return limits
        default = self.budget("default").given()
        return {key: default[key] for key in SearchBudget.model_fields if key in default}

    def warnings(self) -> tuple[str, ...]:
        """Return what is allowed and hardly meant, one sentence each."""
        harmless: list[tuple[str, str, TagBudget]] = []
        for name, budget in self.budgets.items():
            place = f"budgets.{name}"
            harmless += [(place, key, budget) for key in budget.cannot_be_broken()]
            harmless += [
                (f"{place}.tags.{tag}", key, own)
                for tag, own in budget.tags.items()
                for key in own.cannot_be_broken()
                if key not in budget.can_be_broken()  # else it exempts the tag
            ]
        return tuple(
            f"{place}.{key} = {getattr(limits, key)} can never be broken, so it judges nothing; "
            "give a margin that a loss would exceed, or take it out"
            for place, key, limits in harmless
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
