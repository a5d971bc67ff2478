"""Sources and disagreements over a real ledger: whose, what, and recorded first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.booking import Booking, Brought, Refusal
from mileage.domain.call import SourceTraits
from mileage.domain.client_faults import Fault
from mileage.domain.errors import Invalid, Refused
from mileage.domain.people import OPERATOR, Account, Viewer
from mileage.domain.window import Window
from mileage.domain.witness import Rejected
from mileage.reports.completeness import completeness, coverage
from mileage.reports.hearing import (
    disagreements_json,
    disagreements_page,
    sources_json,
    sources_page,
)
from tests.drawing import examples
from tests.ledgers import booking, ledger_in
from tests.unit.reports.test_answers import organisation
from tests.witnesses import DAY, HOUR, LOG, NOON, OTLP, ROLLOUT, SECOND, TRAITS, seen

METRICS = "claude_code_metrics"
FILLER = SourceTraits(METRICS, "claude-code", 5, "link", replayable=False, gap=True)
ADA = Account("acc_a", "person", "Ada", "ada@example.com")
BEN = Account("acc_b", "person", "", "ben@example.com")
MONTH = Window(NOON - 29 * DAY, NOON + DAY)
SAID = (
    seen(OTLP, key="1", link="r1", occurred_at=NOON - 9 * DAY),
    seen(LOG, key="1", link="r1", occurred_at=NOON - 9 * DAY),
    seen(LOG, key="2", link="r2", occurred_at=NOON - DAY),
    seen(LOG, key="3", link="r3", occurred_at=NOON, account="acc_b"),
)


def test_ones_own_sources_and_nobody_elses(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(SAID))
        told = sources_json(sources_page(ledger, "acc_a", [ADA], ()))
    assert told["scope"] == "me"
    assert [(row["source"], row["name"]) for row in told["rows"]] == [
        (LOG, "Ada"),
        (OTLP, "Ada"),
    ]
    assert told["rows"][1]["stopped"] is True
    assert told["rows"][1]["silent_days"] == 9
    assert told["rows"][1]["gap_days"] == ["2026-11-19"]
    assert told["rows"][0]["cadence_days"] == 8
    (problem,) = told["problems"]
    assert problem["problem"].startswith("no telemetry of claude-code since 2026-11-11")
    assert problem["name"] == "Ada"
    assert "acc_b" not in str(told)
    # The figures beside it say the same.
    assert told["completeness"]["missing"] == [problem["problem"]]


def test_everybodys_sources_carry_their_names(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(SAID))
        told = sources_json(sources_page(ledger, None, [ADA, BEN], ()))
    assert told["scope"] == "org"
    assert {row["name"] for row in told["rows"]} == {"Ada", "ben@example.com"}
    seen_by = {one["source"]: one for one in told["completeness"]["sources"]}
    assert (seen_by[LOG]["accounts"], seen_by[OTLP]["stopped"]) == (2, 1)
    assert seen_by[LOG]["version"] == ""
    assert seen_by[LOG]["active_days"] is None


def test_a_machine_is_told_by_its_id(tmp_path: Path) -> None:
    brought = (Brought(3, "mach_1", 0), Brought(1, "mach_2", 0))
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=SAID, brought=brought))
        told = sources_json(sources_page(ledger, None, [], ()))
    machines = [each["machine"] for row in told["rows"] for each in row["machines"]]
    assert sorted(machines) == ["mach_1", "mach_1", "mach_2"]
    assert {row["name"] for row in told["rows"]} == {"acc_a", "acc_b"}


def test_a_clock_is_told_in_seconds(tmp_path: Path) -> None:
    brought = (Brought(1, "", NOON - 9 * DAY + 5 * SECOND),)
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=SAID[:1], brought=brought))
        told = sources_json(sources_page(ledger, "acc_a", [ADA], ()))
    assert told["rows"][0]["clock_ahead_seconds"] == -5.0


def test_a_faulty_version_is_in_the_completeness_of_figures(tmp_path: Path) -> None:
    fault = Fault("claude-code", LOG, "2.1.214", "Too high.", "Update it.")
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(SAID[2:3]))
        missing = completeness(ledger, "acc_a", [fault]).missing
        assert completeness(ledger, "acc_b", [fault]).missing == ()
    assert missing[0] == "version 2.1.197 of claude-code is in use: Too high."


def test_both_values_of_a_disagreement_are_told(tmp_path: Path) -> None:
    said = (
        seen(OTLP, key="1", link="r1", output=500),
        seen(LOG, key="1", link="r1", output=7),
        seen(LOG, key="2", link="r2", account="acc_b"),
    )
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        page = disagreements_page(ledger, "acc_a", MONTH)
        others = disagreements_page(ledger, "acc_b", MONTH)
        everybody = disagreements_page(ledger, None, MONTH)
        before = Window(NOON - 3 * DAY, NOON - 2 * DAY)
        nothing = disagreements_page(ledger, None, before)
    told = disagreements_json(replace(page, people={"acc_a": ADA}))
    (row,) = told["rows"]
    assert (row["name"], row["differs"], row["at"]) == (
        "Ada",
        ["output"],
        "2026-11-20T12:00:00Z",
    )
    outputs = {one["source"]: one["output"] for one in row["witnesses"]}
    assert outputs == {OTLP: 500, LOG: 7}
    assert row["counted"]["output"] == 500
    assert told["scope"] == "me"
    assert others.rows == nothing.rows == ()
    assert everybody.rows == page.rows


def test_people_read_their_own_and_the_operator_everybodys(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        ada = org.viewers["ada"]
        own = org.answers.sources(ada, None)
        assert {one.account for one in own.covered} == {ada.account_id}
        assert not own.whole
        assert not org.answers.disagreements(ada, "me").whole
        assert org.reads() == []
        everybody = org.answers.sources(OPERATOR, None)
        assert len({one.account for one in everybody.covered}) == 3
        assert org.answers.disagreements(OPERATOR, "org").whole
        assert sorted(org.reads(), reverse=True) == [
            ("operator", "sources", "operations", 3),
            ("operator", "disagreements", "operations", 0),
        ]
        (row,) = org.control.readers_of(ada.account_id)
        assert row.report == "sources"
        heard = {org.viewers[name].account_id for name in ("ada", "ben", "cy")}
        assert set(org.control.named_accounts(row.named)) == heard


def test_who_was_not_found_was_not_read(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        found = org.answers.sources(OPERATOR, None, "BEN")
        ben = org.viewers["ben"].account_id
        assert found.named == {ben}
        (row,) = org.control.access_rows()
        assert (row.subjects, org.control.named_accounts(row.named)) == (1, (ben,))
        assert org.control.readers_of(org.viewers["ada"].account_id) == ()
        assert len(org.control.readers_of(ben)) == 1


def test_everybodys_are_refused_to_people_and_nobody(tmp_path: Path) -> None:
    with organisation(tmp_path) as org:
        for ask in (org.answers.sources, org.answers.disagreements):
            with pytest.raises(Refused):
                ask(org.viewers["ada"], "org")
            with pytest.raises(Refused):
                ask(Viewer("", "nobody"), None)
            with pytest.raises(Invalid, match="use me or org"):
                ask(org.viewers["ada"], "dept:7")
        assert org.reads() == []


@patch.dict(TRAITS, {METRICS: FILLER})
@settings(max_examples=examples(10))
@given(
    st.lists(
        st.tuples(
            st.sampled_from([LOG, OTLP, METRICS, ROLLOUT]),
            st.sampled_from(["acc_a", "acc_b"]),
            st.sampled_from([0, 1, 2, 3, 4, 89, 90, 91, 92, 200]),
        ),
        min_size=1,
        max_size=12,
        unique=True,
    )
)
def test_a_source_has_stopped_for_all_as_it_has_for_each(
    said: list[tuple[str, str, int]],
) -> None:
    rows = [
        seen(
            source,
            account=account,
            key=str(number),
            link=str(number),
            occurred_at=NOON - ago * DAY,
        )
        for number, (source, account, ago) in enumerate(said)
    ]
    with TemporaryDirectory() as folder, ledger_in(Path(folder)) as ledger:
        ledger.append(booking(rows))
        every = completeness(ledger).sources
        each = Counter(one.source for one in coverage(ledger) if one.stopped)
    assert {one.source: one.stopped for one in every if one.stopped} == each
    assert METRICS not in each


def test_a_source_that_only_failed_is_told_too(tmp_path: Path) -> None:
    bad = Refusal(Rejected(ROLLOUT, "a.jsonl:1", "not JSON"), "acc_a")
    with ledger_in(tmp_path) as ledger:
        ledger.append(Booking(seen=SAID[:1], refused=(bad, bad)))
        own = completeness(ledger, "acc_a")
        all_of_it = completeness(ledger)
    for found in (own, all_of_it):
        (failed,) = [one for one in found.sources if one.source == ROLLOUT]
        assert (failed.witnesses, failed.first, failed.rejected) == (0, None, 2)
        said = f"2 records of {ROLLOUT} could not be read when they came in"
        assert f"{said}, the latest on 2026-11-20" in found.missing


def test_a_gap_filler_and_hours_do_not_matter(tmp_path: Path) -> None:
    said = [
        seen(LOG, key=str(n), link=str(n), occurred_at=NOON - n * HOUR)
        for n in range(5)
    ]
    with ledger_in(tmp_path) as ledger:
        ledger.append(booking(said))
        (one,) = completeness(ledger, "acc_a").sources
    assert (one.active_days, one.cadence_days, one.gap_days) == (1, None, 0)
    assert (one.silent_days, one.clients, one.machines) == (0, ("claude-code",), 0)
