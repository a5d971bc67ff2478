"""Claude Code's events and metrics, in the shape that version 2.1.197 sends."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mileage.domain.window import SECOND, moment
from mileage.ingest.demo.models import MODELS, OPUS
from mileage.ingest.demo.shape import happens
from mileage.ingest.demo.wire import (
    Count,
    Scope,
    Value,
    attributes,
    body_field,
    observed_field,
    point_attribute,
    record_attribute,
    resource,
    resource_metrics,
    time_field,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from mileage.ingest.demo.door_call import DoorCall

VERSION = "2.1.197"
EVENTS = Scope("com.anthropic.claude_code.events", VERSION)
METRICS = Scope("com.anthropic.claude_code", VERSION)
TOOLS = (
    "Read",
    "Read",
    "Bash",
    "Bash",
    "Grep",
    "Glob",
    "Edit",
    "Edit",
    "Write",
    "Task",
)
ASKING = frozenset({"Bash", "Edit", "Write"})
"""Tools that a person decides about."""
DECISIONS = ("accept",) * 15 + ("reject",)
EVENTS_PER_CALL = 4
"""Numbers of ``event.sequence`` that are kept for the events around a call."""
LONG_AGO = 9 * 366 * 86400 * SECOND
"""Before there were any agents, from wherever in their time one looks."""
ABSURD = 9_000_000_000_000
"""More tokens than any call can have."""

fixed = lru_cache(maxsize=512)(record_attribute)
"""For attributes with few different values."""


def origin(email: str) -> bytes:
    """Return the resource; with an e-mail if a collector has to know whose it is."""
    pairs: list[tuple[str, Value]] = [
        ("host.arch", "amd64"),
        ("os.type", "linux"),
        ("os.version", "6.18.44-generic"),
        ("service.name", "claude-code"),
        ("service.version", VERSION),
    ]
    if email:
        pairs.append(("user.email", email))
    return resource(pairs)


class ClaudeEvents:
    """Writes the events of one installation."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._installation = f"{rng.getrandbits(256):064x}"
        self._session = ""
        self._common = b""

    def around(self, call: DoorCall) -> Iterator[bytes]:
        """Yield the events that come with a call."""
        rng, turn = self._rng, call.turn
        sequence = turn.position * EVENTS_PER_CALL
        asked = turn.asked
        if asked is None:
            asked = turn.position == 0 or happens(rng, 0.12)
        if asked:
            size = str(rng.randint(8, 900))
            prompt: Value = "<REDACTED>"
            pairs = (("prompt_length", size), ("prompt", prompt))
            yield self._event("user_prompt", call, (-400, sequence), attributes(pairs))
        yield self._event("api_request", call, (0, sequence + 1), self._request(call))
        if happens(rng, 0.6):
            yield from self._tool(call, sequence + 2)

    def broken(self, call: DoorCall, kind: int) -> bytes:
        """Return an ``api_request`` that nobody can count, for one of three reasons."""
        tokens = call.tokens
        wrong = (
            call._replace(at=call.at - LONG_AGO),
            call._replace(tokens=tokens._replace(input=-1)),
            call._replace(tokens=tokens._replace(output=ABSURD)),
        )[kind % 3]
        return self._event("api_request", wrong, (0, 0), self._request(wrong))

    def _request(self, call: DoorCall) -> bytes:
        rng, tokens = self._rng, call.tokens
        cost = MODELS[call.model].cost(tokens)
        request = call.request or f"req_{rng.getrandbits(104):026x}"
        helper = happens(rng, 0.1) or call.turn.helper
        main = "repl_main_thread" if call.turn.attended else "sdk"
        source = "agent:builtin:general-purpose" if helper else main
        return b"".join(
            (
                fixed("model", call.model),
                record_attribute("input_tokens", tokens.input),
                record_attribute("output_tokens", tokens.output),
                record_attribute("cache_read_tokens", tokens.cache_read),
                record_attribute("cache_creation_tokens", tokens.cache_write),
                record_attribute("cost_usd", cost / 1_000_000),
                record_attribute("cost_usd_micros", cost),
                record_attribute("duration_ms", rng.randint(900, 40_000)),
                record_attribute("request_id", request),
                fixed("speed", "normal"),
                fixed("query_source", source),
                fixed("agent.name", "general-purpose") if helper else b"",
                fixed("effort", "high") if call.model == OPUS.name else b"",
            )
        )

    def _tool(self, call: DoorCall, sequence: int) -> Iterator[bytes]:
        rng = self._rng
        tool = rng.choice(TOOLS)
        about = fixed("tool_name", tool) + record_attribute(
            "tool_use_id", f"toolu_{rng.getrandbits(104):026x}"
        )
        if tool in ASKING:
            decision = rng.choice(DECISIONS)
            asked = "user_temporary" if call.turn.attended else "config"
            decided = fixed("decision", decision) + fixed("source", asked) + about
            yield self._event("tool_decision", call, (700, sequence), decided)
            if decision == "reject":
                return
        outcome = b"".join(
            (
                fixed("success", "false" if happens(rng, 0.06) else "true"),
                record_attribute("duration_ms", str(rng.randint(3, 20_000))),
                record_attribute("tool_input_size_bytes", str(rng.randint(20, 900))),
                record_attribute("tool_result_size_bytes", str(rng.randint(2, 9000))),
            )
        )
        yield self._event("tool_result", call, (900, sequence + 1), about + outcome)

    def _event(
        self,
        name: str,
        call: DoorCall,
        place: tuple[int, int],
        specific: bytes,
    ) -> bytes:
        """Put an event together; ``place``: milliseconds after the call, number."""
        after, sequence = place
        at = call.at + after * 1000
        return b"".join(
            (
                time_field(at * 1000),
                _body(name),
                self._of_session(call.turn.session),
                fixed("event.name", name),
                record_attribute("event.timestamp", timestamp(at)),
                record_attribute("event.sequence", sequence),
                record_attribute("prompt.id", call.turn.prompt),
                specific,
                observed_field(at * 1000),
            )
        )

    def _of_session(self, session: str) -> bytes:
        if session != self._session:
            self._session = session
            self._common = attributes(
                (
                    ("user.id", self._installation),
                    ("session.id", session),
                    ("terminal.type", "xterm-256color"),
                )
            )
        return self._common


