"""Presence rolled up tells the same as its appends, whatever has come since."""

from __future__ import annotations

import threading
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.booking import Booking, Brought
from mileage.store import heard as module
from mileage.store.heard import Missed, hearing, roll_up
from mileage.store.held import held
from mileage.store.owners import use_of
from tests.drawing import examples
from tests.ledgers import booking, ledger_in
from tests.witnesses import DAY, HOUR, LOG, NOON, OTLP, seen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mileage.store.ledger import Ledger

ALL = date(2020, 1, 1)


def everything(ledger: Ledger) -> tuple[object, ...]:
    """Every answer about everybody."""
    with hearing(ledger) as heard:
        owners = heard.accounts()
        booked = [one for several in owners.values() for one in several]
        return (
            owners,
            heard.presence(booked, 0),
            heard.versions(booked, ALL),
            heard.sources(None, Missed()),
            use_of(ledger.cursor(), owners),
            {owner: held(ledger, owner)["machines"] for owner in owners},
        )


def told(number: int, account: str, **also: object) -> Booking:
    source = (LOG, OTLP)[number % 2]
    at = NOON - (number % 5) * DAY + number * HOUR // 7
    one = seen(
        source, account=account, key=f"k{number}", link="", occurred_at=at, **also
    )
    return Booking(seen=(one,), brought=(Brought(1, f"mach_{number % 3}", at + 5),))


def fill(ledger: Ledger, numbers: Iterable[int]) -> None:
    for number in numbers:
        ledger.append(told(number, f"acc_{number % 4}"))


def rows(ledger: Ledger, table: str) -> int:
    found = ledger.cursor().execute(f"select count(*) from {table}").fetchone()  # noqa: S608
    assert found is not None
    return int(found[0])


