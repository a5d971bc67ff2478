"""The server: one process with the web, the door, the ledger and the snapshots."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from asyncio import gather, wrap_future
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from anyio import to_thread

from mileage.domain.errors import Conflict, Invalid, MileageError, Unavailable
from mileage.domain.people import OPERATOR
from mileage.ingest.pipeline import refusal
from mileage.ingest.record import Record
from mileage.reports.shape import ingest_status_json
from mileage.reports.status import ingest_status
from mileage.sources.installed import otlp_sources
from mileage.web.app import create_app
from mileage.web.services import Services
from mileage.wiring.operations import actions
from mileage.wiring.organisation import now, open_organisation
from mileage.wiring.owner import listening
from mileage.wiring.pushes import Pushes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mileage.domain.people import Credential
    from mileage.domain.witness import Reading
    from mileage.ingest.push_format import Push, Receipt
    from mileage.web.grpc_door import GrpcDoor
    from mileage.web.services import Door
    from mileage.wiring.organisation import Organisation

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "localhost", "::1")
GRPC_PORT = 4317
"""The usual one of OTLP over gRPC."""
GRACE_SECONDS = 10
"""For what is being answered when the server stops."""
SECOND = 1_000_000


class IngestDoor:
    """Implements ``web.services.Door`` over the pipeline."""

    def __init__(self, organisation: Organisation) -> None:
        self._have = organisation
        self.sources = otlp_sources()
        self._pushes = Pushes(organisation)

    def credential(self, bearer: str) -> Credential:
        """Return what a token stands for; raises Unauthorised."""
        return self._have.control.credential(bearer)

    async def accept(
        self, credential: Credential, reading: Reading, origin: str
    ) -> None:
        """Return once the reading is on disk."""
        record = Record(credential, origin, reading, received=now())
        durable = await to_thread.run_sync(self._have.pipeline.submit, record)
        await wrap_future(durable)

    async def take_push(self, credential: Credential, push: Push | None) -> Receipt:
        """Return once a machine's rows are on disk."""
        return await self._pushes.take(credential, push)

    def refuse(self, credential: Credential, source: str, reason: str) -> None:
        """Keep count of a body that was answered 4xx."""
        reading = refusal(source, "request body", reason)
        try:
            self._have.pipeline.submit(Record(credential, source, reading))
        except Unavailable:
            log.warning("a refused body could not be counted: %s", reason)

    def counters(self) -> dict[str, float]:
        """Return the figures of ``/metrics``."""
        status = ingest_status(self._have.ledger, self._have.pipeline.backlog())
        return {k: float(v) for k, v in ingest_status_json(status).items()}


class Publisher:
    """Publishes a snapshot when the ledger or the hour has moved on."""

    def __init__(self, organisation: Organisation) -> None:
        self._have = organisation
        self._stop = threading.Event()
        self._last: tuple[int, int] | None = None
        self._thread = threading.Thread(
            target=self._run, name="mileage-snapshots", daemon=True
        )

    def start(self) -> None:
        """Publish now and then on the cadence of the settings."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the one being made, and make no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._publish_if_moved()
            except (MileageError, OSError) as error:
                log.warning("no snapshot was published: %s", error)
            if self._stop.wait(self._have.policy.settings.snapshot_seconds):
                return

    def _publish_if_moved(self) -> None:
        moved = self._have.state()
        if moved != self._last:
            self._have.publish()
            self._last = moved


@contextmanager
def serving(
    data: Path, host: str, port: int, grpc_port: int | None = 0
) -> Iterator[Server]:
    """Own a data directory and be ready to serve it; ``Server.run`` then blocks.

    ``grpc_port`` 0 means no gRPC; None the usual port, if nobody else has it.
    """
    if host not in LOOPBACK:
        message = (
            f"{host} is not this machine. Until sign-in with the company's accounts "
            "exists, Mileage listens on loopback only: use --host 127.0.0.1, and a "
            "reverse proxy or SSH tunnel of your own."
        )
        raise Invalid(message)
    if grpc_port:
        _bind(host, grpc_port, "--grpc-port").close()
    listener = _bind(host, port, "--port")
    with (
        listener,
        open_organisation(data) as organisation,
        listening(data, actions(organisation)),
    ):
        yield Server(organisation, listener, host, _usual(host, grpc_port))


def _usual(host: str, port: int | None) -> int:
    """Settle on a port for gRPC: nobody who did not ask for it fails for want of it."""
    if port is not None:
        return port
    try:
        _bind(host, GRPC_PORT, "--grpc-port").close()
    except Conflict as taken:
        log.warning("OTLP over gRPC is off: %s", taken)
        return 0
    return GRPC_PORT


def _bind(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        message = (
            f"port {port} on {host} cannot be used ({error.strerror}). "
            f"Stop what listens there, or choose another with {option}."
        )
        raise Conflict(message) from None
    return listener


class Server:
    """A server that owns its data directory and its port."""

    def __init__(
        self,
        organisation: Organisation,
        listener: socket.socket,
        host: str,
        grpc_port: int = 0,
    ) -> None:
        self.organisation = organisation
        self._listener = listener
        self._port = listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._port}"
        self._grpc_port = grpc_port
        self.grpc = f"{shown}:{grpc_port}" if grpc_port else ""

    def sign_in_link(self) -> str:
        """Make a link that signs the operator in, once."""
        secret = self.organisation.control.create_link(OPERATOR)
        return f"{self.url}/sign-in?link={secret}"

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until interrupted; ``ready`` is called when requests are answered."""
        names = ("127.0.0.1", "localhost", "[::1]")
        services = Services(
            reports=self.organisation.answers,
            sign_in=self.organisation.control,
            door=IngestDoor(self.organisation),
            allowed_hosts=tuple(f"{name}:{self._port}" for name in names),
        )
        app = create_app(services, self.organisation.policy.settings)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        publisher = Publisher(self.organisation)
        publisher.start()
        try:
            with _outlived_signals():
                server = _Announcing(config, ready, self._grpc(services.door, intake))
                server.run(sockets=[self._listener])
        finally:
            publisher.stop()

    def _grpc(self, door: Door, intake: Intake) -> GrpcDoor | None:
        if not self._grpc_port:
            return None
        # Whatever its log says, it may quote: what a client sent is nobody's business.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        logging.getLogger("grpc").setLevel(logging.CRITICAL + 1)
        from mileage.web.grpc_door import GrpcDoor

        host = self._listener.getsockname()[0]
        return GrpcDoor(door, intake, host, self._grpc_port)


@contextmanager
def _outlived_signals() -> Iterator[None]:
    """Let the process live on after the server has stopped for a signal.

    uvicorn repeats the signal when it is done, which would end the process before
    the ledger has taken in what was acknowledged.
    """
    stops = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: None) for number in stops]
    try:
        yield
    finally:
        for number, handler in zip(stops, before, strict=True):
            signal.signal(number, handler)


class _Announcing(uvicorn.Server):
    """Says when it is ready; has gRPC beside it, in the same loop."""

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[], None],
        grpc: GrpcDoor | None = None,
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._grpc = grpc

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, then say so."""
        if self._grpc:
            await self._grpc.start()
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go of both ports, and finish what is being answered."""
        if self._grpc:
            await gather(super().shutdown(sockets), self._grpc.stop(GRACE_SECONDS))
        else:
            await super().shutdown(sockets)
