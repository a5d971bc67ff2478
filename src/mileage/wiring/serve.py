"""The server: one process with the web, the door, the ledger and the snapshots."""

from __future__ import annotations

import logging
import os
import resource
import socket
import sys
import threading
import time
from asyncio import gather
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import uvicorn

from mileage.domain.errors import Conflict, Invalid, MileageError
from mileage.domain.people import OPERATOR
from mileage.reports.awards import OwnAwards
from mileage.reports.oversight import Oversight
from mileage.store.control import FILE_NAME, open_control
from mileage.web.app import create_app
from mileage.web.http_connection import BoundedConnection, Crowd
from mileage.web.intake import Intake
from mileage.web.pages import read_templates
from mileage.web.services import Services
from mileage.wiring.dark import Dark
from mileage.wiring.groups import adoption_desk, group_desk, statement_desk
from mileage.wiring.ingest_door import IngestDoor
from mileage.wiring.operations import actions
from mileage.wiring.organisation import now, open_organisation
from mileage.wiring.outside import Checkpointing
from mileage.wiring.owner import listening
from mileage.wiring.policy import load_policy
from mileage.wiring.provisioning import Provisioning
from mileage.wiring.retaining import Daily
from mileage.wiring.single_sign_on import single_sign_on
from mileage.wiring.stopping import stopping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from starlette.applications import Starlette

    from mileage.web.grpc_door import GrpcDoor
    from mileage.web.services import Door
    from mileage.wiring.organisation import Organisation

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "localhost", "::1")
GRPC_PORT = 4317
"""The usual one of OTLP over gRPC."""
KEEP_ALIVE_SECONDS = 75
"""Longer than any usual interval of exporters: they would lose a race now and then."""
SPARE_FILES = 512
GRACE_SECONDS = 10
"""For what is being answered when the server stops."""
SECOND = 1_000_000
PAUSE = 2.0
"""Seconds after each template that is compiled beside requests, which it holds up."""
TURN_SECONDS = 0.001
"""How long a thread that runs Python keeps others waiting who want to.

A page gives up its turn at each question to a database, and waits for the next one
beside publishing: with Python's own five milliseconds twice as long altogether. What
waits less costs the other a twentieth.
"""
REST = 19
"""Times as long as it took to publish, nothing is: it takes a twentieth of the time."""


class Publisher:
    """Publishes a snapshot when what the last one was made of has moved on."""

    def __init__(self, organisation: Organisation) -> None:
        self._have = organisation
        self._stop = threading.Event()
        self._threads = tuple(
            threading.Thread(target=run, name=name, daemon=True)
            for name, run in (
                ("mileage-snapshots", self._run),
                ("mileage-templates", self._read_templates),
            )
        )

    def start(self) -> None:
        """Publish now and then on the cadence of the settings."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the one being made, and make no more."""
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _read_templates(self) -> None:
        read_templates(lambda: self._stop.wait(PAUSE))

    def _run(self) -> None:
        while True:
            began = time.monotonic()
            try:
                self._publish_if_moved()
            except (MileageError, OSError) as error:
                log.warning("no snapshot was published: %s", error)
            took = time.monotonic() - began
            self._refresh()
            cadence = self._have.policy.settings.snapshot_seconds
            if self._stop.wait(max(cadence, took * REST)):
                return

    def _refresh(self) -> None:
        try:
            self._have.refresh()
        except (MileageError, OSError) as error:
            log.warning("what is heard was not looked over: %s", error)

    def _publish_if_moved(self) -> None:
        if self._have.moved():
            self._have.publish()
        self._have.answers.warm()


@contextmanager
def serving(
    data: Path, host: str, port: int, grpc_port: int | None = 0
) -> Iterator[Server]:
    """Own a data directory and be ready to serve it; ``Server.run`` then blocks.

    ``grpc_port`` 0 means no gRPC; None the usual port, if nobody else has it.
    """
    if host not in LOOPBACK:
        _require_sign_in(host, data)
    if grpc_port:
        _bind(host, grpc_port, "--grpc-port").close()
    listener = _bind(host, port, "--port")
    with (
        listener,
        _writing_for_itself(),
        taking_turns(),
        stopping() as signals,
        open_organisation(data, catch_up=False) as organisation,
        listening(data, actions(organisation)),
    ):
        signals.begin(organisation.pipeline.hurry)
        yield Server(organisation, listener, host, _usual(host, grpc_port))


