"""Every file against the float reference, tag by tag: metrics, statistics, margins, verdict.

- `stage`: reference scores, variants' scores on each runtime, comparison, verdict.
- `result`: what validation decided, tag by tag and as a whole.
- `tables`: tables of a verdict: every file on every runtime and split, then tag by tag.
- `accepted`: reads and makes `baseline.json`, the accepted state of a model.
- `accepted_state`: what `baseline.json` holds: the accepted numbers, where they come from, and
  every reason.
- `baseline`: telling what has changed since a state of a model was accepted.
- `baseline_result`: what validation says of its numbers against the accepted ones.
- `baseline_tables`: tables of the accepted state, and of what moved since.
- `comparison`: what a variant's scores lose against the reference's, tag by tag and over all.
- `decision`: from numbers to decisions: budgets of the recipe against what was measured.
- `desktop_reference`: makes a file of reference scores by an engine of the user's choice.
- `desktop_reference_result`: what `edgetag reference` says of the scores that it made.
- `details`: what a report draws beside the verdict: curves and changed decisions.
- `forecast`: what validation will be able to say, from the number of pictures alone: before any
  training.
- `heat_map_result`: how far a variant's heat maps are from the float model's.
- `heat_map_tables`: tables of heat maps: how far a file's are from the float model's, over all
  and by tag.
- `heat_maps`: a variant's heat maps against the float model's: how far apart, and whether they
  peak alike.
- `held`: the accepted state that a validation is held against: what is cheap to refuse comes
  first.
- `inputs`: what validation starts from: files to judge, thresholds, the float file's size.
- `judged`: what a file decided picture by picture, as a validated run folder keeps it.
- `metrics`: scores of the reference and of variants over one split, and what is computed from
  them once.
- `obtaining`: finds the reference: one from elsewhere, the one that is kept, or one computed now.
- `operating`: how one tag's scores serve an app: at a stated rate of false alarms, at a stated
  prevalence.
- `pictures`: whether pictures and labels here are those that the reference was made from.
- `pictures_result`: what validation says of pictures and labels against those that the reference
  was made from.
- `plan_result`: what `edgetag validate plan` prints.
- `plan_tables`: tables of what is asked of validation beside its verdict: how many images, and
  how fast.
- `planning`: how many images it takes to show that nothing was lost: before labelling, not after.
- `proportions`: intervals of shares and of their paired differences.
- `rate`: how fast validation scores images, beside the interpreter alone.
- `refit`: thresholds for one variant, fitted on the validation split.
- `scores`: files of scores: the reference's, which may come from another machine, and the
  variants'.
- `starting_recipe`: what a new recipe says of its data, the margins above all: the smallest that
  can be decided.
- `statistics`: the paired bootstrap: how far a difference could be chance, over images or groups
  of them.
- `throughput`: whether scoring costs much beside the model itself, both timed on the same cores.
- `unbreakable`: margins that no loss can break, and margins that no file can keep.
"""
