"""Exported files on targets: whether they do there what they do here, and what they cost there.

A target is any machine or runtime beside the one we run on: emulated ARM, WebAssembly. `naming`
says what `--on` means and `spots` which engines on which processors that is; `listing` which are
set up. `checking` compares scores with those here, `counting` counts instructions, and `matrix`
shows every file on every runtime. `store` keeps what was found in `result.TargetsResult`.
"""
