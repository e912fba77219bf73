"""Exported files on targets: whether they do there what they do here, and what they cost there.

A target is any machine or runtime beside the one we run on: emulated ARM, WebAssembly.

- `stage`: the stage of targets: every exported file on the targets that the recipe names.
- `result`: what checking and counting on other machines leaves. There is no time in it.
- `tables`: tables of what other machines showed: scores beside those here, instructions,
  machines.
- `agreement`: whether a file's scores on a target are those of the same engine here.
- `checking`: scores of every file on targets, against scores of the same runtime here.
- `counting`: instructions of one inference on an emulated machine: the same in every run, and no
  time.
- `listing`: the targets that `--on` can name: whether they are set up, and setting one up.
- `matrix`: every exported file on every runtime: what loads, what agrees, and from which version
  on.
- `naming`: `--on NAME`: every target that files can be run on, by name.
- `asked`: which engines on which processors a verb asks, and what records of files there begin
  with.
- `scoring`: the one way to score a file on a target, and what all files are scored on.
- `store`: `targets/targets.json`: adding to it, and leaving out what is about files of the past.
"""
