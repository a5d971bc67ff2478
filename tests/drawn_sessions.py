"""Sessions whose calls are hard to tell apart, and who saw which of them.

Calls come in a row as agents make them. Many are twins: all five counts equal to those
of another call less than two minutes away. Each call is seen by a random part of the
sources, each source has its own clock (up to two minutes off) and a little scatter, and
one of the sources may report ten times as much. The truth is known, so precision and
recall of the join can be counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import Seen, SourceTraits
from mileage.domain.witness import Witness
from tests.witnesses import CODEX_OTLP, MINUTE, NOON, ROLLOUT, SECOND, TRAITS

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

    from mileage.domain.call import Call

GATEWAY, GAP = "some_gateway", "codex_filler"
SESSION_TRAITS = {
    **TRAITS,
    GATEWAY: SourceTraits(
        GATEWAY, "gateway", 12, "link", replayable=False, gateway=True
    ),
    GAP: SourceTraits(GAP, "codex", 5, "counts", replayable=False, gap=True),
}
COUNTS = ("input", "cache_read", "cache_write", "output", "tool_input")
SCATTER = 2 * SECOND // 5
"""Microseconds between the earliest and the latest that a clock shows."""


class Truth(NamedTuple):
    """One call as it was."""

    number: int
    at: int
    model: str
    counts: tuple[int, ...]
    seen_by: frozenset[str]


@dataclass
class Session:
    """A drawn session: what was true, and what is told of it."""

    name: str
    calls: list[Truth]
    shifts: dict[str, int]
    inflated: str = ""
    """The source that reports ten times as much, or ''."""
    said: list[Seen] = field(default_factory=list)
    truth: dict[tuple[str, str], int] = field(default_factory=dict)
    """Which call each (source, key) is of."""


def drawn_session(
    rng: random.Random,
    name: str,
    sources: Sequence[str] = (ROLLOUT, CODEX_OTLP),
    *,
    calls: int = 60,
    twins: float = 0.5,
) -> Session:
    """Draw one session; of its calls the share ``twins`` has counts of another."""
    shifts = {source: rng.randint(-2 * MINUTE, 2 * MINUTE) for source in sources[1:]}
    session = Session(name, [], {sources[0]: 0, **shifts})
    at, context = NOON, 10_000
    while len(session.calls) < calls:
        context += rng.randint(200, 3_000)
        model = rng.choice(("gpt-5.1-codex", "gpt-5.1"))
        counts = (rng.randint(1, 900), context, 0, rng.randint(1, 2_000), 0)
        alike = rng.randint(2, 4) if rng.random() < twins else 1
        for _ in range(alike):
            at += rng.randint(3 * SECOND, 40 * SECOND)
            seen_by = [source for source in sources if rng.random() < 0.7]
            session.calls.append(
                Truth(
                    len(session.calls),
                    at,
                    model,
                    counts,
                    frozenset(seen_by or [rng.choice(sources)]),
                )
            )
    if rng.random() < 0.2:
        session.inflated = rng.choice(sources)
    _tell(rng, session)
    return session


def _tell(rng: random.Random, session: Session) -> None:
    for call in session.calls:
        for source in call.seen_by:
            key = f"{session.name}-{source}-{rng.getrandbits(64):016x}"
            factor = 10 if source == session.inflated else 1
            counts = [count * factor for count in call.counts]
            session.truth[source, key] = call.number
            witness = _witness(rng, session, source, key, call, counts)
            session.said.append(Seen(witness, "acc_a", asserted=False))


def _witness(
    rng: random.Random,
    session: Session,
    source: str,
    key: str,
    call: Truth,
    counts: Sequence[int],
) -> Witness:
    at = call.at + session.shifts[source] + rng.randint(0, SCATTER)
    named = dict(zip(COUNTS, counts, strict=True))
    return Witness(
        **{
            **dict.fromkeys(Witness._fields, ""),
            **dict.fromkeys(("cache_write_1h", "reasoning"), 0),
            **named,
            "source": source,
            "key": key,
            "session": session.name,
            "occurred_at": at,
            "client": SESSION_TRAITS[source].client,
            "provider": "openai",
            "model": call.model,
            "reported_cost": None,
            "copied": False,
            "attended": None,
        }
    )


class Score(NamedTuple):
    """How well pairs of witnesses of one call were found."""

    calls: int
    right: int
    """Pairs of witnesses that were joined and are of one call."""
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    def plus(self, other: Score) -> Score:
        return Score(*(a + b for a, b in zip(self, other, strict=True)))


def score(session: Session, calls: Iterable[Call]) -> Score:
    """Compare what was joined with what was true, by pairs of witnesses."""
    of_call: dict[int, list[tuple[str, str]]] = {}
    for name, number in session.truth.items():
        of_call.setdefault(number, []).append(name)
    joined = {
        pair
        for call in calls
        for pair in combinations(sorted(zip(call.sources, call.keys, strict=True)), 2)
    }
    true = {
        pair for names in of_call.values() for pair in combinations(sorted(names), 2)
    }
    return Score(
        len(of_call), len(joined & true), len(joined - true), len(true - joined)
    )


def badly_counted(session: Session, calls: Iterable[Call]) -> list[Call]:
    """Return calls that count an inflated copy though another source knew better."""
    counts = {call.number: call.counts for call in session.calls}
    bad = []
    for call in calls:
        named = list(zip(call.sources, call.keys, strict=True))
        numbers = {session.truth[name] for name in named}
        if session.inflated not in call.sources or len(numbers) > 1:
            continue
        flagged = any(one.startswith(f"{session.inflated}:") for one in call.inflated)
        honest = (*call.tokens[:3], call.tokens.output, 0) == counts[numbers.pop()]
        if len(named) > 1 and not (flagged and honest):
            bad.append(call)
    return bad
