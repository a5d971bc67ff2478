"""Running sums are those of the whole ledger, read bit by bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.booking import Booking, Refusal
from mileage.domain.witness import Rejected
from mileage.store import queries
from mileage.store.running import RunningSums, SourceSums
from tests.ledgers import booking, ledger_in
from tests.witnesses import DAY, LOG, NOON, OTLP, seen

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.store.ledger import Ledger

BAD = Refusal(Rejected(OTLP, "logs record 1", "no time", records=5), "acc_a")


def whole(ledger: Ledger) -> dict[str, SourceSums]:
    """What one who begins now adds up."""
    return RunningSums(ledger).by_source()


def test_an_empty_ledger_has_none(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        assert whole(ledger) == {}


def test_they_are_those_of_the_tallies_at_any_time(tmp_path: Path) -> None:
    appends = (
        booking([seen(OTLP, key="req_1"), seen(OTLP, key="req_1")]),
        booking([seen(LOG), seen(OTLP, key="req_1")]),
        Booking(refused=(BAD, BAD), ignored=(("otlp", 7),)),
        booking([seen(LOG, key="early", link="", occurred_at=NOON - DAY)]),
        booking([seen(LOG, key="late", link="", occurred_at=NOON + DAY)]),
    )
    with ledger_in(tmp_path) as ledger:
        sums = RunningSums(ledger)
        for one in appends:
            ledger.append(one)
            found = sums.by_source()
            assert found == whole(ledger) == sums.by_source()
            assert {name: tuple(s[:4]) for name, s in found.items()} == {
                one.source: tuple(one[1:]) for one in queries.tallies(ledger)
            }
    assert found[LOG].first == NOON - DAY
    assert found[LOG].last == NOON + DAY
    assert found[OTLP][:4] == (1, 2, 10, 0)
    assert found["otlp"] == SourceSums(ignored=7)


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([seen(LOG)]))
        sums = RunningSums(ledger)
        before = sums.by_source()
        ledger.cursor().execute("update tally set visible = 1000")
        assert sums.by_source() == before
        ledger.append(booking([seen(LOG, key="other", link="")]))
        assert sums.by_source()[LOG].visible == 2
