"""What a bundle's model files say of themselves, without running them."""

from pathlib import Path

from edgetag.bundling.result import BundledVariant, BundleManifest, ExplainSignature
from edgetag.conversion.boundary import End, read_boundary, read_bytes
from edgetag.conversion.flatfile import ints, parse_model
from edgetag.conversion.labels import labels_behind
from edgetag.errors import InputError

LABELS_IN_MODEL = "labels.txt"


def check_model(
    path: Path, variant: BundledVariant, manifest: BundleManifest, bundle: Path
) -> None:
    """Refuse a model that is not what the manifest says.

    Raises:
        InputError: It is no model, for other pictures or other tags, or lacks its maps.
    """
    where = f"{bundle}: {variant.file}"
    data = read_bytes(path)
    ends = read_boundary(data, where)
    size = manifest.input_size
    if len(ends.inputs) != 1 or ends.inputs[0].shape != (1, size, size, 3):
        raise InputError(f"{where}: does not take one picture of {size}x{size} pixels")
    if ends.inputs[0].dtype != variant.input_type:
        raise InputError(
            f"{where}: takes {ends.inputs[0].dtype}, but the manifest says {variant.input_type}"
        )
    scores = [end for end in ends.outputs if _is_scores(end, len(manifest.tags))]
    if not scores:
        raise InputError(f"{where}: gives no list of {len(manifest.tags)} scores, one per tag")
    if scores[0].dtype != variant.output_type:
        raise InputError(
            f"{where}: gives {scores[0].dtype}, but the manifest says {variant.output_type}"
        )
    labels = labels_behind(data, LABELS_IN_MODEL, where)
    if labels is not None and labels != manifest.tags:
        raise InputError(
            f"{where}: the labels in the file are not the bundle's tags; it is a model of another "
            "vocabulary"
        )
    if variant.explain is not None:
        _check_maps(data, variant.explain, len(manifest.tags), where)


def ends_of(path: Path, n_tags: int, bundle: Path) -> tuple[End, End]:
    """Return what a checked model takes, and the list of scores that it gives.

    Raises:
        InputError: It is damaged.
    """
    where = f"{bundle}: {path.name}"
    ends = read_boundary(read_bytes(path), where)
    scores = [end for end in ends.outputs if _is_scores(end, n_tags)]
    if len(ends.inputs) != 1 or not scores:
        raise InputError(f"{where}: is no tagger of {n_tags} tags")
    return ends.inputs[0], scores[0]


def _is_scores(end: End, n_tags: int) -> bool:
    return end.shape in ((1, n_tags), (1, 1, 1, n_tags))


def _text(name: bytes | str | None) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name or ""


def _check_maps(data: bytes, explain: ExplainSignature, n_tags: int, where: str) -> None:
    model = parse_model(data, where)
    for signature in model.signatureDefs or []:
        if _text(signature.signatureKey) != explain.signature:
            continue
        if not 0 <= signature.subgraphIndex < len(model.subgraphs):
            break
        tensors = model.subgraphs[signature.subgraphIndex].tensors or []
        outputs = {
            _text(output.name): ints(tensors[output.tensorIndex].shape)
            for output in signature.outputs or []
            if 0 <= output.tensorIndex < len(tensors)
        }
        wanted = {"scores": (1, n_tags), "maps": (1, explain.height, explain.width, n_tags)}
        if any(outputs.get(name) != shape for name, shape in wanted.items()):
            raise InputError(
                f"{where}: its signature {explain.signature!r} does not give scores "
                f"{list(wanted['scores'])} and maps {list(wanted['maps'])}"
            )
        return
    raise InputError(f"{where}: lacks the signature {explain.signature!r} that the manifest names")
