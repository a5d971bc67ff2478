"""CloudEvents 1.0 of type ``ai.usage.call``: usage from programs of one's own.

The three ways that the HTTP protocol binding knows (binary, structured, batched), in
JSON. The data is Mileage's own vocabulary (docs/reference/cloudevents.md); a field it
does not have is refused, since a misspelt count would be lost silently. Events of
other types are ignored, and counted as such.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import unquote

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.errors import Invalid, TooLarge
from mileage.domain.tokens import MAX_COUNT
from mileage.domain.witness import Reading, Witness
from mileage.sources.json_records import elements, word
from mileage.sources.jsonl import WholeGathering, decode, instant, untimely

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "cloudevents"
CLIENT = "sdk"
"""Whose calls they are when an event names no client."""
TYPE = "ai.usage.call"
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
BINARY = "application/json"
MOST_EVENTS = 100_000
LARGEST_COST = Decimal(10**9)

NO_EVENT = "no CloudEvent: specversion, id, source and type are needed"
OTHER_VERSION = "a specversion that is not 1.0"
NO_DATA = "no data"
NOT_JSON_DATA = "data that is not JSON"
UNKNOWN_FIELD = f"a field that {TYPE} does not have"
NO_COUNTS = "no token counts"
BAD_COST = "a reported_cost_usd that is no amount of dollars"

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
Text = Annotated[str, msgspec.Meta(max_length=256)]
Id = Annotated[str, msgspec.Meta(max_length=120, pattern=r"^\S*$")]


class Event(msgspec.Struct, gc=False):
    """The envelope; attributes that are not read are not decoded."""

    specversion: msgspec.Raw = msgspec.Raw()
    id: msgspec.Raw = msgspec.Raw()
    source: msgspec.Raw = msgspec.Raw()
    type: msgspec.Raw = msgspec.Raw()
    time: msgspec.Raw = msgspec.Raw()
    datacontenttype: msgspec.Raw = msgspec.Raw()
    data: msgspec.Raw = msgspec.Raw()
    data_base64: bytes | None = None


class Data(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """The data of ``ai.usage.call``."""

    model: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    occurred_at: Text = ""
    client: Text = ""
    client_version: Text = ""
    provider: Text = ""
    tier: Text = ""
    session: Text = ""
    request_id: Id = ""
    response_id: Id = ""
    input: Count = 0
    cache_read: Count = 0
    cache_write: Count = 0
    cache_write_1h: Count = 0
    output: Count = 0
    reasoning: Count = 0
    tool_input: Count = 0
    reported_cost_usd: Annotated[str, msgspec.Meta(max_length=40)] | float | None = None
    project: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    agent: Text = ""
    attended: bool | None = None
    identity: Text = ""
    measure: Literal["", "estimate", "unmeasured"] = ""


_events = msgspec.json.Decoder(Event)
_data = msgspec.json.Decoder(Data)


class CloudEvents:
    """Reads HTTP requests that carry CloudEvents."""

    traits = SourceTraits(
        name=NAME,
        client=CLIENT,
        precedence=12,
        join="link",
        replayable=True,
        gateway=True,
        whole=True,
    )

    def read_request(
        self, kind: str, headers: Mapping[str, str], body: bytes
    ) -> Reading:
        """Read one request; raises Invalid when it holds no CloudEvent at all."""
        gathering = WholeGathering(self.traits, "event")
        if kind == BATCHED:
            for number, element in enumerate(elements(body), start=1):
                if number > MOST_EVENTS:
                    raise TooLarge(f"a batch may have {MOST_EVENTS} events; send less")
                found: Event | str = decode(_events, element)
                _take(gathering, number, found)
            return gathering.reading()
        event = _structured(body) if kind == STRUCTURED else _binary(headers, body)
        _take(gathering, 1, event)
        return gathering.reading()


SOURCE = CloudEvents()


def _structured(body: bytes) -> Event:
    event = decode(_events, body)
    if isinstance(event, str):
        raise Invalid(f"the body is no CloudEvent: {event}")
    return event


def _binary(headers: Mapping[str, str], body: bytes) -> Event:
    """Attributes are headers then, percent-encoded, and the body is the data."""
    if "ce-specversion" not in headers:
        raise Invalid(f"{NO_EVENT}, as ce- headers or in a body of {STRUCTURED}")
    named = {
        name: msgspec.Raw(msgspec.json.encode(unquote(headers[f"ce-{name}"])))
        for name in ("specversion", "id", "source", "type", "time")
        if f"ce-{name}" in headers
    }
    return Event(**named, data=msgspec.Raw(body))


def _take(gathering: WholeGathering, number: int, event: Event | str) -> None:
    outcome = event if isinstance(event, str) else _outcome(event)
    if outcome is None:
        gathering.ignored += 1
    elif isinstance(outcome, str):
        gathering.reject(number, outcome)
    else:
        gathering.witness(outcome)


def _outcome(event: Event) -> Witness | str | None:
    """Return the call, the reason why it cannot be read, or None for another type."""
    source, number, kind = word(event.source), word(event.id), word(event.type)
    version = word(event.specversion)
    if not (source and number and kind and version):
        return NO_EVENT
    if version != "1.0":
        return OTHER_VERSION
    if kind != TYPE:
        return None
    content = _content(event)
    return content if isinstance(content, str) else _witness(event, content)


def _content(event: Event) -> Data | str:
    form = word(event.datacontenttype).partition(";")[0].strip().lower()
    if form and form != BINARY and not form.endswith("+json"):
        return NOT_JSON_DATA
    plain = event.data_base64 if event.data_base64 is not None else bytes(event.data)
    if not plain.strip():
        return NO_DATA
    data = decode(_data, plain)
    if isinstance(data, str) and "unknown field" in data:
        # The decoder's sentence names the field: that is text of the sender's own.
        return UNKNOWN_FIELD
    return data


def _witness(event: Event, data: Data) -> Witness | str:
    # RFC 3339 allows a small t and z as well.
    occurred_at = instant((data.occurred_at or word(event.time)).upper())
    cost = _micro_dollars(data.reported_cost_usd)
    counted = any((data.input, data.cache_read, data.cache_write, data.cache_write_1h))
    answered = any((data.output, data.reasoning, data.tool_input))
    problem = untimely(occurred_at)
    if not problem and not (counted or answered) and data.measure != "unmeasured":
        problem = NO_COUNTS
    if isinstance(cost, str) or problem or occurred_at is None:
        return problem or BAD_COST
    unmeasured = data.measure == "unmeasured"
    return Witness(
        source=NAME,
        key=_key(word(event.source), word(event.id)),
        link=" ".join(sorted({data.request_id, data.response_id} - {""})),
        session=data.session,
        occurred_at=occurred_at,
        client=data.client or CLIENT,
        client_version=data.client_version,
        provider=data.provider,
        model=data.model,
        tier="" if data.tier == "standard" else data.tier,
        input=0 if unmeasured else data.input,
        cache_read=0 if unmeasured else data.cache_read,
        cache_write=0 if unmeasured else data.cache_write,
        cache_write_1h=0 if unmeasured else data.cache_write_1h,
        output=0 if unmeasured else data.output,
        reasoning=0 if unmeasured else data.reasoning,
        tool_input=0 if unmeasured else data.tool_input,
        reported_cost=cost,
        project=data.project,
        agent=data.agent,
        copied=False,
        attended=data.attended,
        identity=data.identity,
        measure=data.measure,
    )


def _key(source: str, number: str) -> str:
    """Identify an event by (source, id); a source is an address, so only its hash."""
    named = f"{source}\0{number}".encode("utf-8", "surrogatepass")
    return blake2b(named, digest_size=16).hexdigest()


def _micro_dollars(cost: str | float | None) -> int | str | None:
    if cost is None:
        return None
    try:
        dollars = Decimal(str(cost))
    except InvalidOperation:
        return BAD_COST
    if not dollars.is_finite() or not 0 <= dollars <= LARGEST_COST:
        return BAD_COST
    return round(dollars * 1_000_000)