@contextmanager
def _writing_for_itself() -> Iterator[None]:
    """Let what databases write beside their files be as private as those."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def taking_turns() -> Iterator[None]:
    """Let threads of this process take turns as pages need it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _require_sign_in(host: str, data: Path) -> None:
    """Raise Invalid before anybody is served whom nobody could tell apart."""
    sign_in = load_policy(data).sign_in
    if sign_in.address and (sign_in.provider or _has_passwords(data)):
        return
    raise Invalid(
        f"{host} is not this machine, and nobody could sign in from others: set "
        "address and [oidc] in policy/sign_in.toml (or make a local administrator: "
        "'mileage admin set-password'); until then Mileage listens on loopback only"
    )


def _has_passwords(data: Path) -> bool:
    if not (data / FILE_NAME).exists():
        return False
    with open_control(data / FILE_NAME, clock=now) as control:
        return control.has_passwords()


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
        sign_in = organisation.policy.sign_in
        self.url = sign_in.address or f"http://{shown}:{self._port}"
        self._single_sign_on = single_sign_on(
            sign_in, organisation.control, organisation.data
        )
        self._grpc_port = grpc_port
        self.grpc = f"{shown}:{grpc_port}" if grpc_port else ""

    def sign_in_link(self) -> str:
        """Make a link that signs the operator in, once."""
        secret = self.organisation.control.create_link(OPERATOR)
        return f"{self.url}/sign-in?link={secret}"

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until interrupted; ``ready`` is called when requests are answered."""
        door = IngestDoor(self.organisation)
        intake = Intake(door, self.organisation.policy.settings)
        self.organisation.receiver.meters.door.opened(intake.room_bytes)
        app = create_app(self._services(door), intake=intake)
        limits = intake.limits
        _allow_files(2 * limits.max_connections + SPARE_FILES)
        config = _config(app, Crowd(limits.max_connections, limits.patience_seconds))
        publisher = Publisher(self.organisation)

        def answering() -> None:
            ready()
            # What can wait must not make anybody wait for the first answer.
            self.organisation.pipeline.catch_up()
            publisher.start()

        try:
            server = _Announcing(config, answering, self._grpc(door, intake))
            have = self.organisation
            signing = Checkpointing(have.control, have.data, have.policy.audit)
            with Daily(have), signing:
                server.run(sockets=[self._listener])
        finally:
            publisher.stop()
            door.close()

    def _services(self, door: Door) -> Services:
        names = ("127.0.0.1", "localhost", "[::1]")
        return Services(
            reports=self.organisation.answers,
            sign_in=self.organisation.control,
            door=door,
            receiver=self.organisation.receiver,
            claims=self.organisation.claims,
            dark=Dark(
                self.organisation.control,
                self.organisation.data,
                self.organisation.answers.gate,
            ),
            rights=self.organisation.rights,
            page_rate=self.organisation.policy.settings.pages_a_minute,
            zone=self.organisation.policy.settings.zone,
            departments=self.organisation.departments,
            taking_part=self.organisation.answers.participation,
            awards=OwnAwards(
                self.organisation.control, self.organisation.policy.titles
            ),
            groups=group_desk(self.organisation),
            adoption=adoption_desk(self.organisation),
            statements=statement_desk(self.organisation),
            oversight=Oversight(
                self.organisation.answers.gate,
                self.organisation.control,
                self.organisation.policy.audit.brakes,
            ),
            single_sign_on=self._single_sign_on,
            provisioning=Provisioning(
                self.organisation.control, self.organisation.policy.settings.zone
            ),
            address=self.organisation.policy.sign_in.address,
            allowed_hosts=tuple(f"{name}:{self._port}" for name in names),
        )

    def _grpc(self, door: Door, intake: Intake) -> GrpcDoor | None:
        if not self._grpc_port:
            return None
        # Whatever its log says, it may quote: what a client sent is nobody's business.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        logging.getLogger("grpc").setLevel(logging.CRITICAL + 1)
        from mileage.web.grpc_door import GrpcDoor

        host = self._listener.getsockname()[0]
        meter = self.organisation.receiver.meters.door
        return GrpcDoor(door, intake, meter, host, self._grpc_port)


def _config(app: Starlette, crowd: Crowd) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=cast("Any", partial(BoundedConnection, crowd)),
        # What it warns of is what clients do, and they would fill the log.
        log_level="error",
        access_log=False,
        server_header=False,
        # The settings say how people come; a header could come from anybody.
        proxy_headers=False,
        # There is none, and a hurried stop would complain of cutting it short.
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _allow_files(most: int) -> None:
    """Let this process have as many files and connections open, if it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < most and soft != resource.RLIM_INFINITY:
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


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

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; told again, do not wait for answers that are on their way."""
        self.force_exit = self.should_exit
        super().handle_exit(sig, frame)

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
