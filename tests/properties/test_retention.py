"""Deleting calls at any border, and hearing of them again: nothing counts twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.window import Window
from mileage.store import queries
from mileage.store.ledger import Ledger
from mileage.store.retention import delete, due, horizon
from mileage.store.verify import verify
from tests.drawing import examples
from tests.ledgers import Turning, booking, in_columns, rules
from tests.properties.test_past import STORED
from tests.unit.store.test_promoting import Prices
from tests.witnesses import (
    CODEX_OTLP,
    DAY,
    HOUR,
    LOG,
    MINUTE,
    NOON,
    OTLP,
    ROLLOUT,
    SECOND,
    seen,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.domain.call import Seen

ZONE = "Etc/GMT-12"
"""Its days begin at noon of UTC, as the borders below do."""
CLOCK = NOON + 5 * DAY
DAYS = st.lists(st.integers(3, 6), min_size=1, max_size=2, unique=True)
"""Whole days that are kept, by one retention and the next; five begin at ``NOON``."""
ALL = Window(NOON - 9 * DAY, CLOCK)
NEAR = st.sampled_from([-9, -2, -1, 0, 1, 2, 9]).map(lambda n: n * SECOND)
FAR = st.sampled_from([-DAY, -7 * HOUR, 0, 0, 0, 0, 7 * HOUR, DAY, 2 * DAY])


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    by_column = rules(ZONE)._replace(tariffs=Prices())
    path = tmp_path_factory.mktemp("retention") / "ledger.duckdb"
    ledger = Ledger(path, by_column, Turning(CLOCK))
    yield ledger
    ledger.close()


@st.composite
def one_call(draw: st.DrawFn, number: int) -> list[Seen]:
    """All that is told of a call, by sources that need not agree on its time."""
    claude = draw(st.booleans())
    live, log = (OTLP, LOG) if claude else (CODEX_OTLP, ROLLOUT)
    said = []
    begun = NOON + draw(FAR) + number * 10 * MINUTE * draw(st.integers(0, 1))
    for source in draw(st.sampled_from([(live,), (log,), (live, log)])):
        for copy in range(draw(st.integers(1, 2)) if source == log else 1):
            again = draw(FAR) if copy else 0
            said.append(
                seen(
                    source,
                    account=draw(st.sampled_from(["acc_a", "acc_b"])),
                    key=f"{source}_{number}",
                    link=f"req_{number}" if claude else "",
                    session=f"s{number % 2}_{copy}",
                    occurred_at=begun + draw(NEAR) + again,
                    copied=bool(copy) and draw(st.booleans()),
                    # Enough to tell calls apart that have no id in common.
                    input=1000 + number,
                    output=50 - copy,
                )
            )
    return said


@st.composite
def told(draw: st.DrawFn) -> list[list[Seen]]:
    """Some calls, shuffled and cut into what arrives together."""
    calls = [draw(one_call(number)) for number in range(draw(st.integers(1, 5)))]
    said = draw(st.permutations([one for call in calls for one in call]))
    cut = draw(st.integers(0, len(said)))
    return [said[:cut], said[cut:]]


def emptied(ledger: Ledger) -> Ledger:
    for table in STORED:
        ledger.cursor().execute(f"delete from {table}")  # noqa: S608 - tables of ours
    return ledger


def take(ledger: Ledger, said: list[Seen], *, columns: bool) -> int:
    """Let in what the horizon lets in."""
    kept = [one for one in said if one.witness.occurred_at >= horizon(ledger)]
    return ledger.append(in_columns(kept) if columns else booking(kept)).visible


def used(ledger: Ledger) -> list[Any]:
    return queries.usage(ledger, ALL, None, ("account", "client", "day", "model"))


@settings(max_examples=examples(6), deadline=None)
@given(said=told(), columns=st.booleans(), days=DAYS)
def test_what_went_and_is_told_again_counts_once(
    opened: Ledger, said: Any, columns: Any, days: Any
) -> None:
    ledger = emptied(opened)
    for part in said:
        take(ledger, part, columns=columns)
    before = used(ledger)
    for kept in days:
        if found := due(ledger, "calls", kept):
            delete(ledger, found, kept)
        assert due(ledger, "calls", kept) is None
        assert (used(ledger), verify(ledger)) == (before, [])
        for part in reversed(said):
            assert take(ledger, part, columns=not columns) == 0
        assert due(ledger, "calls", kept) is None
        assert (used(ledger), verify(ledger)) == (before, [])
