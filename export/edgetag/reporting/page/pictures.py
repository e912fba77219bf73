"""Pictures and labels here against those of a reference that was made elsewhere."""

from collections.abc import Iterator

from edgetag.tables.formats import counted, format_count
from edgetag.validation.pictures_result import PicturesComparison

MOST_NAMES = 20


def pictures_sentences(comparison: PicturesComparison) -> Iterator[str]:
    """Yield what the counts stand for: names, and tags that can no longer be scored."""
    for lost in comparison.lost_tags:
        yield (
            f"{lost.tag} can no longer be scored on {lost.split}: of "
            f"{counted(lost.before, 'picture')} that the reference knows to have it, "
            f"{format_count(lost.now)} are left."
        )
    for split in comparison.splits:
        kinds = (
            ("missing", split.missing, split.missing_names),
            ("new", split.new, split.new_names),
            ("labelled differently", split.relabelled, split.relabelled_names),
            ("grouped differently", split.regrouped or 0, split.regrouped_names),
        )
        for what, number, names in kinds:
            shown = names[:MOST_NAMES]
            more = f" and {format_count(number - len(shown))} more" if number > len(shown) else ""
            if shown:
                yield f"{split.split}, {what}: {', '.join(shown)}{more}."