def test_nothing_is_rolled_up_before_there_is_enough(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        assert not roll_up(ledger, least=0)
        fill(ledger, range(3))
        assert not roll_up(ledger, least=4)
        assert rows(ledger, "presence_day") == 0
        assert roll_up(ledger, least=3)
        assert not roll_up(ledger, least=0)


def test_the_roll_up_tells_what_the_appends_told(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        fill(ledger, range(12))
        before = everything(ledger)
        assert roll_up(ledger, least=1)
        assert everything(ledger) == before
        assert 0 < rows(ledger, "presence_day") <= 12
        fill(ledger, range(12, 16))
        beside = everything(ledger)
        assert roll_up(ledger, least=1)
        assert everything(ledger) == beside != before


def test_appends_of_one_day_become_one_row(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        for number in range(10):
            ledger.append(
                booking([seen(LOG, key=f"k{number}", occurred_at=NOON + number)])
            )
        assert (rows(ledger, "presence"), rows(ledger, "presence_day")) == (10, 0)
        roll_up(ledger, least=1)
        assert (rows(ledger, "presence"), rows(ledger, "presence_day")) == (0, 1)
        with hearing(ledger) as heard:
            (one,) = heard.presence(["acc_a"], 0)
    assert (one.witnesses, one.first, one.last) == (10, NOON, NOON + 9)


def test_it_is_made_in_parts_that_bound_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK_ROWS", 3)
    with ledger_in(tmp_path) as ledger:
        fill(ledger, range(14))
        before = everything(ledger)
        roll_up(ledger, least=1)
        assert everything(ledger) == before
        order = [
            row[0]
            for row in ledger.cursor()
            .execute("select account from presence_day order by rowid")
            .fetchall()
        ]
    assert order == sorted(order)
    assert len(set(order)) == 4


def test_the_rows_of_an_account_are_its_own(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        fill(ledger, range(8))
        roll_up(ledger, least=1)
        fill(ledger, range(8, 12))
        with hearing(ledger) as heard:
            assert {one.account for one in heard.presence(["acc_1"], 0)} == {"acc_1"}
            assert heard.presence(["acc_x"], 0) == []
            assert heard.booked("acc_1") == ["acc_1"]


def test_each_question_is_answered_about_the_accounts_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, object]] = []
    plain = module.run

    def noted(cursor: object, name: str, **of: object) -> list[tuple[object, ...]]:
        asked.append((name, of.get("accounts")))
        return plain(cursor, name, **of)  # type: ignore[arg-type]

    with ledger_in(tmp_path) as ledger:
        fill(ledger, range(8))
        monkeypatch.setattr(module, "run", noted)
        with hearing(ledger) as heard:
            for some in (["acc_1"], ["acc_2", "acc_3"], ["acc_1"], []):
                told_of = {one.account for one in heard.presence(some, 0)}
                assert told_of == set(some)
                assert {one.account for one in heard.versions(some, ALL)} == told_of
    looked_up = [of for name, of in asked if name == "heard_of.insert"]
    assert looked_up == [["acc_1"], ["acc_2"], ["acc_3"], ["acc_1"]]


def test_two_who_look_at_once_see_each_their_own(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        fill(ledger, range(8))
        with hearing(ledger) as one, hearing(ledger) as other:
            one.presence(["acc_1"], 0)
            assert {each.account for each in other.presence(["acc_2"], 0)} == {"acc_2"}
            assert {each.account for each in one.versions(["acc_1"], ALL)} == {"acc_1"}


def test_many_accounts_are_told_as_each_alone_is(tmp_path: Path) -> None:
    accounts = [f"acc_{number:02}" for number in range(module.FEW + 3)]
    with ledger_in(tmp_path) as ledger:
        for number, account in enumerate(accounts * 2):
            ledger.append(told(number, account))
        with hearing(ledger) as heard:
            alone = [row for one in accounts for row in heard.presence([one], 0)]
            assert heard.presence(accounts, 0) == alone
            assert len(alone) == 2 * len(accounts)


def test_a_claimed_account_is_told_with_whoever_stands_behind_it(
    tmp_path: Path,
) -> None:
    with ledger_in(tmp_path) as ledger:
        fill(ledger, range(8))
        roll_up(ledger, least=1)
        fill(ledger, range(8, 16))
        ledger.cursor().execute("insert into claim values (1, 1, 'acc_1', 'acc_2')")
        with hearing(ledger) as heard:
            owners = heard.accounts()
            assert owners["acc_2"] == ["acc_1", "acc_2"]
            assert "acc_1" not in owners
            assert sorted(heard.booked("acc_2")) == ["acc_1", "acc_2"]
            assert heard.booked("acc_1") == []
            found = heard.presence(heard.booked("acc_2"), 0)
            assert {one.account for one in found} == {"acc_2"}
            assert sum(one.witnesses for one in found) == 8
            accounts = {one.accounts for one in heard.sources(None, Missed())}
    assert max(accounts) <= 3


def test_what_is_appended_meanwhile_is_told_once(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        fill(ledger, range(6))
        over = threading.Event()

        def appending() -> None:
            for number in range(6, 12):
                ledger.append(told(number, f"acc_{number % 4}"))
            over.set()

        thread = threading.Thread(target=appending)
        thread.start()
        while not over.is_set():
            roll_up(ledger, least=1)
            with hearing(ledger) as heard:
                counted = sum(one.witnesses for one in heard.sources(None, Missed()))
                accounts = heard.accounts()
                told_one_by_one = sum(
                    one.witnesses for one in heard.presence(list(accounts), 0)
                )
            assert counted == told_one_by_one
        thread.join()
        roll_up(ledger, least=1)
        with hearing(ledger) as heard:
            assert sum(one.witnesses for one in heard.sources(None, Missed())) == 12


@pytest.fixture(scope="module")
def never_rolled_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    with ledger_in(tmp_path_factory.mktemp("ledger")) as ledger:
        fill(ledger, range(8))
        return everything(ledger)


# Ledgers are made on disk: a few show what many would.
@settings(max_examples=examples(3))
@given(cuts=st.sets(st.integers(1, 7), max_size=4))
def test_when_it_is_made_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory,
    never_rolled_up: tuple[object, ...],
    cuts: set[int],
) -> None:
    with ledger_in(tmp_path_factory.mktemp("ledger")) as ledger:
        for number in range(8):
            fill(ledger, [number])
            if number in cuts:
                roll_up(ledger, least=1)
        assert everything(ledger) == never_rolled_up
        roll_up(ledger, least=1)
        assert everything(ledger) == never_rolled_up
