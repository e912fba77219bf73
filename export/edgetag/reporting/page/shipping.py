"""The file that the app ships: where it lies, what it takes, what it gives."""

from collections.abc import Iterator

from edgetag.contract import Preprocessing
from edgetag.conversion.result import ElementType, ExportedVariant
from edgetag.reporting.page.view import Values, View
from edgetag.tables.formats import format_bytes


def shipped(view: View) -> Iterator[tuple[str, str]]:
    """Yield where file and bundle lie, with their digests; paths are relative to the run folder."""
    file = exported_file(view)
    if not view.report.ships:
        yield "ships", f"nothing, since no file passes; {view.bundled} comes nearest"
    if file is None:
        yield "file", f"{view.bundled} was not exported in this run, or as another file"
    else:
        yield "file", f"{file.file}, {format_bytes(file.size_bytes)}"
        yield "its SHA-256", file.sha256
    bundle = view.sources.bundle
    if bundle is None:
        yield "bundle", "none of this file when this page was written; edgetag bundle packs one"
    else:
        yield "bundle", f"{bundle.file}, {format_bytes(bundle.size_bytes)}"
        yield "its SHA-256", bundle.sha256


def exported_file(view: View) -> ExportedVariant | None:
    """Return the exported file that ships, None where there is none, or another was judged."""
    exported, judged = view.sources.exported, view.sources.verdict.digests_of(view.bundled)
    files = exported.variants if exported else ()
    ours = (file for file in files if file.variant == view.bundled)
    return next((file for file in ours if judged <= {file.sha256}), None)


def input_steps(contract: Preprocessing, file: ExportedVariant | None) -> Iterator[str]:
    """Yield how the input is made from a picture, step by step."""
    size = contract.input_size
    yield (
        f"Decode the first frame, turn it upright by EXIF, convert it to {contract.color_space}, "
        f"and lay what is transparent over {_rgb(contract.background)}."
    )
    anchored = "in the centre" if contract.anchor == "center" else "at the top left"
    smoothing = " averaged over all pixels that it covers (antialiasing)," * (
        contract.filter != "nearest"
    )
    yield (
        f"Letterbox: scale it until the longer side is {size} pixels, with Pillow's filter "
        f"{contract.filter},{smoothing} and lay it {anchored} of a square of {size} × {size}; the "
        f"rest is {_rgb(contract.fill)}. Nothing is cropped or stretched."
    )
    yield _scaling(contract, file.input_type if file else "float32")
    if file is not None:
        yield _output(file.output_type)


def _scaling(contract: Preprocessing, kind: ElementType) -> str:
    shape = f"[1, {contract.input_size}, {contract.input_size}, 3]"
    return {
        "uint8": f"The file takes the pixels as they are: {shape} uint8, no scaling.",
        "int8": f"The file takes each pixel minus 128: {shape} int8.",
        "float32": (
            f"The file takes (pixel − {contract.mean:g}) ÷ {contract.std:g}: {shape} float32."
        ),
    }.get(kind, f"The file takes {shape} {kind}, scaled as it says itself.")


def _output(kind: ElementType) -> str:
    scores = "It gives one score per tag, in the recipe's order"
    scaled = {
        "uint8": "as uint8; divided by 256 they are between 0 and 1",
        "int8": "as int8; plus 128 and divided by 256 they are between 0 and 1",
        "float32": "as float32 between 0 and 1",
    }.get(kind, f"as {kind}, scaled as the file says itself")
    return f"{scores}, {scaled}. From its threshold on a tag counts as found."


def _rgb(colour: tuple[int, int, int]) -> str:
    named = {(0, 0, 0): "black", (255, 255, 255): "white"}
    return named.get(colour, f"RGB {', '.join(map(str, colour))}")


def section(view: View) -> Values:
    """Return what the section shows."""
    contract = view.sources.recipe.network.preprocessing()
    return {
        "shipped": list(shipped(view)),
        "input_steps": list(input_steps(contract, exported_file(view))),
    }
