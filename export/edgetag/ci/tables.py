"""The table of what `edgetag ci export` wrote."""

from edgetag.ci.job import WORKFLOW
from edgetag.ci.result import CiExport, Part
from edgetag.tables import Column, Number, Rows, Table
from edgetag.tables.formats import format_bytes, format_count


def export_table(result: CiExport) -> Table:
    """Show what the folder's parts take, and all of it."""
    files = sum(part.files for part in result.parts)
    everything = Part(
        name="all", files=files, size_bytes=sum(part.size_bytes for part in result.parts)
    )
    return Rows((*result.parts, everything)).table(
        "What the folder takes",
        Column("part", lambda part: part.name),
        Number("files", lambda part: part.files),
        Number("size", lambda part: format_bytes(part.size_bytes)),
    )


def export_sentences(result: CiExport, requirement: bool) -> list[str]:
    """Return what is left to do, and what the job will do.

    Args:
        result: What was exported.
        requirement: Whether the workflow says where edgetag is installed from.
    """
    counts = ", ".join(
        f"{format_count(count)} images of {split}" for split, count in result.pictures.items()
    )
    sentences = [
        f"{result.folder}: {result.variant} is judged by {counts}",
        f"the job's first command took {result.seconds:.0f} s here and accepts the model",
    ]
    if not result.accepted:
        sentences.append(
            "there is no accepted state: a model that drifts within its budgets goes unnoticed; "
            'export with --accept "REASON" to have one'
        )
    sentences.append(f"copy {result.folder}/{WORKFLOW} to .github/workflows/, and commit both")
    if not requirement:
        sentences.append(
            "say in it where edgetag is installed from (EDGETAG), or export with --edgetag ADDRESS"
        )
    return sentences
