"""The whole way of one file: checked, quantized in several ways, the nearest kept."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.conversion.calibration.calibrate import AS_CONVERTED, Distances, calibrate
from edgetag.conversion.calibration.pictures import Pictures
from edgetag.conversion.checks import count_operators
from edgetag.conversion.classifier import Classifier, read_classifier
from edgetag.conversion.flatfile import parse_model
from edgetag.conversion.float_scores import with_float_scores
from edgetag.conversion.metadata import append_labels
from edgetag.conversion.op_versions import required_runtime
from edgetag.errors import InputError, one_line
from edgetag.machine import package_versions
from edgetag.metrics import Scores, squared_logit_distances
from edgetag.preprocess import Pixels
from edgetag.progress import Progress
from edgetag.quantizing.engine import RANGES, quantized
from edgetag.quantizing.float_file import float_operators, prepared
from edgetag.quantizing.floating import brought_within
from edgetag.quantizing.pictures import Drawn, draw
from edgetag.quantizing.result import Compared, File, QuantizedFile
from edgetag.runtimes import LoadFailure, engines, score
from edgetag.scratch import scratch_folder
from edgetag.temporary_images import images_on_disk
from edgetag.writing import require_place, write_bytes

PACKAGES = ("ai-edge-litert", "litert-quantizer", "numpy", "pillow")
PROBABILITIES = ("LOGISTIC", "SOFTMAX")
"""Operators whose outputs are probabilities; others' are taken to be logits."""

RUNTIME = "litert"
WORKER = "edgetag.runtimes.outputs_worker"


def quantize_file(
    source: Path,
    pictures: Sequence[str],
    out: Path,
    progress: Progress,
    *,
    images: int,
    max_rmse: float | None = None,
    mean: float | None = None,
    std: float | None = None,
    confine: Callable[[Path], None] = lambda _folder: None,
) -> QuantizedFile:
    """Write a float classifier in integers, and beside it how that went, as JSON.

    Args:
        source: The float file.
        pictures: Folders and the like that calibrate and choose.
        out: Where the file goes; its record gets the end `.json` instead.
        progress: Is told of every step.
        images: How many pictures calibrate.
        max_rmse: Keep the fewest layers in float that bring the file this near; None keeps none.
        mean: Subtracted from each pixel; in place of the file's metadata.
        std: Divides the difference; in place of the file's metadata.
        confine: Gives up this process's rights, but to write to a folder, once all is read and
            the file has been proved in a process of its own. It may behave otherwise on other
            pictures, and the engine runs it otherwise.

    Raises:
        InputError: The file is none that can be quantized, there are no pictures, or `out` or its
            record cannot be written.
    """
    if out.suffix != ".tflite" or out.resolve() == source.resolve():
        raise InputError(f"{out}: cannot be written; name another file that ends in .tflite: -o")
    require_place(out)
    _require_own(out.with_suffix(".json"))
    classifier = read_classifier(source, mean, std)
    labels = classifier.read_labels(source)
    data = prepared(parse_model(classifier.data, source), source)
    for note in classifier.notes:
        progress.say(f"{source.name}: {note}")
    drawn = draw(pictures, images, classifier.contract, progress)
    reference = _seen(source, classifier, drawn.others)
    given = _Given(source, classifier, labels, data, drawn, reference)
    with _temporary_files_beside(out):
        confine(out.absolute().parent)
        return _quantize(given, out, progress, max_rmse)


def _require_own(record: Path) -> None:
    """Refuse to put the record in the place of a file that is none, such as a model's `.json`."""
    if record.exists() and QuantizedFile.read_kept(record) is None:
        raise InputError(
            f"{record}: the record of the file would take its place, and edgetag did not write it; "
            "name another file: -o"
        )


@dataclass(frozen=True, eq=False)
class _Given:
    """What was read: a float file as bytes for the engine, pictures, and its scores of them."""

    source: Path
    classifier: Classifier
    labels: Sequence[str] | None
    data: bytes
    drawn: Drawn
    reference: Scores


