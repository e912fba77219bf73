"""The commented recipe that `edgetag recipe new` writes."""

import os
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgetag.catalogue.networks import NETWORKS
from edgetag.errors import InputError
from edgetag.recipe.base import Section
from edgetag.recipe.budgets import TagBudget
from edgetag.recipe.data import DataSection
from edgetag.recipe.loading import parse_recipe
from edgetag.recipe.sections import ExportSection, NetworkSection
from edgetag.toml_text import key_text, value_text
from edgetag.writing import write_text

TEMPLATE = """\
# A recipe for edgetag. What is commented out shows the default; relative paths are relative to this
# file. Check it together with the images: edgetag data check {file}
name = "{name}"
# seed = 1

[data]
{data}
# max_rejected_share = 0.05    # more unreadable images than this stop the run

[network]
{networks}
input_size = {input_size:<18}# 64 to 320; {sizes}

[training]
batch_size = {batch_size}
# A uint8 score has 256 steps. These two keep scores of rare tags away from 0 and sure ones away
# from 1, where the steps are too coarse to rank pictures.
positive_weights = "balanced"
label_smoothing = 0.05
# phases = [
#   {{ trains = "head", epochs = 1, learning_rate = 3e-3, schedule = "constant" }},
#   {{ trains = "all", epochs = 3, learning_rate = 1e-3 }},
# ]
# thresholds = {{ policy = "best_f1" }}   # "fixed" with value, "recall_at_fpr" with max_fpr

[quantization]
distillation = 1.0             # fine-tuning holds to the float model; below 1 labels count too

{validation}[export]
# variants = {variants}   # also int8-narrow50, faster; docs/recipe.md has all
# if_needed = ["int8-qat"]     # trained and made only if int8 does not pass
# explain = []                 # variants that give heat maps too, such as ["int8-qat"]

[targets]
# on = []                      # run the files on "arm64", "browser", … too; edgetag target list

# Limits decide the exit code; [budgets.int8] would replace these for one variant. Drops are
# margins: the whole interval must lie inside. 0.01 is one point. They are held against the float
# model, however good that is; the key min_map limits mAP itself.
{why}
[budgets.default]
{budgets}
[bundle]
# variants = "best"            # the fastest and smallest that passes; or a list, such as ["int8"]
# display_names = {{}}          # cat = {{ en = "Cat", ja = "猫" }}; the usual tags have names
# license = ""                 # of the model; with limits, it goes into the model card
# limits = ""                  # what the model must not be used for
"""


@dataclass(frozen=True)
class Draft:
    """What a new recipe says about its data; the rest is the same for all.

    Attributes:
        data: How the source is read.
        input_size: Height and width of the network's input,
        sizes: and why.
        batch_size: Images in a batch of training.
        max_map_drop: Margin of all variants; None where no tag can be scored.
        tags: Margins of single tags.
        test_images: How many these were chosen for.
        judged_splits: Those that validation scores; the first decides.
        unscored: Tags with too few test images to be judged.
    """

    data: DataSection
    input_size: int
    sizes: str
    batch_size: int
    max_map_drop: float | None
    tags: Mapping[str, TagBudget]
    test_images: int
    judged_splits: tuple[str, ...]
    unscored: tuple[str, ...]


def refuse_existing(path: Path) -> None:
    """Refuse to write over a file.

    Raises:
        InputError: There is one.
    """
    if path.exists():
        raise InputError(f"{path}: exists already; give another name or delete it")


def write_recipe(path: Path, draft: Draft) -> None:
    """Write a recipe that is valid as it stands.

    Args:
        path: The new file; an existing one is never replaced.
        draft: What it says.

    Raises:
        InputError: The file exists, or the values make no valid recipe.
    """
    refuse_existing(path)
    made = ExportSection().variants
    text = TEMPLATE.format(
        file=path.name,
        name=_name(path),
        data=_data(draft.data, path.resolve().parent),
        input_size=draft.input_size,
        sizes=draft.sizes,
        batch_size=draft.batch_size,
        validation=_validation(draft.judged_splits),
        networks=_networks(),
        variants=value_text(made),
        why=_why(draft),
        budgets=_budgets(draft),
    )
    parse_recipe(text, path)
    write_text(path, text)


def _name(path: Path) -> str:
    stem = path.stem if path.stem != "recipe" else path.resolve().parent.name
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in stem.lower()).strip("-")
    return name or "model"


def _networks() -> str:
    """Return the lines that name the default and what else there is."""
    default = NetworkSection().name
    others = ", ".join(name for name in NETWORKS if name != default)
    beginning = f"# name = {value_text(default)}  # or "
    return textwrap.fill(beginning + others, 100, subsequent_indent="#".ljust(31) + "# ")


def _data(section: DataSection, folder: Path) -> str:
    """Return the lines of [data]: what differs from the defaults."""
    lines = []
    for key, field in DataSection.model_fields.items():
        value = getattr(section, key)
        if key == "tags":
            lines.append(f"tags = {_array(value)}")
        elif isinstance(value, Path):
            lines.append(f"{key} = {value_text(os.path.relpath(value, folder))}")
        elif isinstance(value, Section):
            changed = value.model_dump(exclude_defaults=True)
            lines += [f"{key}.{inner} = {value_text(given)}" for inner, given in changed.items()]
        elif value != field.default:
            lines.append(f"{key} = {value_text(value)}")
    return "\n".join(lines)


def _why(draft: Draft) -> str:
    if draft.max_map_drop is None:
        return "# No tag has test images enough to be judged: edgetag data check says more."
    return f"# These are the smallest round ones that about {draft.test_images} test images decide."


def _validation(splits: tuple[str, ...]) -> str:
    if len(splits) < 2:
        return ""
    return f"[validation]\nsplits = {value_text(splits)}  # the first decides\n\n"


def _budgets(draft: Draft) -> str:
    """Return the lines of [budgets.default]; tags that have no line share the widest margins."""
    drop = 0.05 if draft.max_map_drop is None else draft.max_map_drop
    lines = [f"max_map_drop = {drop}"]
    if not draft.tags:
        return "\n".join(lines) + "\n"
    given = [limits.given() for limits in draft.tags.values()]
    common = {key: max(margins[key] for margins in given) for key in given[0]}
    lines += [f"{key} = {value}" for key, value in common.items()]
    if draft.unscored:
        comment = f"Not judged yet, for too few test images: {', '.join(draft.unscored)}."
        lines += textwrap.wrap(comment, 98, initial_indent="# ", subsequent_indent="# ")
    own = {tag: limits.given() for tag, limits in draft.tags.items() if limits.given() != common}
    if own:
        lines += ["", "[budgets.default.tags]"]
    for tag, margins in own.items():
        pairs = ", ".join(f"{key} = {value}" for key, value in margins.items())
        lines.append(f"{key_text(tag)} = {{ {pairs} }}")
    return "\n".join(lines) + "\n"


def _array(tags: tuple[str, ...]) -> str:
    lines, line = [], " "
    for tag in tags:
        quoted = f" {value_text(tag)},"
        if len(line) + len(quoted) > 98:
            lines.append(line)
            line = " "
        line += quoted
    return "[\n" + "\n".join([*lines, line]) + "\n]"
