"""Bodies for the front door: what the clients of door accounts would send."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Literal, NamedTuple

from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND
from mileage.ingest.demo import claude, codex, gateway
from mileage.ingest.demo.calls import door_calls
from mileage.ingest.demo.models import CLAUDE_CODE, CODEX
from mileage.ingest.demo.shape import stream
from mileage.ingest.demo.wire import resource_logs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mileage.ingest.demo.door_call import DoorCall
    from mileage.ingest.demo.plan import Plan
    from mileage.ingest.demo.simulation import Organisation

Bearer = Literal["personal", "collector"]
COLLECTOR = "demo-collector"
"""Name of the collector whose token the collector's bodies need."""
PROTOBUF = "application/x-protobuf"
LOGS, METRICS = "/v1/logs", "/v1/metrics"
GATEWAY = "/ingest/cloudevents"
RECORDS = 180
"""Records of one resource in one body, at most."""
SLICE_DAYS = 5
"""Accounts take turns after so many days, so that time passes for all alike."""
COLLECTED = 4
"""Every such account sends through the organisation's collector."""
FAULTY = 12
"""Every such account once sends a record that cannot be counted."""


class FrontDoorBody(NamedTuple):
    """One request of a client, without its token."""

    bearer: Bearer
    email: str
    """Whose personal token it takes; '' for the collector's."""
    path: str
    content_type: str
    body: bytes


class _Sender:
    """One door account: its calls and the clients that report them."""

    def __init__(self, org: Organisation, place: int, plan: Plan) -> None:
        email = plan.account.email
        rng = stream(org.seed, "records", plan.account.number)
        self.account = email
        self.collected = place % COLLECTED == 1 and not plan.habit
        self.email = "" if self.collected else email
        asserted = email if self.collected else ""
        own = door_calls(org.seed, plan, org.cells(plan), org.now)
        self.calls = sorted([*own, *plan.habitual], key=lambda call: call.at)
        self._reports = plan.habit.reports if plan.habit else 1
        self._fault = place // FAULTY if place % FAULTY == 0 else -1
        self._rng = rng
        seats = plan.habit.seats if plan.habit else 1
        self._claude = [claude.ClaudeEvents(rng) for _ in range(seats)]
        self._codex = codex.CodexEvents(rng)
        self._claude_origin = claude.origin(asserted)
        self._codex_origin = codex.origin(asserted)

    def logs(self, calls: Sequence[DoorCall]) -> Iterator[bytes]:
        """Yield the events around these calls, grouped by client."""
        for client in (CLAUDE_CODE, CODEX):
            records = [
                record
                for call in calls
                if call.client == client
                for record in self._around(call)
            ]
            for start in range(0, len(records), RECORDS):
                yield self._group(client, records[start : start + RECORDS])

    def metrics(self, calls: Sequence[DoorCall]) -> bytes:
        """Return what only Claude Code's metrics tell about these calls, or b''."""
        own = [call for call in calls if call.client == CLAUDE_CODE]
        return claude.metrics(self._claude_origin, own, self._rng) if own else b""

    def from_gateway(self, calls: Sequence[DoorCall]) -> Iterator[bytes]:
        """Yield what the gateway tells of calls whose client reports too much."""
        if self._reports > 1:
            seen = [call for call in calls if call.request]
            for start in range(0, len(seen), RECORDS):
                part = seen[start : start + RECORDS]
                yield gateway.events(self.account, part)

    def fault(self) -> bytes:
        """Return the record of this account that cannot be counted, or b''."""
        if self._fault < 0:
            return b""
        last = self.calls[-1]
        if last.client == CODEX:
            return self._group(CODEX, [self._codex.broken(last)])
        return self._group(CLAUDE_CODE, [self._claude[0].broken(last, self._fault)])

    def _around(self, call: DoorCall) -> Iterator[bytes]:
        if call.client == CODEX:
            return self._codex.around(call)
        if call.request and self._reports > 1:
            tokens = Tokens._make(count * self._reports for count in call.tokens)
            call = call._replace(tokens=tokens)
        return self._claude[call.turn.seat].around(call)

    def _group(self, client: str, records: list[bytes]) -> bytes:
        if client == CODEX:
            return resource_logs(self._codex_origin, codex.EVENTS, records)
        return resource_logs(self._claude_origin, claude.EVENTS, records)


class _Collector:
    """Puts what several accounts send into one body, as a collector does."""

    def __init__(self, path: str, full: int) -> None:
        self._path, self._full = path, full
        self._groups: list[bytes] = []

    def add(self, group: bytes) -> Iterator[FrontDoorBody]:
        """Keep a resource's records; yield a body when enough have come."""
        self._groups.append(group)
        if sum(map(len, self._groups)) >= self._full:
            yield from self.flush()

    def flush(self) -> Iterator[FrontDoorBody]:
        """Yield what is left."""
        if self._groups:
            body = b"".join(self._groups)
            self._groups.clear()
            yield FrontDoorBody("collector", "", self._path, PROTOBUF, body)


def front_door_bodies(org: Organisation) -> Iterator[FrontDoorBody]:
    """Yield every body that passes the front door, roughly in order of time."""
    senders = [_Sender(org, place, plan) for place, plan in enumerate(org.door_plans)]
    edges = org.calendar.hours[:: SLICE_DAYS * 24]
    collectors = {LOGS: _Collector(LOGS, 120_000), METRICS: _Collector(METRICS, 60_000)}
    for start, end in zip(edges, (*edges[1:], None), strict=True):
        for sender in senders:
            for path, group in _slice(sender, start, end):
                if path == GATEWAY:
                    yield FrontDoorBody("collector", "", path, gateway.TYPE, group)
                elif sender.collected:
                    yield from collectors[path].add(group)
                else:
                    yield FrontDoorBody("personal", sender.email, path, PROTOBUF, group)
        for collector in collectors.values():
            yield from collector.flush()


def broken_records(org: Organisation) -> int:
    """Count the records among the bodies that nobody can count as calls."""
    return -(-len(org.door_plans) // FAULTY)


def _slice(sender: _Sender, start: int, end: int | None) -> Iterator[tuple[str, bytes]]:
    """Yield what an account sends from one second to another (None: the end)."""
    calls = sender.calls
    first = _place(calls, start)
    last = len(calls) if end is None else _place(calls, end)
    part = calls[first:last]
    for group in sender.logs(part):
        yield LOGS, group
    for group in sender.from_gateway(part):
        yield GATEWAY, group
    counts = sender.metrics(part)
    if counts:
        yield METRICS, counts
    fault = sender.fault() if end is None else b""
    if fault:
        yield LOGS, fault


def _place(calls: Sequence[DoorCall], second: int) -> int:
    return bisect_left(calls, second * SECOND, key=lambda call: call.at)
