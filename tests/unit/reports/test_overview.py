"""Looking everybody over: exact counts, few rows, and nobody simulated is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mileage.domain.people import Account
from mileage.reports import overview as module
from mileage.reports.completeness import coverage, problems
from mileage.reports.hearing import Asked, everybodys_sources
from mileage.reports.overview import look_over
from tests.ledgers import booking, ledger_in
from tests.unit.reports.test_status import simulate
from tests.witnesses import DAY, LOG, NOON, OTLP, seen

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.store.ledger import Ledger

PEOPLE = tuple(
    Account(f"acc_{n}", "person", f"Person {n}", f"p{n}@example.com") for n in range(9)
)


def fill(ledger: Ledger) -> None:
    """Everybody but the last two is heard of; odd ones lost their telemetry."""
    said = []
    for person in PEOPLE[:-2]:
        odd = int(person.account_id[-1]) % 2
        said += [
            seen(
                OTLP,
                account=person.account_id,
                key=f"o{person.account_id}",
                link="",
                occurred_at=NOON - (9 * DAY if odd else 0),
            ),
            seen(
                LOG,
                account=person.account_id,
                key=f"l{person.account_id}",
                link="",
                occurred_at=NOON,
            ),
        ]
    ledger.append(booking(said))


def test_it_counts_what_looking_at_all_at_once_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOGETHER", 2)
    with ledger_in(tmp_path) as ledger:
        fill(ledger)
        seen_by = look_over(ledger, PEOPLE)
        covered = coverage(ledger)
        found = problems(ledger, covered)
    assert seen_by.lines == len(covered) == 14
    assert sorted(map(str, seen_by.problems)) == sorted(map(str, found))
    assert sum(seen_by.counts.values()) == len(found)
    assert (seen_by.known, seen_by.silent) == (9, 2)
    assert [one.account for one in seen_by.heard] == [f"acc_{n}" for n in range(7)]
    assert seen_by.at == NOON


def test_of_a_kind_few_are_kept_and_all_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_OF_A_KIND", 1)
    with ledger_in(tmp_path) as ledger:
        fill(ledger)
        found = look_over(ledger, PEOPLE)
    assert found.counts["stopped"] == 3
    assert [one.kind for one in found.problems].count("stopped") == 1
    severities = [one.severity for one in found.problems]
    assert severities == sorted(severities, reverse=True)


def test_people_with_simulated_usage_are_not_silent(tmp_path: Path) -> None:
    people = [
        Account("acc_b", "person", "Ben", ""),
        Account("acc_c", "person", "C", ""),
    ]
    with ledger_in(tmp_path) as ledger:
        assert look_over(ledger, people).silent == 2
        simulate(ledger)
        assert look_over(ledger, people).silent == 1
        assert look_over(ledger, people).heard == ()


def test_of_those_who_left_nothing_is_asked(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        fill(ledger)
        everybody = look_over(ledger, PEOPLE)
        # Two of them lost their telemetry, and one was never heard of.
        left = {"acc_1", "acc_3", "acc_8"}
        without = look_over(ledger, PEOPLE, left=left)
    assert (everybody.silent, without.silent) == (2, 1)
    assert left & {one.account for one in everybody.problems} == {"acc_1", "acc_3"}
    assert not left & {one.account for one in without.problems}
    assert everybody.counts["stopped"] - without.counts["stopped"] == 2
    assert without.heard == everybody.heard


def test_services_and_strangers_are_not_silent(tmp_path: Path) -> None:
    people = [
        Account("acc_1", "service", "Robot", ""),
        Account("acc_2", "unclaimed", "Somebody", ""),
        Account("acc_3", "contractor", "Con", ""),
    ]
    with ledger_in(tmp_path) as ledger:
        assert look_over(ledger, people).silent == 1


def test_people_are_found_by_every_word(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        fill(ledger)
        seen_by = look_over(ledger, PEOPLE)
    for wanted, found in (
        ("", [0, 1, 2, 3, 4, 5, 6]),
        ("PERSON 3", [3]),
        ("p4@example", [4]),
        ("example.com 5", [5]),
        ("nobody", []),
    ):
        assert seen_by.matching(wanted) == [f"acc_{n}" for n in found], wanted


def test_only_the_first_are_read_and_named(tmp_path: Path) -> None:
    asked: list[set[str]] = []

    def accounts_of(ids: object) -> list[Account]:
        wanted = set(ids)  # type: ignore[call-overload]
        asked.append(wanted)
        return [one for one in PEOPLE if one.account_id in wanted]

    with ledger_in(tmp_path) as ledger:
        fill(ledger)
        seen_by = look_over(ledger, PEOPLE)
        page = everybodys_sources(ledger, seen_by, Asked("", 2, ()), accounts_of)
        one = everybodys_sources(ledger, seen_by, Asked("person 5", 2, ()), accounts_of)
        nobody = everybodys_sources(ledger, seen_by, Asked("zzz", 2, ()), accounts_of)
    assert {row.account for row in page.covered} == {"acc_0", "acc_1"}
    assert (page.accounts, page.lines, page.at) == (7, 14, NOON)
    assert page.counts["stopped"] == 3
    assert {row.account for row in one.covered} == {"acc_5"}
    assert {row.account for row in one.problems} == {"acc_5"}
    assert (one.accounts, one.lines, one.counts) == (1, 2, {"stopped": 1})
    assert (nobody.covered, nobody.problems, nobody.accounts) == ((), (), 0)
    assert asked[1] == {"acc_5"}


def test_an_account_that_nobody_knows_is_found_by_its_id(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        fill(ledger)
        assert look_over(ledger, ()).matching("ACC_3") == ["acc_3"]
