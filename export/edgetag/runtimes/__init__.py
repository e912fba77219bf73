"""Engines that run `.tflite` files, each in a process of its own."""

from edgetag.runtimes import engines
from edgetag.runtimes.protocol import Engine, Loader, ModelLoadError, Session, Tensor
from edgetag.runtimes.scoring import (
    BareRun,
    FailureKind,
    LoadFailure,
    ScoreRun,
    score,
    time_bare,
)

__all__ = [
    "BareRun",
    "Engine",
    "FailureKind",
    "LoadFailure",
    "Loader",
    "ModelLoadError",
    "ScoreRun",
    "Session",
    "Tensor",
    "engines",
    "score",
    "time_bare",
]
