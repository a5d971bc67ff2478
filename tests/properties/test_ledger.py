"""The ledger says the same however its witnesses arrive, and boards recount it."""

from __future__ import annotations

import random
import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.call import Seen
from mileage.domain.figures import Figures
from mileage.domain.join import resolve
from mileage.domain.settings import Settings
from mileage.domain.window import SECOND, Window, moment
from mileage.honours.lenses import Lens
from mileage.reports.snapshots import Snapshots
from mileage.reports.standings import Making, publish
from mileage.store import queries
from mileage.store.ledger import Ledger
from mileage.store.verify import verify
from tests.drawing import examples
from tests.ledgers import FewPeople, booking, ledger_in, price
from tests.ranking import rank, whole
from tests.witnesses import (
    ACCOUNTS,
    CODEX_OTLP,
    DAY,
    LOG,
    NOON,
    ROLLOUT,
    TRAITS,
    claude_histories,
    codex_histories,
    seen,
)

MIXED = st.tuples(claude_histories(), codex_histories()).map(
    lambda pair: [*pair[0][1], *pair[1]]
)
FEW = settings(max_examples=examples(8))


def current(ledger: Ledger) -> list[tuple[object, ...]]:
    window = Window(NOON - 10 * DAY, NOON + 10 * DAY)
    rows = queries.usage(ledger, window, None, ("account", "client", "day", "session"))
    return [(sorted(row.keys.items()), row.figures) for row in rows]


@settings(max_examples=examples(4))
@given(MIXED, st.randoms(use_true_random=False), st.integers(2, 8))
def test_batching_order_and_repetition_do_not_matter(
    said: list[Seen], rng: random.Random, size: int
) -> None:
    again = rng.sample(said * 2, len(said) * 2)
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        ledger_in(Path(one)) as whole,
        ledger_in(Path(other)) as parts,
    ):
        first = whole.append(booking(said))
        visible = 0
        for start in range(0, len(again), size):
            visible += parts.append(booking(again[start : start + size])).visible
        assert current(parts) == current(whole)
        assert visible == first.visible == len(set(said))
        assert verify(parts) == verify(whole) == []


@st.composite
def usages(draw: st.DrawFn) -> list[Seen]:
    """Draw distinct calls of three people around the window's edges."""
    edge = 30 * DAY
    return [
        seen(
            draw(st.sampled_from([LOG, ROLLOUT, CODEX_OTLP])),
            account=draw(ACCOUNTS),
            key=f"call-{number}",
            link="",
            session=f"session-{draw(st.integers(0, 3))}-{number % 2}",
            occurred_at=NOON
            - draw(st.sampled_from([0, edge // 2, edge]))
            + draw(st.integers(-3 * 3600, 3600)) * SECOND,
            model=draw(st.sampled_from(["claude-opus-4-8", "gpt-5.1", "unknown"])),
            input=draw(st.integers(0, 10**9)),
            output=number,
        )
        for number in range(draw(st.integers(0, 25)))
    ]


LENS = Lens(
    name="tokens",
    title="Tokens",
    unit="tokens",
    weights=Figures().tokens._replace(**dict.fromkeys(Figures().tokens._fields, 1)),
    encourages="",
    gamed_by="",
)


@FEW
@given(usages(), st.sampled_from(["UTC", "Asia/Kolkata", "Europe/Berlin"]))
def test_the_board_equals_a_brute_force_recount(said: list[Seen], zone: str) -> None:
    with tempfile.TemporaryDirectory() as folder, ledger_in(Path(folder), zone) as kept:
        kept.append(booking(said))
        making = Making(Settings(zone=zone), {"prices": "1"}, NOON, (LENS,))
        snapshots = Snapshots(Path(folder) / "snapshots")
        publish(kept, FewPeople(), making, snapshots)
        snapshot = whole(snapshots)
    window, sums = snapshot.window, defaultdict(Figures)
    days: dict[str, set[object]] = defaultdict(set)
    sessions: dict[str, set[object]] = defaultdict(set)
    for call in resolve(said, TRAITS):
        if call.occurred_at in window:
            cost = price(call).cost
            one = Figures(1, call.tokens, cost, int(cost is None))
            sums[call.account] = sums[call.account].plus(one)
            day = moment(call.occurred_at, kept.rules.clock.zone).date()
            days[call.account].add(day)
            sessions[call.account].add((call.client, call.session))
    assert {one.account_id: one.figures for one in snapshot.standings} == dict(sums)
    for one in snapshot.standings:
        assert one.sessions == len(sessions[one.account_id])
        assert sum(one.daily) == one.figures.tokens.total
        assert one.active_days <= len(days[one.account_id])
    total = Figures()
    for figures in sums.values():
        total = total.plus(figures)
    assert snapshot.total == total
    assert sum(snapshot.daily) == total.tokens.total
    assert snapshot.completeness.sources or not said
    ranked = rank(snapshot, LENS)
    values = [row.value for row in ranked]
    assert values == sorted(values, reverse=True)
    assert [row.rank for row in ranked] == [
        1 + sum(other > value for other in values) for value in values
    ]


@FEW
@given(usages(), st.integers(-40 * DAY, 2 * DAY))
def test_a_window_is_the_sum_of_its_parts(said: list[Seen], cut: int) -> None:
    start, end, middle = NOON - 41 * DAY, NOON + 3 * DAY, NOON + cut
    with tempfile.TemporaryDirectory() as folder, ledger_in(Path(folder)) as kept:
        kept.append(booking(said))

        def total(window: Window) -> Figures:
            rows = queries.usage(kept, window, None, ())
            return rows[0].figures if rows else Figures()

        whole = total(Window(start, end))
        parts = total(Window(start, middle)).plus(total(Window(middle, end)))
    assert whole == parts
