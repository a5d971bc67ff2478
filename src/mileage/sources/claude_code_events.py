"""Claude Code's events as columns: what ``claude_code_otlp`` reads, many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.witness import Reading, tool_name
from mileage.sources import claude_code_telemetry as telemetry
from mileage.sources.claude_code_telemetry import CLIENT
from mileage.sources.otlp_columns import activities, each, witnesses
from mileage.sources.otlp_record import as_count, as_micros, truth_of

if TYPE_CHECKING:
    from mileage.domain.witness import ActivityBatch
    from mileage.sources.otlp_columns import LogTable
    from mileage.sources.otlp_record import Scalar

NAME = "claude_code_otlp"
PREFIX = "claude_code."
EDIT_TOOLS = frozenset({"Edit", "Write", "MultiEdit", "NotebookEdit"})
DECISIONS = {"accept": "edit_accepted", "reject": "edit_rejected"}


def read_columns(table: LogTable) -> Reading | None:
    """Read the events of one name; None when some must be looked at one by one."""
    times = table.times()
    if times is None:
        return None
    event = table.name.removeprefix(PREFIX)
    if event == "api_request":
        return _calls(table, times)
    if event == "user_prompt":
        return _reading(_activities(table, ["prompt"] * len(times)), 0)
    if event == "tool_result":
        return _results(table)
    return _decisions(table) if event == "tool_decision" else None


class Place(NamedTuple):
    """Where an event stood in its session, for want of an id."""

    session: str
    order: Scalar
    instant: int | None

    def key(self) -> str:
        """Name the event; '' without a session."""
        # A resumed session counts from 0 again, so the time belongs to the identity.
        session, order, instant = self
        return f"seq:{session}:{order}:{instant}" if session else ""


def request_key(request: str, client: str, place: Place) -> str:
    """Name the request: by the provider, by the client, or by its place in time.

    A session is not asked for where there is a request id: administrators can
    switch session ids off, and the call is billed all the same.
    """
    return request or (f"client:{client}" if client else place.key())


def cost(micros: Scalar, dollars: Scalar) -> int | None:
    """Return what the client computed, in micro-dollars."""
    whole = as_count(micros)
    return as_micros(dollars) if whole is None else whole


def _calls(table: LogTable, times: list[int]) -> Reading | None:
    fresh, output = table.tallies("input_tokens"), table.tallies("output_tokens")
    reads = table.tallies("cache_read_tokens", 0)
    writes = table.tallies("cache_creation_tokens", 0)
    requests = table.texts("request_id")
    keys = requests if all(requests) else _request_keys(table, requests)
    if fresh is None or output is None or reads is None or writes is None or not keys:
        return None
    models = each(telemetry.model_name, table.texts("model"))
    found = witnesses(
        keys,
        source=[NAME] * len(keys),
        link=requests,
        session=table.texts("session.id"),
        occurred_at=times,
        client=[CLIENT] * len(keys),
        client_version=table.either("service.version", "app.version"),
        provider=each(telemetry.provider, models),
        model=models,
        tier=each(telemetry.tier_of, table.texts("speed")),
        input=fresh,
        cache_read=reads,
        cache_write=writes,
        output=output,
        reported_cost=_costs(table),
        agent=_agents(table),
        attended=_attended(table),
        identity=_identities(table),
    )
    return Reading(found)


def _places(table: LogTable) -> list[Place]:
    sessions, orders = table.texts("session.id"), table.values("event.sequence")
    return list(map(Place, sessions, orders, table.instants))


def _request_keys(table: LogTable, requests: list[str]) -> list[str]:
    """Name every request; nothing when one has no name."""
    clients = table.texts("client_request_id")
    keys = list(map(request_key, requests, clients, _places(table)))
    return keys if all(keys) else []


def _costs(table: LogTable) -> list[Any]:
    micros = table.tallies("cost_usd_micros")
    if micros is not None:
        return micros
    return list(map(cost, table.values("cost_usd_micros"), table.values("cost_usd")))


def _agents(table: LogTable) -> list[str]:
    origins, names = table.texts("query_source"), table.texts("agent.name")
    return each(telemetry.agent_of, origins, names)


def _attended(table: LogTable) -> list[bool | None]:
    said = (table.texts(key) for key in telemetry.ATTENDED_KEYS)
    return each(telemetry.attended_of, *said)


def _identities(table: LogTable) -> list[str]:
    said = [table.texts(key) for key in telemetry.IDENTITY_KEYS]
    _, origins, emails, _ = said
    if all(emails) and not any(origins):
        return emails
    return list(map(telemetry.identity_of, *said))


def _activities(table: LogTable, kinds: list[str]) -> ActivityBatch | None:
    """Return one activity a row, or None when one has no name."""
    keys = table.texts("tool_use_id")
    if not all(keys):
        pairs = zip(keys, _places(table), strict=True)
        keys = [key or place.key() for key, place in pairs]
    if not all(keys):
        return None
    return activities(
        keys,
        source=[NAME] * len(keys),
        session=table.texts("session.id"),
        occurred_at=table.instants,
        client=[CLIENT] * len(keys),
        kind=kinds,
        name=each(tool_name, table.texts("tool_name")),
        attended=_attended(table),
        identity=_identities(table),
    )


def _reading(found: ActivityBatch | None, ignored: int) -> Reading | None:
    return None if found is None else Reading(activities=found, ignored=ignored)


def _results(table: LogTable) -> Reading | None:
    verdicts = map(truth_of, table.values("success"))
    failed = [row for row, verdict in enumerate(verdicts) if verdict is False]
    count = len(table.numbers)
    # A failed one is told twice: as a result and as an error.
    both = table.chosen([*range(count), *failed]) if failed else table
    kinds = ["tool_result"] * count + ["tool_error"] * len(failed)
    return _reading(_activities(both, kinds), 0)


def _decisions(table: LogTable) -> Reading | None:
    tools = table.texts("tool_name")
    edits = [row for row, tool in enumerate(tools) if tool in EDIT_TOOLS]
    ignored = len(tools) - len(edits)
    if not edits:
        return Reading(ignored=ignored)
    chosen = table.chosen(edits)
    kinds = [DECISIONS.get(text, "") for text in chosen.texts("decision")]
    return _reading(_activities(chosen, kinds), ignored) if all(kinds) else None
