"""What Prometheus is told."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Requests by route and status, their seconds, seats taken, shots by model, and the process.

    A registry of its own, so that two services in one process do not share numbers. Labels come
    from the service, never from a request: their number is bounded.
    """

    def __init__(self, taken: Callable[[], int]) -> None:
        mine = self._registry = CollectorRegistry()
        self._requests = Counter(
            "qdiff_requests", "Requests by route and status.", ("route", "status"), registry=mine
        )
        self._seconds = Histogram(
            "qdiff_request_seconds",
            "Seconds from a request to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=mine,
        )
        self._shots = Counter("qdiff_shots", "Shots drawn, by model.", ("model",), registry=mine)
        seats = Gauge("qdiff_seats_taken", "Requests worked on or waiting.", registry=mine)
        seats.set_function(taken)
        ProcessCollector(registry=mine)

    def note(self, route: str, status: int, seconds: float) -> None:
        """A request that has ended; status 0 where nothing could be answered."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def drawn(self, model: str, shots: int) -> None:
        """Shots that were drawn."""
        self._shots.labels(model).inc(shots)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
