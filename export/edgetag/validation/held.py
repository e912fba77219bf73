"""The accepted state that a validation is held against: what is cheap to refuse comes first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from edgetag.judging.decisions import worst
from edgetag.recipe import Recipe
from edgetag.runtimes import engines
from edgetag.validation.baseline import Baseline, check_fits, compare, read_baseline
from edgetag.validation.evaluation import Evaluation
from edgetag.validation.inputs import Candidate
from edgetag.validation.result import Verdict
from edgetag.validation.scores import digest_in_order, images_digest
from edgetag.validation.standing import accepted_names, stands_for


def require_standing(
    recipe: Recipe, names: Iterable[str], asked: str | None, baseline: Path | None
) -> None:
    """Refuse files given by hand of which nothing tells what they stand for.

    It needs no data, so that nothing is built for what is refused; see `stands_for`.

    Args:
        recipe: Lists the variants.
        names: Of the files.
        asked: What `--as` says.
        baseline: The accepted state that they are to be compared with.

    Raises:
        InputError: See `stands_for` and `Held.read`.
    """
    accepted = Held.read(baseline, recipe, recipe.data.tags).accepted if baseline else None
    for name in names:
        stands_for(name, asked, recipe, accepted)


@dataclass(frozen=True)
class Held:
    """An accepted state, and which part of it each file is held against.

    `recipe` and `tags` are those of now; `names` are file → accepted variant, see `against`.
    """

    accepted: Baseline
    path: Path
    recipe: Recipe
    tags: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, recipe: Recipe, tags: tuple[str, ...]) -> Self:
        """Read an accepted state.

        Raises:
            InputError: It is missing, damaged, or of another recipe, vocabulary or split.
        """
        held = cls(read_baseline(path), path, recipe, tags)
        held._check(held.accepted.images_sha256)
        return held

    def against(self, files: Sequence[Candidate]) -> Self:
        """Find the part of it that each file is held against.

        Raises:
            InputError: There is none; see `accepted_names`.
        """
        wanted = self.recipe.validation.runtimes
        here = [name for name in wanted if engines.get(name).available() is None]
        standing = {file.variant: file.stands_for for file in files}
        return replace(self, names=accepted_names(standing, here, self.accepted, str(self.path)))

    def over(self, evaluation: Evaluation) -> Self:
        """Hold it to the judged images.

        It is about them too where some that the reference knows are missing, and that was allowed:
        those that are left are judged. Older baselines' digests go by the images' order.

        Raises:
            InputError: It was accepted over others.
        """
        split = self.recipe.validation.splits[0]
        judged = evaluation.dataset.identities(evaluation.rows[split])
        both = [judged]
        if evaluation.pictures is not None:
            places = zip(evaluation.stored.identities, evaluation.stored.split, strict=True)
            both.append([identity for identity, of in places if of == split])
        same = {
            digest for names in both for digest in (images_digest(names), digest_in_order(names))
        }
        now = images_digest(judged)
        if self.accepted.images_sha256 not in same:
            self._check(now)
        return replace(self, accepted=self.accepted.replace(images_sha256=now))

    def compared(self, verdict: Verdict, partial: bool) -> Verdict:
        """Return a verdict that tells, and decides by, what changed since the acceptance.

        Args:
            verdict: Verdict of the files that it was matched to, or more.
            partial: Only some variants were judged on purpose.
        """
        section = self.recipe.validation
        comparison = compare(
            verdict,
            self.accepted,
            str(self.path),
            section.baseline_tolerance,
            section.baseline_tag_tolerance,
            section.baseline_rmse_tolerance,
            partial=partial,
            accepted_names=self.names,
        )
        decided = worst([verdict.verdict, comparison.verdict])
        return verdict.replace(baseline=comparison, verdict=decided)

    def _check(self, images_sha256: str) -> None:
        check_fits(
            self.accepted,
            str(self.path),
            recipe=self.recipe.name,
            tags=self.tags,
            split=self.recipe.validation.splits[0],
            images_sha256=images_sha256,
        )
