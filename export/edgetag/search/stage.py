"""From a recipe's section `[search]` to one chosen variant, and why the others lost.

What a file costs is known before any training, from a file with weights of no training. What keeps
the limits on costs is made with no training behind the float model, the more promising half with a
third of it, and half of these with all of it.
"""

import time
from shlex import quote
from typing import cast

from edgetag.conversion.exported import exported_file
from edgetag.errors import EdgetagError
from edgetag.pipeline import run_until
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.search.candidates import Candidate, candidates_of, cheapest_of, derived
from edgetag.search.choosing import (
    LIMITS,
    ON_ACCURACY,
    best_of,
    broken_limits,
    excesses,
    explained,
    outdone_by,
    promising,
)
from edgetag.search.concluding import judged_as, outcome_of, outcome_of_none, recipe_text
from edgetag.search.ledger import Ledger
from edgetag.search.result import SearchResult, SearchTrial
from edgetag.search.sampling import Proposals
from edgetag.search.trials import Trials
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace
from edgetag.writing import is_of_system, write_text

SHARES = (1 / 3, 1.0)
"""Of the training behind the float model, that the better half has each time."""

ROOM = 0.1
"""By which share a file of no training may break a limit that the trained one may keep: layers of
narrower networks are allotted otherwise then."""

ON_COSTS = tuple(key for key in LIMITS if key not in ON_ACCURACY)


def run(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    trials: int | None = None,
    minutes: float | None = None,
) -> SearchResult:
    """Search, and write `search/search.json`, `front.svg` and `chosen.toml`.

    Args:
        recipe: Its section `[search]` says what may vary.
        workspace: The run folder; everything lies in its folder `search`.
        progress: Told of each trial.
        trials: Most combinations; default: the recipe's.
        minutes: After them no further trial begins.

    Raises:
        InputError: Labels or pictures are missing, a budget cannot be measured here, or the
            system refuses a file, as a full disk does.
    """
    search = _Search(recipe, workspace, progress, trials, minutes)
    search.made.inputs(recipe)  # labels that are not there would be every candidate's failure
    search.look()
    search.train_promising()
    return search.finish()


