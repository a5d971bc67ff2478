"""Coverage: cadence, gaps, clocks and machines of what was heard, by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.call import SourceTraits
from mileage.domain.coverage import Coverage, Presence, coverages, kind_of
from mileage.domain.window import SECOND

TODAY = date(2026, 11, 20)
TRAITS = {
    "log": SourceTraits("log", "claude-code", 10, "link", replayable=True),
    "otlp": SourceTraits("otlp", "claude-code", 20, "link", replayable=False),
    "metrics": SourceTraits(
        "metrics", "claude-code", 5, "link", replayable=False, gap=True
    ),
    "gate": SourceTraits("gate", "litellm", 12, "link", replayable=False, gateway=True),
}


def ago(*days: int) -> tuple[date, ...]:
    return tuple(sorted(TODAY - timedelta(days=n) for n in days))


def heard(source: str, *days_ago: int, **fields: Any) -> Presence:
    days = ago(*days_ago)
    plain: dict[str, Any] = {
        "account": "acc_a",
        "source": source,
        "client": "claude-code",
        "machine": "",
        "first": days[0].toordinal(),
        "last": days[-1].toordinal(),
        "heard": 7,
        "witnesses": len(days),
        "days": days,
        "client_version": "2.1.197",
        "least_delay": None,
    }
    return Presence(**{**plain, **fields})


def covered(*rows: Presence) -> dict[str, Coverage]:
    return {one.source: one for one in coverages(rows, TRAITS, TODAY)}


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("log", "log"),
        ("otlp", "telemetry"),
        ("metrics", "filler"),
        ("gate", "gateway"),
        ("of a plugin that is gone", "log"),
    ],
)
def test_what_a_source_is(source: str, kind: str) -> None:
    assert kind_of(TRAITS.get(source)) == kind


def test_first_last_days_and_witnesses() -> None:
    one = covered(heard("log", 9, 3, 2))["log"]
    assert (one.first, one.last) == (ago(9)[0].toordinal(), ago(2)[0].toordinal())
    assert (one.last_day, one.silent_days) == (ago(2)[0], 2)
    assert (one.active_days, one.witnesses, one.version) == (3, 3, "2.1.197")
    assert not one.stopped


@pytest.mark.parametrize(
    ("days", "cadence"),
    [
        ((0,), None),
        ((1, 0), 1),
        ((7, 0), 7),
        ((10, 3, 2, 1, 0), 1),
        ((21, 14, 7, 0), 7),
        ((5, 3, 2, 0), 2),
    ],
)
def test_the_cadence_is_the_usual_distance_between_active_days(
    days: tuple[int, ...], cadence: int | None
) -> None:
    assert covered(heard("log", *days))["log"].cadence_days == cadence


def test_a_gap_is_a_day_that_another_source_saw() -> None:
    found = covered(heard("log", 6, 5, 4, 3, 2), heard("otlp", 6, 4, 2))
    assert found["otlp"].gap_days == ago(5, 3)
    assert found["log"].gap_days == ()


def test_today_and_days_before_the_first_are_no_gaps() -> None:
    found = covered(heard("log", 9, 8, 1, 0), heard("otlp", 8, 1))
    assert found["otlp"].gap_days == ()


def test_gaps_of_long_ago_are_history() -> None:
    found = covered(heard("log", 40, 31, 30, 0), heard("otlp", 40, 0))
    assert found["otlp"].gap_days == ago(30)


def test_another_client_or_account_makes_no_gap() -> None:
    found = covered(
        heard("otlp", 6, 2),
        heard("log", 4, client="codex"),
        heard("log", 3, account="acc_b"),
    )
    assert found["otlp"].gap_days == ()


@pytest.mark.parametrize(("behind", "stopped"), [(0, False), (2, False), (3, True)])
def test_a_source_stopped_when_another_went_on(behind: int, stopped: bool) -> None:  # noqa: FBT001
    found = covered(heard("log", 9, 0), heard("otlp", 9, behind))
    assert found["otlp"].stopped is stopped
    assert not found["log"].stopped


@pytest.mark.parametrize(("behind", "stopped"), [(90, True), (91, False)])
def test_a_source_of_long_ago_is_not_used_any_more(behind: int, stopped: bool) -> None:  # noqa: FBT001
    found = covered(heard("log", 100, 0), heard("otlp", 100, behind))
    assert found["otlp"].stopped is stopped


def test_a_filler_is_not_missed_and_shows_what_is() -> None:
    found = covered(heard("metrics", 9), heard("otlp", 9, 0))
    assert not found["metrics"].stopped
    found = covered(heard("metrics", 9, 0), heard("otlp", 9))
    assert found["otlp"].stopped


def test_a_single_source_has_not_stopped_however_silent() -> None:
    one = covered(heard("log", 60))["log"]
    assert (one.stopped, one.silent_days) == (False, 60)


def test_a_day_ahead_is_no_negative_silence() -> None:
    assert covered(heard("log", -1))["log"].silent_days == 0


@pytest.mark.parametrize(
    ("delays", "ahead"),
    [
        ((None,), None),
        ((5 * SECOND,), -5 * SECOND),
        ((-300 * SECOND,), 300 * SECOND),
        ((900 * SECOND, None, 3 * SECOND), -3 * SECOND),
    ],
)
def test_the_clock_is_told_by_the_least_delay(
    delays: tuple[int | None, ...], ahead: int | None
) -> None:
    rows = [
        heard("otlp", 1, machine=f"m{number}", least_delay=delay)
        for number, delay in enumerate(delays)
    ]
    assert covered(*rows)["otlp"].clock_ahead == ahead


def test_the_version_is_that_of_the_latest_call_that_names_one() -> None:
    rows = (
        heard("log", 5, machine="m1", client_version="2.1.100"),
        heard("log", 2, machine="m2", client_version="2.1.214"),
        heard("log", 1, machine="m3", client_version=""),
    )
    assert covered(*rows)["log"].version == "2.1.214"


def test_machines_are_compared_with_one_another() -> None:
    found = covered(
        heard("log", 6, 5, 1, machine="desk"), heard("log", 6, 4, machine="laptop")
    )
    desk, laptop = found["log"].machines
    assert (desk.machine, desk.last_day, desk.gap_days) == ("desk", ago(1)[0], ago(4))
    assert (laptop.active_days, laptop.gap_days) == (2, ago(5, 1))
    # Together they have seen every day.
    assert found["log"].gap_days == ()
    assert found["log"].active_days == 4


def test_a_machine_without_a_name_is_none() -> None:
    assert covered(heard("log", 1))["log"].machines == ()


DAYS = st.sets(st.integers(0, 60), min_size=1, max_size=20)


@given(st.lists(st.tuples(st.sampled_from(sorted(TRAITS)), DAYS), max_size=8))
def test_gaps_are_never_days_of_ones_own(parts: list[tuple[str, set[int]]]) -> None:
    rows = [
        heard(source, *days, machine=f"m{number}")
        for number, (source, days) in enumerate(parts)
    ]
    union = {day for row in rows for day in row.days}
    for one in coverages(rows, TRAITS, TODAY):
        own = {day for row in rows if row.source == one.source for day in row.days}
        assert not own & set(one.gap_days)
        assert set(one.gap_days) <= union
        assert one.active_days == len(own)
        assert one.witnesses == sum(
            row.witnesses for row in rows if row.source == one.source
        )
