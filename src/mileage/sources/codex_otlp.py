"""Codex's telemetry: ``codex.sse_event`` records with token counts are calls.

Each response sends two ``response.completed`` events, one without counts. Its
histograms repeat the same tokens, its spans do too: neither is counted. No event of a
response names the provider (``codex.conversation_starts`` alone does, which may come
in another request) or the tier of service: both are left to the log.
"""

from __future__ import annotations

from operator import sub
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import SourceTraits
from mileage.domain.tokens import Tokens
from mileage.domain.witness import Activity, Reading, Rejected, Witness
from mileage.sources.otlp_columns import each, witnesses
from mileage.sources.otlp_record import IDENTITY_KEYS, gather, identity_among

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.sources.otlp_columns import LogTable
    from mileage.sources.otlp_record import Facts, OtlpRecord

NAME = "codex_otlp"
CLIENT = "codex"

_ATTENDED = {"codex_exec": False, "codex_cli_rs": True, "codex-tui": True}
_RESPONSE = "codex.sse_event"
_COMPLETED = "response.completed"
_EDIT_TOOL = "apply_patch"
_REFUSALS = ("denied", "abort", "timed_out")


class CodexOtlp:
    """Reads the log events that are named ``codex.…``."""

    traits = SourceTraits(
        name=NAME, client=CLIENT, precedence=20, join="counts", replayable=False
    )
    names = frozenset(
        {
            _RESPONSE,
            "codex.user_prompt",
            "codex.tool_result",
            "codex.tool_decision",
        }
    )
    keys = frozenset(
        {
            "app.version",
            "cache_write_token_count",
            "cached_token_count",
            "call_id",
            "conversation.id",
            "decision",
            "enduser.id",
            "event.kind",
            "input_token_count",
            "model",
            "originator",
            "output_token_count",
            "provider_name",
            "reasoning_token_count",
            "service.version",
            "slug",
            "success",
            "tool_name",
            "user.email",
        }
    )

    def wants(self, record: OtlpRecord) -> bool:
        """Tell Codex's log records by name; its metrics tell nothing more."""
        return record.signal == "logs" and record.name in self.names

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn wanted records into witnesses and activity; never raises."""
        return gather(map(_facts, records))

    def read_columns(self, table: LogTable) -> Reading | None:
        """Read responses at once; None when some must be looked at one by one."""
        return _calls(table) if table.name == _RESPONSE else None


SOURCE = CodexOtlp()


def _facts(record: OtlpRecord) -> Facts:
    if record.name == _RESPONSE:
        completed = record.attributes.get("event.kind") == _COMPLETED
        counted = "input_token_count" in record.attributes
        return (_call(record),) if completed and counted else ()
    if record.name == "codex.user_prompt":
        return (_event(record, "prompt"),)
    if record.name == "codex.tool_result":
        failed = record.truth("success") is False
        kinds = ("tool_result", "tool_error") if failed else ("tool_result",)
        return tuple(_event(record, kind) for kind in kinds)
    if record.name == "codex.tool_decision" and record.tool() == _EDIT_TOOL:
        return (_decided(record),)
    return ()


def _decided(record: OtlpRecord) -> Activity | Rejected:
    decision = record.text("decision")
    if decision.startswith("approved"):
        return _event(record, "edit_accepted")
    if decision.startswith(_REFUSALS):
        return _event(record, "edit_rejected")
    return record.rejected(NAME, "unknown decision")


class _Sent(NamedTuple):
    """The counts as Codex sends them: they overlap."""

    prompt: int
    cached: int
    written: int
    answer: int
    thought: int

    def disjoint(self) -> Tokens:
        """Take cached and written out of the input, reasoning out of the output."""
        reads = min(self.cached, self.prompt)
        writes = min(self.written, self.prompt - reads)
        reasoning = min(self.thought, self.answer)
        return Tokens(
            input=self.prompt - reads - writes,
            cache_read=reads,
            cache_write=writes,
            output=self.answer - reasoning,
            reasoning=reasoning,
        )


_COUNTS: tuple[tuple[str, int | None], ...] = (
    ("input_token_count", None),
    ("cached_token_count", 0),
    ("cache_write_token_count", 0),
    ("output_token_count", None),
    ("reasoning_token_count", 0),
)
"""In the order of ``_Sent``, and what stands for one that was not sent."""


def _sent(record: OtlpRecord) -> _Sent | None:
    counts = [record.tally(key, absent) for key, absent in _COUNTS]
    good = [count for count in counts if count is not None]
    return _Sent(*good) if len(good) == len(counts) else None


def _key(session: str, instant: int, model: str, *sent: int) -> str:
    counts = "{}:{}:{}:{}:{}".format(*sent)
    return f"{session}:{instant}:{model}:{counts}"


def _classes(
    prompt: list[int],
    cached: list[int],
    written: list[int],
    answer: list[int],
    thought: list[int],
) -> dict[str, list[int]]:
    """Return columns of disjoint classes, as ``_Sent.disjoint`` does of each row."""
    reads = list(map(min, cached, prompt))
    unread = list(map(sub, prompt, reads))
    writes = list(map(min, written, unread))
    reasoning = list(map(min, thought, answer))
    return {
        "input": list(map(sub, unread, writes)),
        "cache_read": reads,
        "cache_write": writes,
        "output": list(map(sub, answer, reasoning)),
        "reasoning": reasoning,
    }


def _call(record: OtlpRecord) -> Witness | Rejected:
    problem = _problem(record)
    if problem or record.occurred_at is None:
        return record.rejected(NAME, problem)
    sent = _sent(record)
    if sent is None:
        return record.rejected(NAME, "missing or absurd token counts")
    session = record.text("conversation.id")
    model = record.text("model") or record.text("slug")
    return Witness(
        source=NAME,
        key=_key(session, record.occurred_at, model, *sent),
        link="",
        session=session,
        occurred_at=record.occurred_at,
        client=CLIENT,
        client_version=record.text("app.version") or record.text("service.version"),
        provider=record.text("provider_name"),
        model=model,
        tier="",
        **sent.disjoint()._asdict(),
        reported_cost=None,
        project="",
        agent="",
        copied=False,
        attended=_ATTENDED.get(record.text("originator")),
        identity=record.identity(),
    )


def _calls(table: LogTable) -> Reading | None:
    """Read all responses of a table, or none."""
    kinds, counted = table.values("event.kind"), table.has(_COUNTS[0][0])
    pairs = enumerate(zip(kinds, counted, strict=True))
    told = [row for row, pair in pairs if pair == (_COMPLETED, True)]
    ignored = len(table.numbers) - len(told)
    if not told:
        return Reading(ignored=ignored)
    chosen = table.chosen(told)
    times, sessions = chosen.times(), chosen.texts("conversation.id")
    counts = [chosen.tallies(key, absent) for key, absent in _COUNTS]
    good = [count for count in counts if count is not None]
    if times is None or not all(sessions) or len(good) < len(counts):
        return None
    models = chosen.either("model", "slug")
    found = witnesses(
        list(map(_key, sessions, times, models, *good)),
        source=[NAME] * len(told),
        session=sessions,
        occurred_at=times,
        client=[CLIENT] * len(told),
        client_version=chosen.either("app.version", "service.version"),
        provider=chosen.texts("provider_name"),
        model=models,
        attended=each(_ATTENDED.get, chosen.texts("originator")),
        identity=each(identity_among, *map(chosen.texts, IDENTITY_KEYS)),
        **_classes(*good),
    )
    return Reading(found, ignored=ignored)


def _problem(record: OtlpRecord) -> str:
    session = record.text("conversation.id")
    return record.time_problem() or ("" if session else "no conversation id")


def _event(record: OtlpRecord, kind: str) -> Activity | Rejected:
    problem = _problem(record)
    if problem or record.occurred_at is None:
        return record.rejected(NAME, problem)
    session = record.text("conversation.id")
    within = record.text("call_id") or f"{record.occurred_at}"
    return Activity(
        source=NAME,
        key=f"{session}:{within}",
        session=session,
        occurred_at=record.occurred_at,
        client=CLIENT,
        kind=kind,
        name=record.tool(),
        amount=1,
        attended=_ATTENDED.get(record.text("originator")),
        identity=record.identity(),
    )
