"""From the times of one file to the figure that is shown and judged."""

from edgetag.benchmarking.latency import percentiles, ratio, spread
from edgetag.benchmarking.measure import Plan, Times
from edgetag.benchmarking.result import Measurement, is_stable
from edgetag.conversion.result import ExportedVariant
from edgetag.runtimes import engines


def figure(
    file: ExportedVariant,
    plan: Plan,
    times: Times,
    base: Times | str,
    device: str,
    max_spread: float,
) -> Measurement:
    """Return a figure with its intervals, and whether it is stable.

    `base` are the times of fp32 in the same rounds, or the reason why there are none. Above
    `max_spread` of `(p90 - p10) / p50` it is unstable.
    """
    times_spread = spread(times.latencies_ms)
    return Measurement(
        variant=file.variant,
        runtime=plan.runtime,
        runtime_version=engines.get(plan.runtime).version(),
        device=device,
        threads=plan.threads,
        accelerator=engines.acceleration(plan.runtime),
        runs=len(times.latencies_ms),
        sha256=file.sha256,
        warmup_runs=times.warmup_runs,
        warm=times.warm,
        spread=times_spread,
        stable=is_stable(times.warm, times_spread, max_spread),
        ratio=ratio(times.latencies_ms, base.latencies_ms) if isinstance(base, Times) else None,
        latency_ms=percentiles(times.latencies_ms),
        load_ms=times.load_ms,
        peak_memory_bytes=times.peak_memory_bytes,
        size_bytes=file.size_bytes,
        gzip_bytes=file.gzip_bytes,
    )
