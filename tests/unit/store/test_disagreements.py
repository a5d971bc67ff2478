"""Where sources disagree, what each of them says can be had back."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mileage.domain.call import SourceTraits
from mileage.domain.tokens import Tokens
from mileage.domain.window import Clock, Window
from mileage.store.disagreements import contradicted, disagreements
from mileage.store.ledger import Ledger
from mileage.store.rules import Rules
from mileage.store.verify import verify
from tests.ledgers import Turning, booking, ledger_in, price
from tests.witnesses import DAY, HOUR, LOG, NOON, OTLP, SECOND, TRAITS, seen

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.call import Seen

ALL = Window(NOON - DAY, NOON + DAY)


def pair(number: int, account: str = "acc_a", **log: int) -> list[object]:
    same = {"link": f"req_{number}", "account": account}
    at = NOON - number * SECOND
    return [
        seen(OTLP, key=f"req_{number}", occurred_at=at, **same),
        seen(LOG, key=f"msg_{number}", occurred_at=at - 1, **same, **log),
    ]


def test_each_source_is_heard_with_its_own_counts(tmp_path: Path) -> None:
    said = [*pair(1), *pair(2, output=20, reasoning=9, cache_write_1h=100)]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        (one,) = disagreements(ledger, ALL)
    assert one.differs == ("cache_write", "output")
    assert (one.account, one.client, one.session) == (
        "acc_a",
        "claude-code",
        "session-1",
    )
    assert one.model == "claude-opus-4-8"
    otlp, log = one.testimonies
    assert (otlp.source, log.source) == (OTLP, LOG)
    assert otlp.tokens == Tokens(10, 1000, 100, 0, 50)
    assert log.tokens == Tokens(10, 1000, 100, 100, 20, 9)
    assert log.occurred_at == otlp.occurred_at - 1 == one.occurred_at
    assert (log.client_version, log.inflated) == ("2.1.197", "")


def test_copies_of_a_source_are_one_testimony(tmp_path: Path) -> None:
    said = [*pair(1, output=20), *pair(1, output=30)]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        (one,) = disagreements(ledger, ALL)
    assert [told.tokens.output for told in one.testimonies] == [50, 30]


def test_the_latest_of_one_account_in_the_window(tmp_path: Path) -> None:
    said = [
        witness
        for number in range(6)
        for witness in pair(number, "acc_b" if number == 0 else "acc_a", output=1)
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        assert len(disagreements(ledger, ALL)) == 6
        own = disagreements(ledger, ALL, "acc_a", 2)
        assert [one.occurred_at for one in own] == [
            NOON - SECOND - 1,
            NOON - 2 * SECOND - 1,
        ]
        assert disagreements(ledger, Window(NOON + HOUR, NOON + DAY)) == []
        assert disagreements(ledger, ALL, "acc_c") == []


def test_telemetry_that_contradicts_itself_is_a_conflict(tmp_path: Path) -> None:
    first = seen(OTLP, key="req_1", output=50)
    said = [first, seen(OTLP, key="req_1", output=70, occurred_at=NOON + SECOND), first]
    with ledger_in(tmp_path) as ledger:
        for one in said:
            ledger.append(booking([one]))
        (one,) = disagreements(ledger, ALL)
        assert verify(ledger) == []
    assert (one.differs, one.tokens.output) == (("output",), 70)
    assert [told.tokens.output for told in one.testimonies] == [50, 70]
    assert {told.source for told in one.testimonies} == {OTLP}


def test_a_conflict_and_another_source_are_shown_together(tmp_path: Path) -> None:
    said = [*pair(1, input=11), seen(OTLP, key="req_1", link="req_1", output=70)]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        (one,) = disagreements(ledger, ALL)
    assert one.differs == ("input", "output")
    assert [(told.source, told.tokens.output) for told in one.testimonies] == [
        (OTLP, 50),
        (OTLP, 70),
        (LOG, 50),
    ]


def test_a_source_that_tells_of_whole_calls_is_held_to_what_it_said(
    tmp_path: Path,
) -> None:
    """A table may be imported at any time, and its rows do not grow."""
    traits = SourceTraits("rows", "rows", 12, "link", replayable=True, whole=True)
    known = {**TRAITS, "rows": traits}

    def said(key: str = "t:1", **changed: Any) -> Seen:
        told = seen(LOG, key=key, link="", session="", **changed)
        return told._replace(witness=told.witness._replace(source="rows"))

    clock = Turning()
    rules = Rules(known, price, Clock(ZoneInfo("UTC")))
    with closing(Ledger(tmp_path / "ledger.duckdb", rules, clock)) as ledger:
        ledger.append(booking([said(), said("t:2"), seen(LOG, key="m", output=1)]))
        assert contradicted(ledger, "rows", 0) == 0
        clock.at += 1000
        since = clock.at
        again = [said(input=7), said("t:2", identity="a@example.org")]
        ledger.append(booking([*again, seen(LOG, key="m", output=2)]))
        assert contradicted(ledger, "rows", since) == 1
        assert contradicted(ledger, "rows", since + 1_000_000) == 0
        assert contradicted(ledger, LOG, 0) == contradicted(ledger, "else", 0) == 0
        (one,) = disagreements(ledger, ALL)
        assert verify(ledger) == []
    assert (one.differs, one.tokens.input) == (("input",), 10)
    assert sorted(told.tokens.input for told in one.testimonies) == [7, 10]


def test_repetitions_and_growing_lines_are_no_conflict(tmp_path: Path) -> None:
    again = [seen(OTLP, key="req_1"), seen(OTLP, key="req_1", session="other")]
    grown = [seen(LOG, key="msg_9", link="", output=n) for n in (1, 20, 50)]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking([*again, *grown]))
        assert disagreements(ledger, ALL) == []
