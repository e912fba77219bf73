"""What a server counts, as Prometheus reads it."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """All that is counted.

    Attributes:
        requests: By route and status.
        seconds: From a request's head to the end of its answer, by route.
        degraded: Crops that were given from the middle, by reason.
        refused: Requests that were given up, by reason.
        cache: Questions to the cache, by where the answer was: memory, redis, or nowhere.
        cache_errors: Times that Redis did not answer.
        joined: Requests that waited for an answer that was being computed for another.
        looks: Times that the model ran.
        workers_ended: Workers that ended unasked.
        reloads: New bundles, by whether they were opened.
    """

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()

        def counter(name: str, words: str, *labels: str) -> Counter:
            return Counter(f"edgetag_{name}", words, labels, registry=self.registry)

        self.requests = counter("requests", "Requests", "route", "status")
        self.seconds = Histogram(
            "edgetag_request_seconds",
            "From the head to the end of the answer",
            ["route"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.degraded = counter("degraded", "Crops from the middle", "reason")
        self.refused = counter("refused", "Requests given up", "reason")
        self.cache = counter("cache", "Questions to the cache", "place")
        self.cache_errors = counter("cache_errors", "Redis did not answer")
        self.joined = counter("joined", "Requests that waited for another's answer")
        self.looks = counter("looks", "Times that the model ran")
        self.workers_ended = counter("workers_ended", "Workers that ended unasked")
        self.reloads = counter("reloads", "New bundles", "outcome")
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def watch(self, name: str, words: str, value: Callable[[], float]) -> None:
        """Show a value that is asked for when metrics are."""
        Gauge(f"edgetag_{name}", words, registry=self.registry).set_function(value)

    def text(self) -> bytes:
        """Return all of it."""
        return generate_latest(self.registry)
