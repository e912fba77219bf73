"""The exported files of a run that a verb is about."""

from collections.abc import Sequence
from pathlib import Path

from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.errors import InputError
from edgetag.workspace import Workspace


def exported_files(
    workspace: Workspace, variants: Sequence[str] = ()
) -> list[tuple[ExportedVariant, Path]]:
    """Return files and where they lie, after checking that none has changed.

    Args:
        workspace: The run.
        variants: Which; all of them where none is named.

    Raises:
        InputError: A variant was not exported, or a file has changed since.
    """
    path = workspace.export / "export.json"
    exported = ExportResult.read(path, "export").variants
    known = {file.variant for file in exported}
    for name in variants:
        if name not in known:
            raise InputError(
                f"{path}: has no variant {name!r}; it lists: {', '.join(sorted(known))}"
            )
    if not exported:
        raise InputError(f"{path}: lists no file; run: edgetag export")
    return [
        (file, workspace.verified_file(file.file, file.sha256))
        for file in exported
        if not variants or file.variant in variants
    ]