def _quantize(
    given: _Given, out: Path, progress: Progress, max_rmse: float | None
) -> QuantizedFile:
    source, classifier, drawn = given.source, given.classifier, given.drawn
    data, labels = given.data, given.labels
    calibrating = Pictures(drawn.calibrating, classifier.contract)
    others = Pictures(drawn.others, classifier.contract)
    distances, compared = _distances(classifier)
    rmse: dict[str, float] = {}
    files: dict[str, bytes] = {}
    not_tried: dict[str, str] = {}
    with progress.track("quantizing", len(RANGES), "ways") as task:
        for ranges in RANGES:
            task.advance(0, note=ranges)
            try:
                converted = with_float_scores(quantized(data, calibrating, ranges))
                made, record = calibrate(
                    converted, data, calibrating, others, squared_distances=distances
                )
            except InputError as error:
                not_tried[ranges] = str(error)
                continue
            except RuntimeError as error:
                reason = one_line(str(error))
                not_tried[ranges] = f"LiteRT cannot run what litert-quantizer makes of it: {reason}"
                continue
            names = {step: _named(ranges, step) for step in record.logit_rmse}
            rmse |= {names[step]: value for step, value in record.logit_rmse.items()}
            files[names[record.chosen]] = made
            task.advance(1, note=ranges)
    if not files:
        raise InputError(f"{source}: {next(iter(not_tried.values()))}")
    chosen = min(files, key=lambda name: rmse[name])
    made, kept_in_float = files[chosen], tuple[str, ...]()
    if max_rmse is not None and rmse[chosen] > max_rmse:
        nearer = brought_within(max_rmse, made, data, others, distances, progress)
        if nearer:
            made, kept_in_float = nearer.data, nearer.layers
    if labels and classifier.label_file:
        made = append_labels(made, labels, classifier.label_file)
    write_bytes(out, made)
    record_file = out.with_suffix(".json")
    record_file.unlink(missing_ok=True)  # of the file that lay there before
    seen = _seen(out, classifier, drawn.others)
    result = QuantizedFile(
        source=_file(source, classifier.data),
        made=_file(out, made),
        preprocessing=classifier.contract,
        assumed=classifier.notes,
        scores=classifier.scores,
        compared=compared,
        images=len(drawn.calibrating),
        other_images=len(drawn.others),
        unreadable=len(drawn.unreadable),
        rmse=rmse,
        not_tried=not_tried,
        chosen=chosen,
        max_rmse=max_rmse,
        kept_in_float=kept_in_float,
        seen_rmse=float(np.sqrt(distances(seen, given.reference).mean())),
        accelerator=engines.acceleration(RUNTIME),
        versions=package_versions(PACKAGES),
    )
    result.write(record_file)
    return result


@contextmanager
def _temporary_files_beside(out: Path) -> Iterator[None]:
    """Let temporary files of this process lie in the only folder that it will write to."""
    before = tempfile.tempdir
    with scratch_folder(out.absolute().parent) as folder:
        tempfile.tempdir = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = before


def _named(ranges: str, step: str) -> str:
    return ranges if step == AS_CONVERTED else f"{ranges}, {step}"


def _distances(classifier: Classifier) -> tuple[Distances, Compared]:
    if classifier.boundary.last_operator in PROBABILITIES:
        return squared_logit_distances, "logits of clipped probabilities"
    return _squared_differences, "outputs as they are"


def _squared_differences(scores: Scores, reference: Scores) -> npt.NDArray[np.float64]:
    return np.square(scores.astype(np.float64) - reference).mean(axis=1)


def _seen(path: Path, classifier: Classifier, pixels: Pixels) -> Scores:
    """Score a file in a process of its own, which a damaged file may take with it.

    Raises:
        InputError: The runtime cannot run it.
    """
    with images_on_disk(pixels, classifier.contract.input_size) as cache:
        rows = np.arange(len(pixels))
        run = score(engines.get(RUNTIME), path, cache, rows, classifier.contract, module=WORKER)
    if isinstance(run, LoadFailure):
        raise InputError(f"{path}: {RUNTIME} cannot run it ({run.kind}): {run.reason}")
    return run.scores


def _file(path: Path, data: bytes) -> File:
    model = parse_model(data, path)
    return File(
        name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        operators=count_operators(model),
        float_operators=float_operators(model),
        min_runtime_version=required_runtime(model),
    )
