"""Sending checkpoints where whoever runs Mileage cannot change them afterwards."""

from __future__ import annotations

import http.client
import logging
import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mileage.access.outbound import may_call
from mileage.domain.errors import MileageError, Refused, Unavailable
from mileage.wiring.access_ledger import AccessLedger

if TYPE_CHECKING:
    from mileage.domain.audit_policy import AuditPolicy
    from mileage.store.control import Control

log = logging.getLogger(__name__)

SECONDS = 20
"""For a webhook or a mail server to answer."""
ACCEPTED = range(200, 300)
# The latter two: a port or name that no address can have.
FAILURES = (
    *(OSError, MileageError, http.client.HTTPException),
    *(ValueError, OverflowError),
)


def send(policy: AuditPolicy, log_name: str, note: str) -> None:
    """Bring a checkpoint everywhere the policy says; raises what the last one did."""
    name = f"{log_name}-{int(note.splitlines()[1]):012d}.checkpoint"
    failures: list[Exception] = []
    for going in (_keep, _post, _mail):
        try:
            going(policy, name, note)
        except FAILURES as error:
            failures.append(error)
    if failures:
        raise Unavailable(f"{name} was not sent everywhere: {failures[-1]}")


def _keep(policy: AuditPolicy, name: str, note: str) -> None:
    if policy.folder:
        with suppress(FileExistsError), (Path(policy.folder) / name).open("x") as file:
            file.write(note)


def _mail(policy: AuditPolicy, name: str, note: str) -> None:
    if not policy.mail_to:
        return
    message = EmailMessage()
    message["Subject"] = f"Checkpoint {name}"
    message["From"], message["To"] = policy.mail_from, ", ".join(policy.mail_to)
    message.set_content(note)
    host, _, port = policy.mail_server.rpartition(":")
    with smtplib.SMTP(host, int(port), timeout=SECONDS) as server:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        server.send_message(message)


def _post(policy: AuditPolicy, name: str, note: str) -> None:
    if not policy.webhook:
        return
    address = urlsplit(policy.webhook)
    secure = address.scheme == "https"
    host, port = address.hostname or "", address.port or (443 if secure else 80)
    connection = _Pinned(host, port, _resolved(host, port, policy), secure=secure)
    try:
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        headers = {"Content-Type": "text/plain; charset=utf-8", "X-Checkpoint": name}
        connection.request("POST", path, note.encode(), headers)
        # A redirect is an answer like any other: nobody is called whom nobody checked.
        status = connection.getresponse().status
    finally:
        connection.close()
    if status not in ACCEPTED:
        raise Unavailable(f"the webhook answered {status}")


def _resolved(host: str, port: int, policy: AuditPolicy) -> str:
    """Return the address to call; all that the name resolves to must be allowed."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not all(may_call(one, policy.webhook_networks) for one in addresses):
        raise Refused(
            f"{host} lies in a network that is not public: name it in "
            "checkpoint.webhook_networks of audit.toml if it is meant"
        )
    return addresses[0]


class _Pinned(http.client.HTTPConnection):
    """Calls the address that was checked, not what the name says a moment later."""

    def __init__(self, host: str, port: int, address: str, *, secure: bool) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self._address, self._secure = address, secure

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), SECONDS)
        self.sock = plain
        if self._secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(plain, server_hostname=self.host)


class Checkpointing:
    """Signs and sends while the server runs, the first time soon after its start."""

    def __init__(self, control: Control, data: Path, policy: AuditPolicy) -> None:
        self._control, self._data, self._policy = control, data, policy
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="mileage-checkpoints", daemon=True
        )

    def __enter__(self) -> None:
        """Begin."""
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Sign what came last, if anything did."""
        self._stop.set()
        self._thread.join()
        self.once()

    def once(self) -> None:
        """Sign and send what came since the last time; failures go to the log."""
        try:
            made = AccessLedger(self._control, self._data).checkpoint()
        except (MileageError, OSError) as error:
            log.warning("no checkpoint was made: %s", error)
            return
        for name, note in made.items():
            try:
                send(self._policy, name, note)
            except MileageError as error:
                log.warning("%s", error)

    def _run(self) -> None:
        while not self._stop.wait(self._policy.every_minutes * 60):
            self.once()
