"""What was exported: the files that `export/export.json` lists, by name and as they lie there."""

from collections.abc import Collection, Iterable
from pathlib import Path

from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.errors import InputError
from edgetag.workspace import Workspace

ExportedFile = tuple[ExportedVariant, Path]
"""What is listed of a file, and where it lies."""


def exported_path(workspace: Workspace) -> Path:
    """Return where the export stage leaves its result."""
    return workspace.export / "export.json"


def read_exported(workspace: Workspace) -> ExportResult:
    """Return what the export stage left.

    Raises:
        InputError: It is missing or damaged.
    """
    return ExportResult.read(exported_path(workspace), "export")


def exported_if_there(workspace: Workspace) -> ExportResult | None:
    """Return what the export stage left, None where it has left nothing.

    Raises:
        InputError: It is damaged.
    """
    return read_exported(workspace) if exported_path(workspace).exists() else None


def exported_before(workspace: Workspace) -> ExportResult | None:
    """Return what an earlier export left; None where that is nothing, or damaged."""
    return ExportResult.read_kept(exported_path(workspace))


def exported_files(
    workspace: Workspace, variants: Collection[str] = ()
) -> tuple[ExportedFile, ...]:
    """Return files in the order in which they are listed, after checking that none has changed.

    Args:
        workspace: The run.
        variants: Which; all of them where none is named.

    Raises:
        InputError: Nothing is listed, or one that is named is not; a file is missing, or has
            changed since it was exported.
    """
    path, listed = exported_path(workspace), read_exported(workspace).variants
    names = [file.variant for file in listed]
    for name in variants:
        if name not in names:
            only = f", only {', '.join(names)}" if names else ""
            raise InputError(f"{path}: it lists no {name}{only}; run: edgetag export")
    if not listed:
        raise InputError(f"{path}: it lists no file; run: edgetag export")
    return tuple(
        (file, workspace.verified_file(file.file, file.sha256, "run: edgetag export"))
        for file in listed
        if not variants or file.variant in variants
    )


def exported_file(workspace: Workspace, variant: str) -> ExportedFile:
    """Return the file of one variant; errors are those of `exported_files`."""
    return exported_files(workspace, (variant,))[0]


def require_same_files(workspace: Workspace, files: Iterable[tuple[str, str]], again: str) -> None:
    """Refuse what was found of a file in whose place another one lies now.

    Args:
        workspace: The run; one without exported files refuses nothing.
        files: Variant and digest of each file that something was found of.
        again: The command that finds it anew.

    Raises:
        InputError: One was exported anew since, or the list of files is damaged.
    """
    made = exported_if_there(workspace)
    digests = {file.variant: file.sha256 for file in made.variants} if made else {}
    for variant, sha256 in files:
        if sha256 and digests.get(variant, sha256) != sha256:
            raise InputError(f"{workspace.root}: {variant} was exported anew since; run: {again}")
