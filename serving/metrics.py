"""What Prometheus can ask: requests, errors, latency, what is in flight, and which model answers."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from serving.manifest import Manifest
from serving.settings import Settings

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


class Metrics:
    """The server's own registry; label values come from fixed sets, so that no client can add series."""

    def __init__(self, manifest: Manifest, settings: Settings) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the page, unasked for
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "serving_requests", "Requests answered.", ["route", "status"], registry=self.registry
        )
        self.errors = Counter(
            "serving_errors",
            "Requests that failed through a fault on this side.",
            ["kind"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "serving_request_duration_seconds",
            "From the first byte of the head to the last of the answer.",
            ["route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "serving_requests_in_flight", "Requests to /predict not answered yet.", registry=self.registry
        )
        self.answers = Counter(
            "serving_answers", "Answers given; a list of requests gets one each.", registry=self.registry
        )
        model = Gauge(
            "serving_model_info",
            "Always 1; the labels say what answers here.",
            ["name", "sha256", "release", "image"],
            registry=self.registry,
        )
        model.labels(manifest.name, manifest.sha256, settings.release or "", settings.image or "").set(1)
        for kind in ("predictor", "answer", "overload", "crash"):
            self.errors.labels(kind)  # present from the start: a counter that appears at 1 has no rate

    def page(self) -> bytes:
        """Return the metrics page, in Prometheus's text format."""
        return generate_latest(self.registry)