class _Search:
    def __init__(
        self,
        recipe: Recipe,
        workspace: Workspace,
        progress: Progress,
        trials: int | None,
        minutes: float | None,
    ) -> None:
        self.recipe, self.workspace, self.progress = recipe, workspace, progress
        self.budgets, self.cost = recipe.search_budgets(), recipe.search.cost
        self.made = Trials(recipe, workspace, progress)
        self.most = trials or recipe.search.trials
        self.candidates = {each.name: each for each in candidates_of(recipe)}
        self.ledger = Ledger(recipe, self.made.root, len(self.candidates), progress)
        self.trials = self.ledger.trials
        self._ends = None if minutes is None else time.monotonic() + 60 * minutes
        self._cut_short = False

    def look(self) -> None:
        """Measure costs, and accuracy without training, of what the sampler proposes."""
        if not self._can_be_met():
            return
        everything = tuple(self.candidates.values())
        proposals = Proposals(everything, self.most, self.recipe.seed, self.cost)
        for candidate in proposals:
            if self._out_of_time():
                return
            trial = self._sketched(candidate)
            if trial.failure is None and not trial.exceeds:
                trial = self._measured(candidate, 0.0 if candidate.is_trained else 1.0)
            proposals.tell(candidate, trial)

    def _can_be_met(self) -> bool:
        """Tell whether anything can keep the limits on costs, by what costs the least."""
        if not set(ON_COSTS) & set(self.budgets):
            return True
        tried = [self._sketched(each) for each in cheapest_of(self.candidates.values())]
        return any(not trial.exceeds for trial in tried)

    def train_promising(self) -> None:
        """Give the better half more training, until it has had all."""
        for share in SHARES:
            waiting = [trial for trial in self.trials.values() if self._waits(trial)]
            if share < 1 and len(waiting) < 3:
                continue  # half of them would be as many
            if share < 1 or len(waiting) > 2:
                best = promising(waiting, self.budgets, self.cost)
                for trial in waiting:
                    if trial not in best:
                        why = f"less promising than others after {trial.trained:.0%} of training"
                        self.ledger.keep(trial.replace(why=f"not trained on: {why}"))
                waiting = best
            for trial in sorted(waiting, key=lambda trial: trial.cost(self.cost)):
                by = outdone_by(trial, tuple(self.trials.values()), self.budgets, self.cost)
                if by is not None:
                    why = f"not trained on: {by.name} keeps every budget at no more cost"
                    self.ledger.keep(trial.replace(why=why))
                    continue
                if self._out_of_time():
                    return
                self._measured(self.candidates[trial.name], share)
        self._train_others()

    def _train_others(self) -> None:
        """Train also what looked less promising, as long as nothing keeps every budget."""
        while self.budgets:
            trials = self.trials.values()
            if any(trial.is_final and not trial.exceeds for trial in trials):
                return
            left = [trial for trial in trials if _is_trained_in_part(trial)]
            if not left or self._out_of_time():
                return
            nearest = promising(left, self.budgets, self.cost)[0]
            self._measured(self.candidates[nearest.name], 1.0)

    def finish(self) -> SearchResult:
        """Choose, judge what was chosen on the splits that judge, and write all down."""
        trials = tuple(
            trial.replace(why=f"time ran out after {trial.trained:.0%} of its training")
            if self._waits(trial)
            else trial
            for trial in self.trials.values()
        )
        chosen = best_of(trials, self.budgets, self.cost)
        if chosen is None:
            outcome = outcome_of_none(trials, self.budgets, self._cut_short)
            return self.ledger.write(trials, finished=not self._cut_short, outcome=outcome)
        trials = tuple(explained(each, chosen, trials, self.cost) for each in trials)
        candidate = self.candidates[chosen.name]
        recipe, folder = derived(self.recipe, candidate), self.made.workspace(candidate)
        self.progress.say(f"{chosen.name} is chosen; it is judged on what did not choose it")
        results = run_until("validate", recipe, folder, self.progress)
        verdict = cast(Verdict, results["validate"])
        path = self.made.root / "chosen.toml"
        write_text(path, recipe_text(recipe, path.parent))
        exported, file = exported_file(folder, candidate.variant)
        judged = judged_as(verdict, candidate.variant)
        command = f"edgetag run {quote(str(path))} --out {quote(str(folder.root))}"
        return self.ledger.write(
            trials,
            finished=not self._cut_short,
            chosen=chosen.name,
            keeps=not chosen.exceeds,
            file=file.relative_to(self.workspace.root).as_posix(),
            file_sha256=exported.sha256,
            run_folder=folder.root.relative_to(self.workspace.root).as_posix(),
            verdict=verdict.decisions[candidate.variant],
            outcome=f"{outcome_of(chosen, self.budgets)} {judged} Report and bundle: {command}",
        )

    def _waits(self, trial: SearchTrial) -> bool:
        return _is_trained_in_part(trial) and not trial.why

    def _out_of_time(self) -> bool:
        self._cut_short = self._ends is not None and time.monotonic() > self._ends
        return self._cut_short

    def _sketched(self, candidate: Candidate) -> SearchTrial:
        trial = SearchTrial.like(candidate)
        try:
            measures = self.made.sketch(candidate)
        except EdgetagError as error:
            return self.ledger.keep(_failed(trial, error))
        broken = excesses(measures, self.budgets, ON_COSTS)
        broken = {key: over for key, over in broken.items() if over > ROOM}
        if candidate.sparsity:
            broken.pop("max_gzip_bytes", None)  # the zeros, which compress well, come later
        trial = trial.replace(measures=measures, exceeds=broken)
        why = f"not trained: breaks {broken_limits(trial)}" if broken else "not trained"
        return self.ledger.keep(trial.replace(why=why))

    def _measured(self, candidate: Candidate, share: float) -> SearchTrial:
        trial = SearchTrial.like(candidate)
        if self.ledger.float_map is None:
            self.ledger.float_map = self.made.float_map()
        try:
            measures = self.made.measure(candidate, share)
        except EdgetagError as error:
            return self.ledger.keep(_failed(trial, error))
        drop = None if measures.map is None else self.ledger.float_map - measures.map
        measures = measures.replace(map_drop=drop)
        trial = trial.replace(
            measures=measures, trained=share, exceeds=excesses(measures, self.budgets)
        )
        return self.ledger.keep(trial, say=True)


def _failed(trial: SearchTrial, error: EdgetagError) -> SearchTrial:
    if is_of_system(error):  # others would be chosen in its place, for want of space
        raise error
    reason = str(error)
    return trial.replace(failure=reason, why=f"failed: {reason}")


def _is_trained_in_part(trial: SearchTrial) -> bool:
    return trial.trained is not None and trial.failure is None and not trial.is_final
