"""Engines that run `.tflite` files, each in a process of its own.

- `browser`: LiteRT.js in headless Chromium, by the npm package @litertjs/core.
- `emulation`: machines of another architecture, emulated by QEMU in user mode: what they need,
  setting it up.
- `encoding`: from uint8 pixels to a model's input, and from its output to scores.
- `engines`: the engines by name; which there are is in `catalogue.engines`.
- `inference`: one image through a loaded model: raw values, scores that are checked, heat maps.
- `interpreter`: a session over the interpreter class that LiteRT and tflite-runtime have in
  common.
- `maps`: class activation maps of a file over cache rows, by its second signature.
- `messages`: what the scoring process is told and what it answers, one JSON line per event.
- `npm`: runtimes that npm brings: fetched into a cache folder, pinned by version and hash.
- `protocol`: what an engine that runs `.tflite` files must offer.
- `scoring`: scoring a file over cache rows, from the side that must survive whatever the runtime
  does.
- `session`: a model that an engine has loaded, and its ends.
- `worker`: the process in which a model is scored: `python -m edgetag.runtimes.worker JOB.json`.
"""

from typing import TYPE_CHECKING, Any

from edgetag.runtimes import engines
from edgetag.runtimes.protocol import Engine, Loader, ModelLoadError

if TYPE_CHECKING:
    from edgetag.runtimes.scoring import (
        FailureKind,
        LoadFailure,
        ScoreRun,
        score,
    )

__all__ = [
    "Engine",
    "FailureKind",
    "LoadFailure",
    "Loader",
    "ModelLoadError",
    "ScoreRun",
    "engines",
    "score",
]


if not TYPE_CHECKING:  # else any name would pass for one that is there

    def __getattr__(name: str) -> Any:
        """Import what scores files when it is first used: naming an engine needs no numpy."""
        if name in __all__:
            from edgetag.runtimes import scoring

            return getattr(scoring, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