def metrics(source: bytes, calls: Sequence[DoorCall], rng: random.Random) -> bytes:
    """Return a body with what only metrics tell: lines, commits, active time."""
    edits = round(len(calls) * 0.18)
    commits = round(edits * rng.uniform(0.05, 0.25))
    idle = rng.uniform(1.5, 4)
    minutes = len(calls) * rng.uniform(0.3, 0.9)
    wanted = (
        ("lines_of_code.count", "added", edits * rng.randint(4, 30)),
        ("lines_of_code.count", "removed", edits * rng.randint(1, 14)),
        ("commit.count", "", commits),
        ("pull_request.count", "", round(commits * rng.uniform(0.1, 0.4))),
        ("active_time.total", "user", round(minutes * 60)),
        ("active_time.total", "cli", round(minutes * 60 * idle)),
    )
    common = point_attribute("session.id", calls[-1].turn.session)
    start, end = calls[0].at * 1000, calls[-1].at * 1000
    counts = [
        Count(
            name=f"claude_code.{name}",
            description="",
            unit="s" if name.startswith("active") else "",
            start=start,
            end=end,
            amount=float(amount),
            attributes=common + (point_attribute("type", kind) if kind else b""),
        )
        for name, kind, amount in wanted
        if amount
    ]
    return resource_metrics(source, METRICS, counts)


@lru_cache(maxsize=16)
def _body(name: str) -> bytes:
    return body_field(f"claude_code.{name}")


def timestamp(at: int) -> str:
    """Write UTC microseconds as clients write ``event.timestamp``."""
    hour, rest = divmod(at // 1000, 3_600_000)
    minute, rest = divmod(rest, 60_000)
    second, millisecond = divmod(rest, 1000)
    return f"{_hour(hour)}:{minute:02d}:{second:02d}.{millisecond:03d}Z"


@lru_cache(maxsize=4096)
def _hour(hour: int) -> str:
    return moment(hour * 3600 * SECOND).strftime("%Y-%m-%dT%H")
