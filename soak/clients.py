"""Drive the real clients with the settings that `mileage setup` prints.

    python soak/clients.py [--state var/soak/clients] [--only codex] [--install]

Each client is installed from npm below the state directory (once; `--install` takes
the newest again), gets a scratch home with the printed settings in it, and is run
headless, three times, against a made-up provider on loopback. `mileage serve` hears of
it by telemetry alone; then `mileage collect` brings the client's own files in as well,
twice. Every answer of the provider must be there exactly once, at the right account,
in every class of tokens, and no prompt and no answer may be on disk. What is done is
kept in the state directory; a client that cannot be driven is said, with the reason.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driven import CLIENTS, Client
from driven.searching import found_in
from mock_llm import CLASSES, MockLLM

if TYPE_CHECKING:
    from collections.abc import Iterator

MILEAGE = [sys.executable, "-m", "mileage"]
RUNS = 3
RUN_SECONDS = 180
SETTLE_SECONDS = 45
PROMPT = "zebra-prompt please say hello"
ANSWER = "hello from the quagga-answer"
MARKS = (b"zebra-prompt", b"quagga-answer")


class CannotDrive(Exception):
    """The client cannot be driven here."""


@dataclass
class Outcome:
    """What became of one client."""

    version: str = ""
    answers: int = 0
    lines: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    short: bool = False
    """Something is missing that no source holds."""
    reason: str = ""
    """Why it could not be driven, '' when it was."""

    @property
    def verdict(self) -> str:
        """One word."""
        if self.reason:
            return "not driven"
        if self.failed:
            return "failed"
        return "known gaps only" if self.short else "exact"


def command(*words: str) -> str:
    """Run a mileage command and return what it printed."""
    done = subprocess.run(
        [*MILEAGE, *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"mileage {' '.join(words[:2])}: {done.stderr.strip()}")
    return done.stdout.strip()


def free_port() -> int:
    """Ask the system for a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(data: Path) -> Iterator[tuple[int, int]]:
    """Run `mileage serve` while the block runs, and yield its ports."""
    port, grpc_port = free_port(), free_port()
    ports = ["--port", str(port), "--grpc-port", str(grpc_port)]
    server = subprocess.Popen(
        [*MILEAGE, "serve", "--data", str(data), *ports],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    if not any("sign-in?link=" in line for line in server.stdout):
        raise SystemExit("the server did not start")
    try:
        yield port, grpc_port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def asked(port: int, key: str, path: str) -> dict[str, Any]:
    """Ask the API."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"authorization": f"Bearer {key}"})
    answer: dict[str, Any] = json.load(connection.getresponse())
    connection.close()
    return answer


def installed(name: str, client: Client, state: Path, *, again: bool) -> Path:
    """Install a client below the state directory and return its program."""
    folder = state / "npm" / name
    program = folder / "node_modules" / ".bin" / client.binary
    if program.exists() and not again:
        return program
    if shutil.which("npm") is None:
        raise CannotDrive("npm is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", f"{client.package}@latest"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not program.exists():
        tail = (done.stderr.strip() or "no program was installed").splitlines()[-1]
        raise CannotDrive(f"npm install failed: {tail}")
    return program


def version_of(name: str, client: Client, state: Path) -> str:
    """Read which version npm installed."""
    modules = state / "npm" / name / "node_modules"
    file = modules / client.package / "package.json"
    return str(json.loads(file.read_text())["version"])


def merged(first: object, second: object) -> object:
    """Add the keys of one JSON object to another."""
    if not (isinstance(first, dict) and isinstance(second, dict)):
        return second
    both = {name: merged(first[name], second[name]) for name in first.keys() & second}
    return {**first, **second, **both}


def apply(
    name: str, client: Client, home: Path, printed: dict[str, Any], url: str
) -> dict[str, str]:
    """Put the printed settings into a scratch home; returns its environment.

    Lines go below lines and keys beside keys, as a person would add them.
    """
    own = client.files(url)
    environment: dict[str, str] = {}
    for file in printed["files"]:
        if file["what"] == "environment":
            for line in file["content"].splitlines():
                variable, _, value = shlex.split(line)[1].partition("=")
                environment[variable] = value
            continue
        if not file["own"]:
            continue  # For everybody on a machine, which is no scratch home.
        path = file["own"]["linux"].removeprefix("~/")
        if name == "codex":
            own[path] = own.get(path, "") + file["content"]
        else:
            own[path] = merged(own.get(path, {}), json.loads(file["content"]))
    for path, content in own.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content, indent=2)
        (home / path).write_text(text)
    return environment


def run_client(
    program: Path, client: Client, home: Path, variables: dict[str, str]
) -> None:
    """Run it once, with nothing of this machine but the path."""
    work = home / "work"
    work.mkdir(exist_ok=True)
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "TERM": "dumb",
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),  # noqa: S108 - the system's own
        **variables,
    }
    try:
        done = subprocess.run(
            [str(program), *client.arguments(PROMPT)],
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise CannotDrive(f"it did not end within {RUN_SECONDS} s") from None
    if done.returncode:
        told = (done.stderr or done.stdout).strip().splitlines()
        raise CannotDrive(
            f"it ended with {done.returncode}: {' | '.join(told[-3:])[:300]}"
        )


def billed(mock: MockLLM) -> dict[str, int]:
    """Sum what the provider answered."""
    total = {name: sum(one.usage[name] for one in mock.answered) for name in CLASSES}
    return {"calls": len(mock.answered), **total}


def counted(port: int, key: str) -> dict[str, int]:
    """Sum what the ledger has of the account, writes of both lifetimes together."""
    rows = asked(port, key, "/api/v1/usage?scope=me")["rows"]
    row = rows[0] if rows else {}
    names = ("calls", *CLASSES)
    found = {name: int(row.get(name, 0)) for name in names}
    found["cache_write"] += int(row.get("cache_write_1h", 0))
    return found


def settled(port: int, key: str, want: dict[str, int]) -> dict[str, int]:
    """Wait until the ledger has it all, or for a while."""
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        found = counted(port, key)
        if found == want or time.monotonic() > until:
            return found
        time.sleep(1)


def difference(want: dict[str, int], got: dict[str, int]) -> dict[str, int]:
    """Return by how much the ledger differs from the provider, where it does."""
    return {key: got[key] - want[key] for key in want if got[key] != want[key]}


class Stand:
    """A scratch home, a data directory, an account, and a provider."""

    def __init__(self, name: str, folder: Path, *, asserted: bool) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.name, self.client = name, CLIENTS[name]
        self.home, self.data = folder / "home", folder / "data"
        self.home.mkdir(parents=True)
        self.email = f"{name}@example.com"
        whose = ("--data", str(self.data), "--account", self.email)
        collector = ("--data", str(self.data), "--collector", "laptops")
        self.token = command("token", "create", *(collector if asserted else whose))
        self.identity = ("--identity", self.email) if asserted else ()
        self.key = command("key", "create", *whose, "--scope", "read")
        self.mock = MockLLM(seed=len(name), answer=ANSWER)

    def run(self, program: Path, port: int, grpc_port: int = 0) -> None:
        """Apply the printed settings and run the client a few times.

        With ``grpc_port`` the same settings name gRPC in the place of HTTP.
        """
        words = ("--endpoint", f"http://127.0.0.1:{port}", "--token", self.token)
        words += self.identity
        text = command("setup", self.name, *words, "--json")
        if grpc_port:
            text = text.replace("http/protobuf", "grpc").replace("http/json", "grpc")
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{grpc_port}")
        printed = json.loads(text)
        given = apply(self.name, self.client, self.home, printed, self.mock.url)
        variables = {**self.client.environment(self.mock.url), **given}
        for _ in range(RUNS):
            run_client(program, self.client, self.home, variables)
        if not self.mock.answered:
            raise CannotDrive("it never asked the provider")

    def collect(self) -> None:
        """Bring its own files in, twice."""
        words = ("--data", str(self.data), "--home", str(self.home))
        for _ in range(2):
            command("collect", *words, "--account", self.email)


def drive(name: str, state: Path, *, again: bool) -> Outcome:
    """Install, set up, run, compare; as a person, through a collector, by gRPC."""
    outcome = Outcome()
    program = installed(name, CLIENTS[name], state, again=again)
    outcome.version = version_of(name, CLIENTS[name], state)
    ways = {"own token": (False, False)}
    if CLIENTS[name].asserts:
        ways["collector token"] = (True, False)
    if CLIENTS[name].grpc:
        ways["own token by gRPC"] = (False, True)
    for way, (asserted, by_grpc) in ways.items():
        stand = Stand(name, state / "run" / name, asserted=asserted)
        with serving(stand.data) as (port, grpc_port):
            stand.run(program, port, grpc_port if by_grpc else 0)
            compare(stand, port, outcome, way)
        stand.mock.close()
        found = found_in(stand.data, MARKS)
        if found:
            outcome.failed.append(f"content in {', '.join(found)}")
    return outcome


def compare(stand: Stand, port: int, outcome: Outcome, way: str) -> None:
    """Compare the account with the provider: by telemetry, then with its files."""
    want = billed(stand.mock)
    outcome.answers += want["calls"]
    off = difference(want, settled(port, stand.key, want))
    book(outcome, f"{way}, telemetry", off, missing_is_well=stand.client.unseen)
    stand.collect()
    off = difference(want, counted(port, stand.key))
    book(outcome, f"{way}, and its files", off, missing_is_well=stand.client.unseen)
    told = asked(port, stand.key, "/api/v1/usage?scope=me")["completeness"]
    seen = {one["source"]: one["witnesses"] for one in told["sources"]}
    outcome.lines.append(f"{way}, witnesses: {seen}")


def book(
    outcome: Outcome, label: str, off: dict[str, int], *, missing_is_well: bool
) -> None:
    """Book a difference: too much is always wrong, too little where it is known."""
    if not off:
        outcome.lines.append(f"{label}: exact")
        return
    known = missing_is_well and max(off.values()) < 0
    outcome.short |= known
    (outcome.lines if known else outcome.failed).append(f"{label}: {off}")


def main() -> None:
    """Drive every client that has not been driven yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("var/soak/clients"))
    parser.add_argument("--only", choices=sorted(CLIENTS), action="append")
    parser.add_argument("--install", action="store_true")
    options, _ = parser.parse_known_args()
    state = options.state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    kept = state / "done.json"
    done = json.loads(kept.read_text()) if kept.exists() and not options.only else {}
    failed = False
    for name in options.only or CLIENTS:
        if name not in done:
            try:
                outcome = drive(name, state, again=options.install)
            except CannotDrive as reason:
                outcome = Outcome(reason=str(reason))
            told = [*outcome.failed, *outcome.lines, *filter(None, [outcome.reason])]
            done[name] = [outcome.verdict, outcome.version, outcome.answers, told]
            if not options.only:
                kept.write_text(json.dumps(done, indent=2))
        verdict, version, answers, told = done[name]
        failed |= verdict == "failed"
        print(f"{name} {version}: {verdict}, {answers} answers", flush=True)
        for line in told:
            print(f"    {line}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
