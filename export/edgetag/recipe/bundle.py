"""The recipe's section of what the app ships."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from edgetag.recipe.base import Section, Variant
from edgetag.records import VERSION_PATTERN

MOST_NAME_CHARACTERS = 60
"""A longer name fits no button."""


def _visible(name: str) -> str:
    if not name.strip() or name != name.strip() or not name.isprintable():
        raise ValueError("not a name to show; use visible characters on one line")
    return name


ShownName = Annotated[
    str, Field(min_length=1, max_length=MOST_NAME_CHARACTERS), AfterValidator(_visible)
]


# The tags are in brackets, so that errors do not show them: see `loading`.
Shipped = Annotated[
    Annotated[Literal["best"], Tag("[best]")]
    | Annotated[tuple[Variant, ...], Field(min_length=1), Tag("[list]")],
    Discriminator(lambda given: "[best]" if isinstance(given, str) else "[list]"),
]
"""Variants, or what is found best."""


class DisplayName(Section):
    """How an app names a tag to people."""

    en: ShownName = Field(description="In English.")
    ja: ShownName = Field(description="In Japanese.")


class BundleSection(Section):
    """What the app ships."""

    variants: Shipped = Field(
        "best",
        description="A list, of which an app takes the first; or best: of the files that pass, the "
        "fastest where budgets judge latency, and of those that are as fast, the smallest.",
    )
    version: str = Field(
        "0.1.0", pattern=VERSION_PATTERN, description="Of the bundle; part of its name."
    )
    desktop: bool = Field(
        False,
        description="Also pack the float model for servers and desktops, with golden outputs of "
        "ONNX Runtime: bundle/NAME-VERSION-desktop.zip. It needs export.onnx.",
    )
    display_names: dict[str, DisplayName] = Field(
        default_factory=dict,
        description="Tag → its name in English and Japanese; the usual tags have names already.",
    )
    sensitive: tuple[str, ...] | None = Field(
        None, description="Tags whose pictures an app covers; default: nsfw, where there is one."
    )
    golden_pictures: Path | None = Field(
        None,
        description="A folder of at most 16 pictures to test devices with. They are shipped to "
        "every user. Default: 16 of the split that decides. Relative to the recipe.",
    )
    attribution: Path | None = Field(
        None,
        description="Who made the pictures, as Markdown; default: ATTRIBUTION.md beside the "
        "labels, where there is one. Relative to the recipe.",
    )
    license: str = Field("", description="Of the model, for the model card.")
    base_model: str = Field(
        "",
        pattern=r"^([\w.-]+/[\w.-]+)?$",
        max_length=120,
        description="The model that it was trained from, as model hubs name it, such as "
        "google/efficientnet-lite0; for the model card.",
    )
    limits: str = Field("", description="What the model must not be used for, for the model card.")

    @model_validator(mode="before")
    @classmethod
    def _one_variant(cls, values: Any) -> Any:
        """Read `variant`, as recipes had it when a bundle held one file."""
        if isinstance(values, dict) and "variant" in values:
            if "variants" in values:
                raise ValueError("it has variant and variants; keep variants")
            rest = {key: value for key, value in values.items() if key != "variant"}
            return {**rest, "variants": (values["variant"],)}
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.variants != "best" and len(set(self.variants)) != len(self.variants):
            raise ValueError("variants lists one twice")
        return self

    def check_tags(self, tags: Sequence[str]) -> None:
        """Refuse names of tags that there are not.

        Args:
            tags: The vocabulary.

        Raises:
            ValueError: A tag is not in it.
        """
        for key, named in (("display_names", self.display_names), ("sensitive", self.sensitive)):
            for tag in named or ():
                if tag not in tags:
                    raise ValueError(f"bundle.{key}: data.tags has no {tag!r}")

    def sensitive_tags(self, tags: Sequence[str]) -> tuple[str, ...]:
        """Return the tags whose pictures an app covers, in the order of the vocabulary."""
        wanted = ("nsfw",) if self.sensitive is None else self.sensitive
        return tuple(tag for tag in tags if tag in wanted)
