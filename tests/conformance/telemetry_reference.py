"""A second, slow reading of telemetry; each rule that is left out makes it naive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.conformance.reference import instant
from tests.conformance.telemetry import (
    CONTEXT,
    DAMAGED,
    METERED,
    MIXED,
    NO_TIME,
    NO_TOKENS,
    REBATCHED,
    RETRIED,
    SUMMARIES,
    TEXTS,
    UNNAMED,
)
from tests.conformance.truth import MILLISECOND

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.conformance.telemetry import Body

ONCE = "what was sent again is one record"
TEXTS_COUNT = "texts and doubles are numbers"
OWN_TIME = "an event's time is its own"
NOT_METERED = "metrics are no calls"
EVERY_GROUP = "every resource counts"
COUNTED = "an event without tokens is no call"
ANY_NAME = "a request needs no provider's id"
NOT_SUMMED = "summaries are no calls"
PLAIN_MODEL = "the mark is no part of the name"
GO_ON = "a bad record does no harm"
RULE_OF_TELEMETRY = {
    RETRIED: ONCE,
    REBATCHED: ONCE,
    TEXTS: TEXTS_COUNT,
    NO_TIME: OWN_TIME,
    METERED: NOT_METERED,
    MIXED: EVERY_GROUP,
    NO_TOKENS: COUNTED,
    UNNAMED: ANY_NAME,
    SUMMARIES: NOT_SUMMED,
    CONTEXT: PLAIN_MODEL,
    DAMAGED: GO_ON,
}
TELEMETRY_RULES = frozenset(RULE_OF_TELEMETRY.values())
SUMMED = ("input", "output", "cache_read", "cache_creation")


def reread(bodies: Iterable[Body], rules: frozenset[str] = TELEMETRY_RULES) -> Any:
    """Return (client, model, time in milliseconds, total) of each call, sorted."""
    found = []
    for body in bodies:
        plain = json.loads(body.json)
        if body.signal == "metrics":
            found += [] if NOT_METERED in rules else [("metric", "", 0, 1)]
            continue
        groups = [group["scopeLogs"][0] for group in plain["resourceLogs"]]
        for group in groups if EVERY_GROUP in rules else groups[:1]:
            calls = [reread_record(one, rules) for one in group["logRecords"]]
            if GO_ON not in rules and "bad" in calls:
                continue
            found += [one for one in calls if isinstance(one, tuple)]
    return sorted(set(found) if ONCE in rules else found)


def reread_record(record: Any, rules: frozenset[str]) -> Any:
    """Return a call, None for what is none, or "bad"."""
    said = {
        one["key"]: next(iter(one["value"].values())) for one in record["attributes"]
    }
    at = int(record["timeUnixNano"]) // 10**6
    name = said.get("event.name")
    if name == "subagent_completed" and NOT_SUMMED not in rules:
        return "claude-code", "", at, int(said["total_tokens"])
    claude = name == "api_request" and "session.id" in said
    if not claude and name != "codex.sse_event":
        return None
    if claude and "request_id" not in said and ANY_NAME not in rules:
        return None
    if "model" not in said or (not claude and "input_token_count" not in said):
        return None if COUNTED in rules else ("codex", "", at, 0)
    names = [f"{one}_tokens" for one in SUMMED]
    names = names if claude else ["input_token_count", "output_token_count"]
    return reread_counts(said, names, at, rules)


def reread_counts(said: Any, names: list[str], at: int, rules: frozenset[str]) -> Any:
    wire = [said[name] for name in names]
    if "many" in wire:
        return "bad"
    if TEXTS_COUNT not in rules:
        wire = [one for one in wire if not isinstance(one, float)]
    if OWN_TIME in rules:
        at = instant(said["event.timestamp"]) // MILLISECOND
    model = (
        said["model"].removesuffix("[1m]") if PLAIN_MODEL in rules else said["model"]
    )
    client = "claude-code" if "request" in said["event.name"] else "codex"
    return client, model, at, sum(int(one) for one in wire)
