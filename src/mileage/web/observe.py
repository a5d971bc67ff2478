"""What machines watch: is it alive, and the figures of the door for Prometheus."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mileage import __version__
from mileage.domain.errors import Refused
from mileage.web.asking import viewer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from mileage.web.services import Door

PREFIX = "mileage_"
NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]+")

# Only grow, and keep what they counted over restarts: the ledger remembers.
COUNTED = {
    "accepted": "Witnesses taken in since the data directory began.",
    "durable": "Witnesses that are on disk.",
    "visible": "Witnesses that the ledger holds.",
    "rejected": "Records that should be usage and could not be read.",
    "ignored": "Records that are no usage.",
    "duplicates": "Witnesses that the ledger held already.",
}
MEASURED = {"lag_seconds": "Age of the oldest witness that is not yet visible."}


class DoorFigures(Collector):
    """Read the door's figures at the moment of asking; keep none of them."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def describe(self) -> list[Metric]:
        """Declare nothing: the names are known when the door is asked."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield one family a figure; what is not known to grow is a gauge."""
        version = {"version": __version__}
        yield InfoMetricFamily(PREFIX + "build", "Version that runs.", version)
        for figure, value in sorted(self.door.counters().items()):
            name = PREFIX + NOT_IN_NAMES.sub("_", figure)
            counted = COUNTED.get(figure)
            if counted:
                yield CounterMetricFamily(name, counted, value)
            else:
                about = MEASURED.get(figure, f"Telemetry door: {figure}.")
                yield GaugeMetricFamily(name, about, value)


def routes(door: Door) -> list[BaseRoute]:
    """List the addresses for machines; a registry of our own, no global one."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DoorFigures(door))
    ProcessCollector(namespace="", registry=registry)

    def metrics(request: Request) -> Response:
        """Answer Prometheus; figures of everybody, so only for the operator."""
        if not viewer(request).operator:
            raise Refused(
                "Only the operator reads metrics. Give the scraper a key made with "
                "`mileage key create --scope operator`."
            )
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/healthz", healthz, methods=["GET"], name="healthz"),
        Route("/metrics", metrics, methods=["GET"], name="metrics"),
    ]


def healthz(_request: Request) -> Response:
    """Say that requests are answered; tells strangers nothing but the version."""
    return JSONResponse({"status": "ok", "version": __version__})
