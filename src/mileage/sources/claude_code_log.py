"""Claude Code's own transcripts: JSON lines below ``projects/``.

One response is written as one line per content block, all with the same message id
and with usage that grows; resumed and forked sessions copy history into new files.
So the identity of a call is ``message.id``, over all files, and lines of one call
are merged by field maxima (reference: formats of Claude Code, recorded with 2.1.197).
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.domain.witness import Witness
from mileage.sources.claude_code_activity import ClaudeCodeActivity, attended
from mileage.sources.jsonl import (
    CHUNK_LINES,
    Classes,
    Count,
    Gathering,
    Name,
    decode,
    instant,
    text,
    untimely,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mileage.domain.witness import Reading

# Four fifths of the bytes are prompts and tool results. Quotation marks inside
# strings are escaped, so these bytes can only be the start of such a message.
_MESSAGE = b'"message":{'
_BY_USER = b'"role":"user"'
_HEAD_BYTES = 1_000

_NO_RESPONSE = "<synthetic>"
_LONG_CONTEXT = "[1m]"


class _CacheWrites(msgspec.Struct, gc=False):
    ephemeral_5m_input_tokens: Count = 0
    ephemeral_1h_input_tokens: Count = 0


class _OutputDetails(msgspec.Struct, gc=False):
    thinking_tokens: Count = 0


class _Usage(msgspec.Struct, gc=False):
    """``input_tokens`` excludes both cache classes; output includes thinking."""

    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_creation_input_tokens: Count = 0
    cache_read_input_tokens: Count = 0
    cache_creation: _CacheWrites | None = None
    output_tokens_details: _OutputDetails | None = None
    service_tier: Any = None
    speed: Any = None
    iterations: Any = None


class _Message(msgspec.Struct, gc=False):
    id: Name = None
    role: Any = None
    model: Name = None
    usage: _Usage | None = None


class _Line(msgspec.Struct, gc=False, rename="camel"):
    type: Any = None
    uuid: Name = None
    session_id: Name = None
    timestamp: Any = None
    version: Name = None
    cwd: Name = None
    request_id: Name = None
    is_sidechain: Any = None
    agent_id: Name = None
    entrypoint: Any = None
    cost_usd: Any = msgspec.field(default=None, name="costUSD")
    message: _Message | None = None


_LINE = msgspec.json.Decoder(_Line)
_OBJECT = msgspec.json.Decoder(dict[str, Any])
_NAMES = ("uuid", "sessionId", "version", "cwd", "requestId", "agentId")
_MESSAGE_NAMES = ("id", "model")


class ClaudeCodeLog:
    """Reads transcripts of Claude Code and of the Agent SDK."""

    traits = SourceTraits("claude_code_log", "claude-code", 10, "link", True)  # noqa: FBT003

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """``CLAUDE_CONFIG_DIR`` (a comma list) replaces both default folders."""
        chosen = environ.get("CLAUDE_CONFIG_DIR", "")
        folders = [PurePath(part.strip()) for part in chosen.split(",") if part.strip()]
        if not folders:
            config = environ.get("XDG_CONFIG_HOME") or home / ".config"
            folders = [home / ".claude", PurePath(config) / "claude"]
        return [folder / "projects" for folder in folders]

    def patterns(self) -> tuple[str, ...]:
        """Sub-agents lie deeper; a workflow's journal is no usage."""
        return ("*.jsonl", "!journal.jsonl")

    def read(
        self, lines: Iterable[bytes], place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one transcript; without ``activity`` only what may hold usage."""
        log = _Transcript(Gathering(self.traits, place), activity=activity)
        for number, line in enumerate(lines, start=1):
            log.take(number, line)
            if number % CHUNK_LINES == 0:
                yield log.gathered.reading()
        yield log.gathered.reading()


class _Transcript:
    """One file, line by line."""

    def __init__(self, gathered: Gathering, *, activity: bool) -> None:
        self.gathered = gathered
        self._activity = ClaudeCodeActivity(gathered) if activity else None

    def take(self, number: int, line: bytes) -> None:
        """Sort one line: usage, activity, neither, or unreadable."""
        at = line.find(_MESSAGE, 0, _HEAD_BYTES)
        if at >= 0 and line.startswith(_BY_USER, at + len(_MESSAGE)):
            self._beside_calls(number, line)
            return
        decoded: _Line | str | None = decode(_LINE, line)
        if isinstance(decoded, str):
            decoded = _forgiven(line)
        if decoded is None:
            self._beside_calls(number, line)
        elif isinstance(decoded, str):
            if line.strip():
                self.gathered.reject(number, decoded)
        elif not _has_usage(decoded):
            self._beside_calls(number, line)
        else:
            if self._activity:
                self._activity.learn_tools(line)
            self._call(number, decoded)

    def _beside_calls(self, number: int, line: bytes) -> None:
        if self._activity is None:
            self.gathered.ignored += 1
            return
        problem = self._activity.take(line)
        if problem:
            self.gathered.reject(number, problem)

    def _call(self, number: int, line: _Line) -> None:
        message = line.message
        if message is None or message.usage is None:
            return
        if message.model == _NO_RESPONSE:
            self.gathered.ignored += 1
            return
        key, occurred_at = _identity(line, message), instant(line.timestamp)
        problem = untimely(occurred_at) if key else "neither message, request nor uuid"
        if problem or occurred_at is None:
            self.gathered.reject(number, problem)
            return
        usage = message.usage
        counts, copied = _counts(usage), line.is_sidechain is True
        plain = not usage.iterations and line.cost_usd is None
        repeats = self.gathered.repeats
        if plain and repeats(key, occurred_at, counts, copied=copied):
            return
        row = _witness(line, message, usage, (key, occurred_at, counts))
        self.gathered.witness(row)
        if usage.iterations:
            self._advisors(number, row, usage.iterations)

    def _advisors(self, number: int, row: Witness, iterations: object) -> None:
        """Add the calls of advisor models, which the usage beside them excludes."""
        for index, item in _iterations(iterations, "advisor_message"):
            try:
                usage = msgspec.convert(item, _Usage)
            except msgspec.ValidationError as error:
                self.gathered.reject(number, f"advisor: {error}")
                continue
            model = _plain(text(item.get("model")))
            counts: dict[str, Any]
            counts = dict(zip(TOKEN_CLASSES, _counts(usage), strict=True))
            advisor = row._replace(
                key=f"{row.key}:advisor:{index}",
                link="",
                provider=_provider(model),
                model=model,
                tier=_tier(usage),
                reported_cost=None,
                **counts,
            )
            self.gathered.witness(advisor)


def _forgiven(line: bytes) -> _Line | str | None:
    """Read a line again that does not fit, without names that are no names.

    Only usage must be right. None: it is no line of an assistant; a text: why not.
    """
    plain = decode(_OBJECT, line)
    if isinstance(plain, str):
        return plain
    if plain.get("type") not in ("assistant", None):
        return None
    plain.update({name: text(plain.get(name)) for name in _NAMES})
    message = plain.get("message")
    if isinstance(message, dict):
        message.update({name: text(message.get(name)) for name in _MESSAGE_NAMES})
    try:
        return msgspec.convert(plain, _Line)
    except msgspec.ValidationError as error:
        return str(error)


def _has_usage(line: _Line) -> bool:
    message = line.message
    if message is None or message.usage is None or message.role == "user":
        return False
    # The oldest logs have no type; then the role tells.
    return line.type == "assistant" or (
        line.type is None and message.role == "assistant"
    )


def _identity(line: _Line, message: _Message) -> str:
    """Name the call: copies keep the message id, but not always the request id."""
    if message.id:
        return message.id
    if line.request_id:
        return f"req:{line.request_id}"
    return f"uuid:{line.uuid}" if line.uuid else ""


def _witness(
    line: _Line, message: _Message, usage: _Usage, found: tuple[str, int, Classes]
) -> Witness:
    key, occurred_at, counts = found
    model = message.model or ""
    if usage.iterations:
        model = _serving_model(usage.iterations) or model
    model = _plain(model)
    return Witness(
        "claude_code_log",
        key,
        line.request_id or "",
        line.session_id or "",
        occurred_at,
        "claude-code",
        line.version or "",
        _provider(model),
        model,
        _tier(usage),
        *counts,
        None if line.cost_usd is None else _micro_dollars(line.cost_usd),
        line.cwd or "",
        line.agent_id or "",
        line.is_sidechain is True,
        attended(line.entrypoint),
        "",
    )


def _counts(usage: _Usage) -> Classes:
    split = usage.cache_creation
    writes, hour = usage.cache_creation_input_tokens or 0, 0
    if split is not None:
        hour = split.ephemeral_1h_input_tokens or 0
        writes = max(writes, hour + (split.ephemeral_5m_input_tokens or 0))
    output, thinking = usage.output_tokens or 0, 0
    if usage.output_tokens_details is not None:
        thinking = min(usage.output_tokens_details.thinking_tokens or 0, output)
    return (
        usage.input_tokens or 0,
        usage.cache_read_input_tokens or 0,
        writes - hour,
        hour,
        output - thinking,
        thinking,
        0,
    )


def _tier(usage: _Usage) -> str:
    if usage.speed == "fast":
        return "fast"
    tier = usage.service_tier
    return tier if tier in ("priority", "batch") else ""


def _plain(model: str) -> str:
    """Drop the mark of the long context window: it is no part of the name."""
    return model.removesuffix(_LONG_CONTEXT)


def _provider(model: str) -> str:
    """Name the vendor, which only Claude's own models give away behind a gateway."""
    return "anthropic" if model.startswith("claude") else ""


def _serving_model(iterations: object) -> str:
    """Return the model that took over when the chosen one fell out, or ''."""
    fallbacks = _iterations(iterations, "fallback_message")
    return next((m for _, item in fallbacks if (m := text(item.get("model")))), "")


def _iterations(iterations: object, kind: str) -> list[tuple[int, dict[str, Any]]]:
    if not isinstance(iterations, list):
        return []
    return [
        (index, item)
        for index, item in enumerate(iterations)
        if isinstance(item, dict) and item.get("type") == kind
    ]


def _micro_dollars(cost: object) -> int | None:
    if not isinstance(cost, int | float) or isinstance(cost, bool):
        return None
    # Not above 10**6 dollars: that is noise, and excludes infinity as well.
    return round(cost * 1_000_000) if 0 <= cost <= 1_000_000 else None  # noqa: PLR2004


SOURCE = ClaudeCodeLog()
