"""What one message of OpenCode says, wherever it is stored.

Version 1 of the format is a message with its role and ids of model and provider (the
rows of ``message``, and the older JSON files); version 2 has the kind of message in a
column of its own, and model and tool calls inside (``session_message``). Tokens mean
the same in both: input without cache, and output without reasoning, which the total
proves where it is given (recorded with 1.18.33; version 2 from published sources).

Forks copy messages under new ids into new sessions. So a call is known by what no copy
changes: when it began, its model and its counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from mileage.domain.witness import Witness
from mileage.sources import epoch
from mileage.sources.jsonl import (
    INCOMPLETE,
    NO_COUNTS,
    NOT_JSON,
    Classes,
    Count,
    decode,
    text,
    untimely,
)

# An id starts with 36 bits of the millisecond in which it was made, as 9 hex digits.
_ID = "msg_"
_ID_DIGITS = 9
_ID_WRAPS = 16**_ID_DIGITS
# A message gets its id when it begins; the id of a copy is younger than what it copies.
_COPIED_LATER = range(10_001, _ID_WRAPS // 2)
_MOST_DOLLARS = 1_000_000


class _Cache(msgspec.Struct, gc=False):
    read: Count = None
    write: Count = None


class _Tokens(msgspec.Struct, gc=False):
    total: Count = None
    input: Count = None
    output: Count = None
    reasoning: Count = None
    cache: _Cache | None = None

    @property
    def told(self) -> bool:
        """Whether any count is told, if only 0."""
        cache = self.cache or _Cache()
        parts = (self.total, self.input, self.output, self.reasoning)
        return any(count is not None for count in (*parts, cache.read, cache.write))


class _Time(msgspec.Struct, gc=False):
    created: Any = None
    completed: Any = None


class Message(msgspec.Struct, gc=False):
    """One message; of a person's, only role and time are of use here."""

    id: Any = None
    session_id: Any = msgspec.field(default=None, name="sessionID")
    role: Any = None
    model_id: Any = msgspec.field(default=None, name="modelID")
    provider_id: Any = msgspec.field(default=None, name="providerID")
    model: Any = None
    agent: Any = None
    mode: Any = None
    path: Any = None
    cost: Any = None
    tokens: _Tokens | None = None
    time: _Time | None = None


class _Role(msgspec.Struct, gc=False):
    role: Any = None


class Session(NamedTuple):
    """What is known of the session in which a message stands."""

    session_id: str
    folder: str = ""
    version: str = ""
    is_child: bool = False


MESSAGE = msgspec.json.Decoder(Message)
_ROLE = msgspec.json.Decoder(_Role)


def decoded(data: bytes) -> Message | str | None:
    """Return a message; a reason if it is one of an assistant; None: none of them."""
    found: Message | str = decode(MESSAGE, data)
    if not isinstance(found, str):
        return found
    role = decode(_ROLE, data)
    known = not isinstance(role, str) and role.role not in ("assistant", None)
    return None if known else found.replace(INCOMPLETE, NOT_JSON)


def begun(message: Message) -> int | None:
    """Return when a message began, in UTC microseconds."""
    return None if message.time is None else epoch.of_milliseconds(message.time.created)


def witness(
    source: tuple[str, str], row_id: str, message: Message, session: Session
) -> Witness | str | None:
    """Return the call that an assistant's message is; a reason; None: no usage yet.

    ``source`` is the names of source and client.
    """
    tokens = message.tokens
    if tokens is None:
        return None
    counts = _counts(tokens)
    if tokens.told and not any(counts) and not tokens.total:
        # Still being answered, or ended by an error before anything was used.
        return None
    start = begun(message)
    problem = untimely(start) if tokens.told else NO_COUNTS
    if problem or start is None:
        return problem
    provider, model = _model(message)
    return Witness(
        source[0],
        f"{start}:{provider}:{model}:{'/'.join(map(str, counts))}",
        "",
        session.session_id,
        _ended(message, start),
        source[1],
        session.version,
        provider,
        model,
        "",
        *counts,
        _micro_dollars(message.cost),
        _folder(message) or session.folder,
        _agent(message) if session.is_child else "",
        _is_copy(row_id, start),
        None,
        "",
        # A total without its parts belongs to no class: shown, and never added.
        "" if any(counts) else "unmeasured",
    )


def _counts(tokens: _Tokens) -> Classes:
    cache = tokens.cache or _Cache()
    read, write = cache.read or 0, cache.write or 0
    fresh, output = tokens.input or 0, tokens.output or 0
    reasoning = tokens.reasoning or 0
    if tokens.total == fresh + read + write + output:
        # The total says so: here, reasoning is a part of output.
        reasoning = min(reasoning, output)
        output -= reasoning
    return fresh, read, write, 0, output, reasoning, 0


def _model(message: Message) -> tuple[str, str]:
    """Return provider and model; version 2 has them in an object of their own."""
    inner = message.model if isinstance(message.model, dict) else {}
    provider = text(message.provider_id) or text(inner.get("providerID"))
    return provider, text(message.model_id) or text(inner.get("id"))


def _agent(message: Message) -> str:
    return text(message.agent) or text(message.mode) or "subagent"


def _folder(message: Message) -> str:
    return text(message.path.get("cwd")) if isinstance(message.path, dict) else ""


def _ended(message: Message, start: int) -> int:
    done = message.time and epoch.of_milliseconds(message.time.completed)
    return max(done or start, start)


def _is_copy(row_id: str, start: int) -> bool:
    digits = row_id.removeprefix(_ID)[:_ID_DIGITS]
    if not row_id.startswith(_ID) or len(digits) < _ID_DIGITS:
        return False
    try:
        made = int(digits, 16)
    except ValueError:
        return False
    later = (made - start // 1_000) % _ID_WRAPS
    return later in _COPIED_LATER


def _micro_dollars(cost: object) -> int | None:
    if not isinstance(cost, int | float) or isinstance(cost, bool):
        return None
    return round(cost * 1_000_000) if 0 <= cost <= _MOST_DOLLARS else None
