"""A real `mileage serve` on a data directory of its own, and commands beside it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.people import OPERATOR
from mileage.store.control import FILE_NAME, open_control
from tests.road.forked import Forked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

MILEAGE = [sys.executable, "-m", "mileage"]
"""Starts a command anew; ``mileage`` and ``Station.start`` save the imports."""
PATIENCE = 180.0
"""Seconds that a busy machine may need for anything; idle it is a fraction."""
PROTOBUF, JSON = "application/x-protobuf", "application/json"
ALL_TIME = "from=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z"
CLASSES = (
    "input",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "output",
    "reasoning",
    "tool_input",
)

# The machine that runs the tests has settings of its own.
ENVIRON = {
    name: value
    for name, value in os.environ.items()
    if name not in ("PYTHONDONTWRITEBYTECODE", "MILEAGE_DATA")
    and not name.startswith(("CLAUDE_", "CODEX_", "XDG_", "COV_"))
}


class Answer(NamedTuple):
    """What the server said."""

    status: int
    body: bytes
    headers: Any = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def until(true: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait for a condition; there is no sleeping without one."""
    end, pause = time.monotonic() + seconds, 0.02
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(pause)
        # Whoever is asked all the time comes to nothing else.
        pause = min(0.2, pause * 1.2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def mileage(
    *words: object, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, whatever its exit code."""
    env = {**ENVIRON, **(environ or {})}
    if environ and "PYTHONPATH" in environ:
        return started_anew(words, env)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = Forked(list(map(str, words)), env, out, err)
        try:
            code = process.wait(PATIENCE)
        finally:
            process.kill()
        said = [stream.seek(0) or stream.read().decode() for stream in (out, err)]
    return subprocess.CompletedProcess(words, code, *said)


def started_anew(
    words: Iterable[object], env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command in a Python that has imported nothing."""
    return subprocess.run(
        [*MILEAGE, *map(str, words)],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=env,
        stdin=subprocess.DEVNULL,
    )


@dataclass
class Station:
    """One data directory and the server that owns it, when it runs."""

    folder: Path
    port: int = field(default_factory=free_port)
    server: Forked | None = None
    grpc_port: int = 0

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def said(self) -> str:
        """What all servers on this directory printed, both streams."""
        files = (self.folder / "out.log", self.folder / "err.log")
        return "".join(file.read_text() for file in files if file.exists())

    def start(self) -> Station:
        """Start the server and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        out, err = self.folder / "out.log", self.folder / "err.log"
        with out.open("ab") as stdout, err.open("ab") as stderr:
            self.server = Forked(self.words(), ENVIRON, stdout, stderr)
        until(self._answers, "the server's first answer")
        return self

    def words(self) -> list[str]:
        """Return what starts it; tests share a machine, so each names its ports."""
        ports = ["--port", str(self.port), "--grpc-port", str(self.grpc_port)]
        return ["serve", "--data", str(self.data), *ports]

    def _answers(self) -> bool:
        assert self.server is not None
        assert self.server.poll() is None, self.said
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    @property
    def pid(self) -> int:
        assert self.server is not None
        return self.server.pid

    def stop(self) -> int:
        """Ask the server to end, as Ctrl+C does, and return its exit code."""
        assert self.server is not None
        self.server.terminate()
        code = self.server.wait(PATIENCE)
        self.server = None
        return code

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self.server is not None
        self.server.kill()
        self.server.wait(PATIENCE)
        self.server = None

    # Credentials, made in this process: starting a command for each takes too long.

    def token(self, email: str = "", collector: str = "") -> str:
        with open_control(self.data / FILE_NAME, clock=_clock) as control:
            account = control.ensure_account(email) if email else ""
            return str(
                control.create_token(account_id=account, collector=collector).secret
            )

    def key(self, email: str = "alice@example.com", scope: Any = "read") -> str:
        with open_control(self.data / FILE_NAME, clock=_clock) as control:
            return str(control.create_key(control.ensure_account(email), scope).secret)

    def session(self) -> str:
        """Sign in as the operator does; returns the cookies."""
        with open_control(self.data / FILE_NAME, clock=_clock) as control:
            link = control.create_link(OPERATOR)
        answer = self.get(f"/sign-in?link={link}")
        cookies = answer.headers.get_all("set-cookie") or []
        return "; ".join(one.partition(";")[0] for one in cookies)

    # Requests.

    def ask(
        self, method: str, path: str, body: Any = None, /, **headers: str
    ) -> Answer:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=PATIENCE
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(), answer.headers)
        finally:
            connection.close()

    def get(self, path: str, key: str = "") -> Answer:
        return self.ask("GET", path, **bearer(key))

    def post(
        self, body: Any, token: str, *, path: str = "/v1/logs", **headers: str
    ) -> Answer:
        """Send telemetry; an iterator of bytes goes out in chunks, without a length."""
        kind = {"content_type": PROTOBUF, **headers}
        return self.ask("POST", path, body, **bearer(token), **kind)

    def status(self, key: str) -> dict[str, Any]:
        answer = self.get("/api/v1/ingest/status", key)
        assert answer.status == 200, answer
        return dict(answer.json)

    def settled(self, key: str) -> dict[str, Any]:
        """Wait until everything acknowledged is visible; return the status."""

        def idle() -> dict[str, Any] | None:
            status = self.status(key)
            visible = status["visible"] + status["duplicates"]
            done = status["durable"] == visible == status["accepted"]
            waits = status["lag_seconds"] or status["load"]["waiting_to_append"]
            return status if done and not waits else None

        return dict(until(idle, "an idle server"))

    def usage(self, key: str, group_by: str = "client", **also: str) -> dict[str, Any]:
        """Return the figures of all time by the (joined) values of the dimensions."""
        more = "".join(f"&{name}={value}" for name, value in also.items())
        path = f"/api/v1/usage?{ALL_TIME}&group_by={group_by}{more}"
        answer = self.get(path, key)
        assert answer.status == 200, answer
        names = group_by.split(",")
        return {
            " ".join(str(row[name]) for name in names): row
            for row in answer.json["rows"]
        }

    def run(
        self, *words: object, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on this data directory."""
        return mileage(*words, "--data", self.data, environ=environ)


@contextmanager
def station_in(folder: Path, policy: str = "", grpc_port: int = 0) -> Iterator[Station]:
    """Run a server; nothing it said may look like a crash."""
    station = Station(folder, grpc_port=grpc_port)
    if policy:
        write_policy(station.data, policy)
    station.start()
    try:
        yield station
    finally:
        if station.server is not None:
            station.stop()
    assert_calm(station.said)


def write_policy(data: Path, text: str) -> None:
    (data / "policy").mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    (data / "policy" / "mileage.toml").write_text(text)


def trust_provider(data: Path, issuer: str) -> None:
    """Have people sign in at a provider, which knows this client and its secret."""
    policy = data / "policy" / "sign_in.toml"
    policy.parent.mkdir(parents=True, mode=0o700)
    policy.write_text(
        f'[oidc]\nissuer = "{issuer}"\nclient_id = "mileage"\n'
        'client_secret_file = "oidc.secret"\n'
    )
    secret = data / "oidc.secret"
    secret.touch(0o600)
    secret.write_text("client-secret")


def assert_calm(said: str) -> None:
    """No traceback, nothing that only a developer understands."""
    for word in ("Traceback", "Exception", "Error:", "most recent call"):
        assert word not in said, said


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"} if secret else {}


def counts(row: Any) -> dict[str, int]:
    """Cut a row of figures down to calls and the seven classes."""
    return {name: row[name] for name in ("calls", *CLASSES)}


def _clock() -> int:
    return time.time_ns() // 1000
