"""What could not be read, as the operator sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mileage.domain.booking import Booking, Refusal
from mileage.domain.errors import Invalid
from mileage.domain.rejecting import SORTS
from mileage.domain.witness import Rejected
from mileage.reports import rejected as module
from mileage.reports.rejected import rejected_json, rejected_page
from mileage.web.receiver_schemas import RECEIVER_SCHEMAS
from tests.ledgers import Turning, ledger_in
from tests.web.json_schema import problems
from tests.witnesses import CODEX_OTLP, MINUTE, OTLP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.store.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    clock = Turning()
    with ledger_in(tmp_path, now=clock) as opened:
        for source, reason, records in (
            (OTLP, "no time", 3),
            (CODEX_OTLP, "no model", 9),
            (OTLP, "input_tokens is no count", 5),
            (OTLP, "no time", 4),
        ):
            one = Rejected(source, f"record {records}", reason, records=records)
            opened.append(Booking(refused=(Refusal(one, "acc_a"),)))
            clock.at += MINUTE
        yield opened


def rows(ledger: Ledger, source: str | None, sort: str) -> list[tuple[str, int]]:
    found = rejected_page(ledger, source, sort).found.groups
    return [(one.reason, one.records) for one in found]


def test_the_most_or_the_latest_comes_first(ledger: Ledger) -> None:
    assert rows(ledger, None, "records") == [
        ("no model", 9),
        ("no time", 7),
        ("input_tokens is no count", 5),
    ]
    assert [reason for reason, _ in rows(ledger, None, "latest")] == [
        "no time",
        "input_tokens is no count",
        "no model",
    ]


def test_one_source_is_shown_and_all_are_offered(ledger: Ledger) -> None:
    page = rejected_page(ledger, OTLP, "records")
    assert {one.source for one in page.found.groups} == {OTLP}
    assert dict(page.sources) == {OTLP: 12, CODEX_OTLP: 9}
    assert (page.source, page.found.kinds, page.found.records) == (OTLP, 2, 12)


@pytest.mark.parametrize("source", ["nobody", "", "'; drop table rejection; --"])
def test_a_source_without_rejections_has_none(ledger: Ledger, source: str) -> None:
    page = rejected_page(ledger, source, "records")
    assert page.found == ((), 0, 0)
    assert len(page.sources) == 2


@pytest.mark.parametrize("sort", ["", "Records", "reason", "x" * 5000])
def test_another_order_is_refused_briefly_with_those_that_there_are(
    ledger: Ledger, sort: str
) -> None:
    with pytest.raises(Invalid) as told:
        rejected_page(ledger, None, sort)
    assert " or ".join(SORTS) in str(told.value)
    assert len(str(told.value)) < 120


def test_what_is_cut_is_counted_all_the_same(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GROUPS_SHOWN", 1)
    page = rejected_page(ledger, None, "records")
    assert [one.records for one in page.found.groups] == [9]
    assert (page.found.kinds, page.found.records) == (3, 21)


@pytest.mark.parametrize("source", [None, OTLP, "nobody"])
@pytest.mark.parametrize("sort", SORTS)
def test_as_json_it_is_what_the_api_describes(
    ledger: Ledger, source: str | None, sort: str
) -> None:
    told = rejected_json(rejected_page(ledger, source, sort))
    assert list(problems(told, RECEIVER_SCHEMAS["Rejected"], RECEIVER_SCHEMAS)) == []
    assert told["source"] == source
    assert sum(row["records"] for row in told["rows"]) == told["records"]


def test_instants_are_written_in_utc(ledger: Ledger) -> None:
    told = rejected_json(rejected_page(ledger, OTLP, "latest"))
    first, *_ = told["rows"]
    assert first["first"].startswith("2026-11-20T12:00")
    assert first["last"].startswith("2026-11-20T12:03")
    assert first["place"] == "record 4"


def test_an_empty_ledger_has_nothing_to_tell(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as empty:
        told = rejected_json(rejected_page(empty, None, "records"))
    assert (told["rows"], told["kinds"], told["records"]) == ([], 0, 0)
