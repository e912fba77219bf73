"""Image sets that arrive through package registries: the demo set and the benchmark set."""

from edgetag.dataset.sources.bench import fetch_bench
from edgetag.dataset.sources.demo import build_demo
from edgetag.dataset.sources.sets import SetSummary

__all__ = ["SetSummary", "build_demo", "fetch_bench"]
