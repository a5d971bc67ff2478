"""Witnesses for tests: one plain builder, and strategies that draw histories."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from mileage.domain.call import Seen, SourceTraits
from mileage.domain.window import micros
from mileage.domain.witness import Witness

NOON = micros(datetime(2026, 11, 20, 12, tzinfo=UTC))
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

LOG, OTLP = "claude_code_log", "claude_code_otlp"
ROLLOUT, CODEX_OTLP = "codex_rollout", "codex_otlp"

TRAITS = {
    one.name: one
    for one in (
        SourceTraits(OTLP, "claude-code", 20, "link", replayable=False),
        SourceTraits(LOG, "claude-code", 10, "link", replayable=True),
        SourceTraits(CODEX_OTLP, "codex", 20, "counts", replayable=False),
        SourceTraits(ROLLOUT, "codex", 10, "counts", replayable=True),
    )
}


def witness(source: str = LOG, **fields: Any) -> Witness:
    """Build a witness of an ordinary call; name what should differ."""
    plain: dict[str, Any] = {
        "source": source,
        "key": "msg_1",
        "link": "req_1" if TRAITS[source].join == "link" else "",
        "session": "session-1",
        "occurred_at": NOON,
        "client": TRAITS[source].client,
        "client_version": "2.1.197",
        "provider": "anthropic" if TRAITS[source].join == "link" else "openai",
        "model": "claude-opus-4-8",
        "tier": "",
        "input": 10,
        "cache_read": 1000,
        "cache_write": 100,
        "cache_write_1h": 0,
        "output": 50,
        "reasoning": 0,
        "tool_input": 0,
        "reported_cost": None,
        "project": "",
        "agent": "",
        "copied": False,
        "attended": None,
        "identity": "",
    }
    return Witness(**{**plain, **fields})


def seen(
    source: str = LOG, *, account: str = "acc_a", asserted: bool = False, **fields: Any
) -> Seen:
    """Build a booked witness."""
    return Seen(witness(source, **fields), account, asserted)


COUNT = st.integers(0, 10**7)
CLAUDE_COUNTS = st.fixed_dictionaries(
    dict.fromkeys(("input", "cache_read", "cache_write", "output"), COUNT)
)
ACCOUNTS = st.sampled_from(["acc_a", "acc_b", "acc_c"])


@st.composite
def claude_histories(draw: st.DrawFn) -> tuple[int, list[Seen]]:
    """Draw (number of real calls, everything that was ever said about them).

    Each call may be seen by the log (several growing lines, copies in resumed
    sessions), by telemetry (sent again and again), or by both.
    """
    number = draw(st.integers(1, 6))
    said: list[Seen] = []
    for call in range(number):
        counts = draw(CLAUDE_COUNTS)
        account = draw(ACCOUNTS)
        at = NOON + draw(st.integers(-2 * DAY, 2 * DAY))
        shared: dict[str, Any] = {"link": f"req_{call}", **counts}
        where = draw(st.sampled_from([(LOG,), (OTLP,), (LOG, OTLP)]))
        for source in where:
            key = f"msg_{call}" if source == LOG else f"req_{call}"
            for copy in range(draw(st.integers(1, 3))):
                partial = copy > 0 and source == LOG
                output = draw(st.integers(0, counts["output"])) if partial else None
                fields = {**shared, **({} if output is None else {"output": output})}
                said.append(
                    seen(
                        source,
                        account=account,
                        key=key,
                        session=f"session-{copy}",
                        occurred_at=at + copy * SECOND,
                        copied=partial and draw(st.booleans()),
                        **fields,
                    )
                )
    return number, said


@st.composite
def codex_histories(draw: st.DrawFn) -> list[Seen]:
    """Draw Codex calls of few sessions and few different counts, seen by 1 or 2."""
    said: list[Seen] = []
    for call in range(draw(st.integers(1, 8))):
        at = NOON + draw(st.integers(0, 40)) * MINUTE
        fields: dict[str, Any] = {
            "session": draw(st.sampled_from(["thread-1", "thread-2"])),
            "output": draw(st.integers(1, 3)),
            "link": "",
        }
        where = draw(
            st.sampled_from([(ROLLOUT,), (CODEX_OTLP,), (ROLLOUT, CODEX_OTLP)])
        )
        said += [
            seen(
                source,
                key=f"{source}-{call}",
                occurred_at=at + draw(st.integers(0, 2 * SECOND)),
                **fields,
            )
            for source in where
        ]
    return said
