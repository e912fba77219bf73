"""A folder for somebody whose phone is elsewhere: files, images, jobs, and what to type.

What the app answers there, `reading` reads here.
"""

import shlex
import shutil
from pathlib import Path

from edgetag.arrays import write_array
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.phones.instrument import ENTRY, App
from edgetag.phones.job import RunnerJob, RunsOn
from edgetag.phones.phone import FOLDER
from edgetag.phones.settings import Settings
from edgetag.phones.store import ModelFile
from edgetag.recipe import Recipe
from edgetag.sampling import spread
from edgetag.workspace import Workspace
from edgetag.writing import atomic_write, write_text

IMAGES, SCRIPT = "images.npy", "run.sh"


def pack(
    recipe: Recipe,
    workspace: Workspace,
    folder: Path,
    files: tuple[ModelFile, ...],
    images: int,
    app: App,
    delegate: RunsOn,
) -> tuple[Path, ...]:
    """Write the folder.

    The images are at most so many, evenly spread over the split that decides.

    Returns:
        What was written.

    Raises:
        InputError: The folder holds something, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: not an empty folder; name a new one")
    dataset = open_dataset(workspace)
    rows = spread(dataset.rows(recipe.validation.splits[0]), images)
    settings = Settings.of(recipe, delegate)
    write_array(folder / IMAGES, dataset.images(rows))
    written = [folder / IMAGES]
    for model in files:
        name = model.variant
        with atomic_write(folder / f"{name}.tflite") as target, model.path.open("rb") as source:
            shutil.copyfileobj(source, target)
        job = RunnerJob(
            model=f"{FOLDER}/{name}.tflite",
            images=f"{FOLDER}/{IMAGES}",
            scores=f"{FOLDER}/{name}.scores",
            threads=settings.threads[0],
            contract=recipe.network.preprocessing(),
            delegate=delegate,
            warmup_runs=settings.warmup_runs,
            runs=settings.runs,
        )
        job.write(folder / f"{name}.json")
        written += [folder / f"{name}.tflite", folder / f"{name}.json"]
    write_text(folder / SCRIPT, _script([model.variant for model in files], app))
    return (*written, folder / SCRIPT)


def _script(names: list[str], app: App) -> str:
    """Return what is typed where the phone is, as a shell script to read and to run."""
    files = " ".join(map(shlex.quote, names))
    return f"""#!/bin/sh
# Runs these files in the app {app.package} on the phone that adb sees, and brings its
# answers here as *.scores.json. Read them with: edgetag phone read RECIPE *.scores.json
cd "$(dirname "$0")" || exit 1

score() {{
    rm -f "$1.scores.json"
    adb push "$1.tflite" "{FOLDER}/$1.tflite" &&
        adb push "$1.json" "{FOLDER}/$1.json" &&
        adb shell chmod 644 "{FOLDER}/$1.tflite" "{FOLDER}/$1.json" &&
        told=$(adb shell am instrument -w -e job "{FOLDER}/$1.json" {app.package}/{ENTRY}) ||
        return 1
    path=$(printf '%s\\n' "$told" | tr -d '\\r' | sed -n 's/^INSTRUMENTATION_RESULT: scores=//p')
    [ -n "$path" ] || {{ printf '%s\\n' "$told" >&2; return 1; }}
    adb pull "$path" "$1.scores.json"
}}

adb shell mkdir -p {FOLDER} &&
    adb shell chmod 755 {FOLDER} &&
    adb push {IMAGES} {FOLDER}/{IMAGES} &&
    adb shell chmod 644 {FOLDER}/{IMAGES} ||
    exit 1
without=
for name in {files}; do
    score "$name" || without="$without $name"
done
[ -z "$without" ] || {{ echo "no scores of:$without" >&2; exit 1; }}
"""
