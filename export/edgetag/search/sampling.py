"""Which combinations are looked at: all of them, or those that Optuna proposes.

The sampler is seeded, and told what was measured in the order in which it asked. A search that was
killed asks anew, is answered from what was kept, and so comes to the same combinations.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from edgetag.recipe import Cost
from edgetag.search.candidates import Candidate
from edgetag.search.result import SearchTrial

MOST_REPEATS = 5
"""How often in a row the sampler may name what is no news, before a new one is drawn for it."""


class Proposals:
    """Gives candidates one by one, and is told how each did before the next.

    Args:
        candidates: All that there are.
        trials: Most that are given.
        seed: Of the sampler.
        cost: Weighed against accuracy.
    """

    def __init__(self, candidates: Sequence[Candidate], trials: int, seed: int, cost: Cost) -> None:
        self._candidates, self._trials = candidates, trials
        self._seed, self._cost = seed, cost
        self._told: dict[Candidate, SearchTrial] = {}

    def tell(self, candidate: Candidate, trial: SearchTrial) -> None:
        """Tell how a candidate did."""
        self._told[candidate] = trial

    def __iter__(self) -> Iterator[Candidate]:
        if len(self._candidates) <= self._trials:
            yield from self._candidates
        else:
            yield from self._sampled()

    def _sampled(self) -> Iterator[Candidate]:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(
            seed=self._seed,
            n_startup_trials=max(4, self._trials // 3),
        )
        study = optuna.create_study(directions=("maximize", "minimize"), sampler=sampler)
        choices = {
            name: sorted({getattr(each, name) for each in self._candidates})
            for name in ("network", "input_size", "kept", "sparsity", "quantization")
        }
        by_choice = {
            tuple(getattr(each, name) for name in choices): each for each in self._candidates
        }
        order = np.random.default_rng(self._seed).permutation(len(self._candidates))
        repeats = 0
        while len(self._told) < self._trials:
            if repeats == MOST_REPEATS:
                new = next(
                    each
                    for each in (self._candidates[number] for number in order)
                    if each not in self._told
                )
                study.enqueue_trial({name: getattr(new, name) for name in choices})
            asked = study.ask()
            choice = tuple(asked.suggest_categorical(name, of) for name, of in choices.items())
            candidate = by_choice.get(choice)
            if candidate is None or candidate in self._told:  # no variant is so, or it is no news
                study.tell(asked, state=optuna.trial.TrialState.FAIL)
                repeats += 1
                continue
            repeats = 0
            yield candidate
            trial = self._told[candidate]
            if trial.failure is not None or trial.measures is None:
                study.tell(asked, state=optuna.trial.TrialState.FAIL)
                continue
            asked.set_constraint("excess", sum(trial.exceeds.values()))
            study.tell(asked, (trial.accuracy, trial.cost(self._cost)))
