"""Claude Code's own transcripts: JSON lines below ``projects/``.

One response is written as one line per content block, all with the same message id
and with usage that grows; resumed and forked sessions copy history into new files.
So the identity of a call is ``message.id``, over all files, and lines of one call
are merged by field maxima (reference: formats of Claude Code, recorded with 2.1.197).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.sources import places
from mileage.sources.claude_code_lines import (
    BY_USER,
    HEAD_BYTES,
    LINE,
    MESSAGE,
    NO_RESPONSE,
    Line,
    Usage,
    cloud_of,
    counts_of,
    forgiven,
    has_usage,
    identity,
    iterations_of,
    plain_model,
    provider_of,
    tier_of,
    witness_of,
)
from mileage.sources.claude_code_tail import TranscriptTail
from mileage.sources.jsonl import (
    NO_COUNTS,
    Gathering,
    PackedGathering,
    decode,
    each,
    instant,
    text,
    untimely,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePath

    from mileage.domain.witness import Reading, Witness
    from mileage.sources.claude_code_activity import ClaudeCodeActivity


class ClaudeCodeLog:
    """Reads transcripts of Claude Code and of the Agent SDK."""

    traits = SourceTraits("claude_code_log", "claude-code", 10, "link", True)  # noqa: FBT003

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """``CLAUDE_CONFIG_DIR`` (a comma list) replaces both default folders."""
        return places.claude_code_log(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """Sub-agents lie deeper; a workflow's journal is no usage."""
        return places.NAMES["claude_code_log"]

    def read(
        self, lines: Iterable[bytes], place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one transcript; without ``activity`` only what may hold usage."""
        log = _Transcript(Gathering(self.traits, place), activity=activity)
        yield from each(lines, log.take, log.gathered)
        yield log.gathered.reading()

    def reader(self, place: str, state: Mapping[str, Any] | None) -> TranscriptTail:
        """Read on, or from the start: lines do not depend on those before them."""
        del state
        return TranscriptTail(self.transcript(place))

    def transcript(self, place: str) -> _Transcript:
        """Return what reads lines for usage alone, one by one."""
        return _Transcript(PackedGathering(self.traits, place), activity=False)


class _Transcript:
    """One file, line by line."""

    def __init__(self, gathered: Gathering, *, activity: bool) -> None:
        self.gathered = gathered
        self._activity = _activity(gathered) if activity else None

    def take(self, number: int, line: bytes) -> None:
        """Sort one line: usage, activity, neither, or unreadable."""
        at = line.find(MESSAGE, 0, HEAD_BYTES)
        if at >= 0 and line.startswith(BY_USER, at + len(MESSAGE)):
            self._beside_calls(number, line)
            return
        decoded: Line | str | None = decode(LINE, line)
        if isinstance(decoded, str):
            decoded = forgiven(line)
        if decoded is None:
            self._beside_calls(number, line)
        elif isinstance(decoded, str):
            if line.strip():
                self.gathered.reject(number, decoded)
        elif not has_usage(decoded):
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

    def _call(self, number: int, line: Line) -> None:
        message = line.message
        if message is None or message.usage is None:
            return
        if message.model == NO_RESPONSE:
            self.gathered.ignored += 1
            return
        usage = message.usage
        key, occurred_at = identity(line, message), instant(line.timestamp)
        problem = untimely(occurred_at) if key else "neither message, request nor uuid"
        counts, copied = counts_of(usage), line.is_sidechain is True
        if problem or occurred_at is None or counts is None:
            self.gathered.reject(number, problem or NO_COUNTS)
            return
        plain = not usage.iterations and line.cost_usd is None
        repeats = self.gathered.repeats
        if plain and repeats(key, occurred_at, counts, copied=copied):
            return
        row = witness_of(line, message, usage, (key, occurred_at, counts))
        self.gathered.witness(row)
        if usage.iterations:
            self._advisors(number, row, usage.iterations)

    def _advisors(self, number: int, row: Witness, iterations: object) -> None:
        """Add the calls of advisor models, which the usage beside them excludes."""
        for index, item in iterations_of(iterations, "advisor_message"):
            try:
                usage = msgspec.convert(item, Usage)
            except msgspec.ValidationError as error:
                self.gathered.reject(number, f"advisor: {error}")
                continue
            counts = counts_of(usage)
            if counts is None:
                self.gathered.reject(number, f"advisor: {NO_COUNTS}")
                continue
            model = plain_model(text(item.get("model")))
            classes: dict[str, Any] = dict(zip(TOKEN_CLASSES, counts, strict=True))
            advisor = row._replace(
                key=f"{row.key}:advisor:{index}",
                link="",
                provider=provider_of(cloud_of(row.key), model),
                model=model,
                tier=tier_of(usage),
                reported_cost=None,
                **classes,
            )
            self.gathered.witness(advisor)


def _activity(gathered: Gathering) -> ClaudeCodeActivity:
    # Whoever asks for usage alone, as most do, need not wait for what else there is.
    from mileage.sources.claude_code_activity import ClaudeCodeActivity  # noqa: PLC0415

    return ClaudeCodeActivity(gathered)


SOURCE = ClaudeCodeLog()
