"""The commented recipe that `edgetag recipe new` writes."""

import json
from pathlib import Path

from edgetag.errors import InputError
from edgetag.recipe.loading import parse_recipe
from edgetag.tags import DEFAULT_TAGS
from edgetag.workspace import write_text

TEMPLATE = """\
# A recipe for edgetag. Only `name` and `data.source` are needed; what is commented out shows the
# default. Relative paths are relative to this file. Check it with: edgetag recipe check {file}
name = "{name}"
# seed = 1

[data]
# A table (.csv, .jsonl, .parquet), a folder with one folder per class, or Region Cropper JSON.
source = "{source}"
# format = "auto"              # wide, list, folders, object_value, regions
tags = {tags}
# split.by = "content"         # or "group": images of one group never straddle splits
# split.rare_tags_first = false
# max_rejected_share = 0.05    # more unreadable images than this stop the run

[network]
# name = "efficientnet_lite0"  # mobilenet_v2, model3
# input_size = 224             # 64 to 320; smaller is faster

[training]
# batch_size = 16
# loss = "bce"                 # or "hard_negative"
# phases = [
#   {{ trains = "head", epochs = 1, learning_rate = 3e-3, schedule = "constant" }},
#   {{ trains = "all", epochs = 3, learning_rate = 1e-3 }},
# ]
# thresholds = {{ policy = "best_f1" }}   # "fixed" with value, "recall_at_fpr" with max_fpr

[pruning]
# sparsity = 0.5               # only int8-pruned-qat is pruned

[export]
# variants = ["fp32", "fp16", "int8"]   # "dynamic", "int8-qat", "int8-pruned-qat", "int16x8"
# if_needed = ["int8-qat"]     # trained and made only if int8 does not pass
# explain = []                 # variants that give heat maps too, such as ["int8-qat"]

[device]
# on = []                      # run the files on "arm64", "armv7", "wasm" too; edgetag device list

# Limits that decide the exit code; `default` is for variants without their own.
[budgets.default]
max_map_drop = 0.02

[budgets.int8-qat]
max_map_drop = 0.01
max_size_ratio = 0.30          # to fp32

[bundle]
# variants = "best"            # the fastest and smallest that passes; or a list, such as ["int8"]
# display_names = {{}}          # cat = {{ en = "Cat", ja = "猫" }}; the usual tags have names
# license = ""                 # of the model; with limits, it goes into the model card
# limits = ""                  # what the model must not be used for
"""


def write_recipe(path: Path, source: str, tags: tuple[str, ...] = ()) -> None:
    """Write a recipe that is valid as it stands.

    Args:
        path: The new file; an existing one is never replaced.
        source: Table or folder of images, relative to the recipe.
        tags: The vocabulary; by default the names of the source's class folders, or the 20 tags.

    Raises:
        InputError: The file exists, or the values make no valid recipe.
    """
    if path.exists():
        raise InputError(f"{path}: exists already; give another name or delete it")
    folder = path.parent / source
    if not tags and folder.is_dir():
        tags = tuple(sorted(child.name for child in folder.iterdir() if child.is_dir()))
    text = TEMPLATE.format(
        file=path.name,
        name=_name(path),
        source=source.replace("\\", "/").replace('"', ""),
        tags=_array(tags or DEFAULT_TAGS),
    )
    parse_recipe(text, path)
    write_text(path, text)


def _name(path: Path) -> str:
    stem = path.stem if path.stem != "recipe" else path.resolve().parent.name
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in stem.lower()).strip("-")
    return name or "model"


def _array(tags: tuple[str, ...]) -> str:
    lines, line = [], " "
    for tag in tags:
        quoted = f" {json.dumps(tag, ensure_ascii=False)},"
        if len(line) + len(quoted) > 98:
            lines.append(line)
            line = " "
        line += quoted
    return "[\n" + "\n".join([*lines, line]) + "\n]"
