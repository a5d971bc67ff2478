"""What machines watch: is it alive, is it ready, and its figures for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mileage import __version__
from mileage.access.policy import REASONS
from mileage.domain.errors import Refused
from mileage.domain.load import state, strains
from mileage.web.asking import services, viewer
from mileage.web.metrics import ReceiverFigures

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from mileage.web.services import Receiver

HEALTH, READY = "/healthz", "/readyz"


def routes(receiver: Receiver) -> list[BaseRoute]:
    """List the addresses for machines; a registry of our own, no global one."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ReceiverFigures(receiver))
    ProcessCollector(namespace="", registry=registry)

    def metrics(request: Request) -> Response:
        """Answer Prometheus, or whoever else may read the machine's figures."""
        if "metrics" not in services(request).reports.opens(viewer(request)):
            raise Refused(REASONS["metrics"])
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    def ready(_request: Request) -> Response:
        """Say whether usage is taken in; 503 only while what comes in is refused.

        Strangers learn a word and the version, nothing about what is the matter.
        """
        found = state(strains(receiver.load()))
        status = 503 if found == "refusing" else 200
        return JSONResponse({"status": found, "version": __version__}, status)

    return [
        Route(HEALTH, healthz, methods=["GET"], name="healthz"),
        Route(READY, ready, methods=["GET"], name="readyz"),
        Route("/metrics", metrics, methods=["GET"], name="metrics"),
    ]


def healthz(_request: Request) -> Response:
    """Say that requests are answered; tells strangers nothing but the version."""
    return JSONResponse({"status": "ok", "version": __version__})
