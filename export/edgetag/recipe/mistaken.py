"""What is named in a recipe's place and is none: what it is, and which command takes it."""

from pathlib import Path
from shlex import quote

from edgetag.userfiles import Content, content_of_file

WANTED = "a recipe (a TOML file) or a run folder is wanted here"
NEW = "edgetag recipe new recipe.toml"

_FILE = "FILE"
_TABLES = (".csv", ".jsonl", ".ndjson")

_TAKEN_BY = {
    Content.TFLITE: (
        "such a file is judged by: edgetag validate file RECIPE FILE; timed by: edgetag tag FILE "
        "PICTURES --measure; it tags pictures by: edgetag tag FILE PICTURES -o tags.csv; a float "
        "one is quantized by: edgetag quantize file --model FILE --images PICTURES"
    ),
    Content.ZIP: (
        "a bundle is checked by: edgetag bundle check FILE; it tags pictures by: edgetag tag "
        "FILE PICTURES -o tags.csv; it is judged by: edgetag validate file RECIPE FILE"
    ),
    Content.ARRAYS: "reference scores are taken by: edgetag validate RECIPE --reference FILE",
    Content.PICTURE: "it is tagged by: edgetag tag MODEL FILE -o tags.csv",
    Content.PARQUET: f"a recipe for labels is written by: {NEW} --source FILE",
    Content.EMPTY: f"a new one is written by: {NEW}",
}
"""Content → the commands that take such a file, called `_FILE`."""

_RUN_FILE = "run.json"


def mistaken_file(path: Path) -> str:
    """Return what a file is that is no recipe, and what takes it; empty where it may be one.

    Raises:
        OSError: It is not there, or may not be read.
    """
    content = content_of_file(path)
    is_table = path.suffix.lower() in _TABLES and content in (None, Content.JSON)
    if is_table:
        what, taken_by = "a table", _TAKEN_BY[Content.PARQUET]
    elif content is None:
        return ""
    elif content is Content.JSON and path.name == _RUN_FILE:
        what, taken_by = "a JSON file", f"name the folder in which it lies: {path.parent}"
    else:
        what, taken_by = str(content), _TAKEN_BY.get(content, "")
    after = f"; {taken_by.replace(_FILE, quote(str(path)))}" if taken_by else ""
    return f"{path}: {what}; {WANTED}{after}"


def mistaken_folder(path: Path) -> str:
    """Return that a folder is no run, and what may have been meant."""
    said = f"{path}: a folder without {_RUN_FILE}; name a recipe or a run folder"
    if (path.parent / _RUN_FILE).exists():
        return f"{said}, such as {path.parent}"
    if recipes := sorted(path.glob("*.toml")):
        return f"{said}, such as {recipes[0]}"
    if next(path.iterdir(), None):
        return (
            f"{said}. A recipe for pictures in it is written by: {NEW} --source {quote(str(path))}"
        )
    return said
