"""The personal report from local logs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.days import Days, micros
from mileage.domain.tokens import Tokens
from mileage.domain.witness import Rejected, WitnessBatch
from mileage.pricing.catalog import shipped
from mileage.reports.local import local_json, local_report
from mileage.reports.local_question import GROUPINGS, Question
from tests.local_usage import usage_in
from tests.witnesses import DAY, HOUR, LOG, NOON, ROLLOUT, witness

UTC_ZONE = ZoneInfo("UTC")
CATALOG = shipped()


class FlatPrice:
    """A catalog in which a token of a known model costs one micro-dollar."""

    def price(self, provider, model, day, tier=""):
        del provider, day
        known = model.startswith("claude") and not tier
        return self if known else None

    def cost(self, tokens):
        return tokens.total


def usage(*rows, rejected=(), files=None, prices=None):
    batches = [WitnessBatch.of([row]) for row in rows]
    files = files or {LOG: 1, ROLLOUT: 0}
    return usage_in(batches, rejected, files, prices or FlatPrice())


def asked(by="day", zone="UTC", **edges):
    return Question(ZoneInfo(zone), zone, by=by, **edges)


def report(*rows, question=None, **fields):
    return local_report(usage(*rows, **fields), question or asked())


def names(found):
    return [row.name for row in found.rows]


def test_copies_of_a_call_count_once():
    found = report(
        witness(output=5), witness(output=50, session="b"), witness(key="msg_2")
    )
    assert found.total.calls == 2
    assert found.total.tokens.output == 50 + witness().output


def test_the_same_key_in_two_sources_is_two_calls():
    assert report(witness(), witness(ROLLOUT)).total.calls == 2


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("day", ["2026-11-16", "2026-11-20", "2026-11-22"]),
        ("week", ["2026-11-16"]),
        ("month", ["2026-11"]),
        (
            "block",
            ["2026-11-16T12:00:00Z", "2026-11-20T12:00:00Z", "2026-11-22T12:00:00Z"],
        ),
        ("client", ["claude-code", "codex"]),
        ("model", ["claude-opus-4-8", "gpt"]),
        ("session", ["session-1", "s2"]),
        ("project", ["", "/home/alice"]),
    ],
)
def test_rows_are_grouped(by, expected):
    rows = (
        witness(key="a", project="", cache_read=5_000),
        witness(key="b", occurred_at=NOON - 4 * DAY, project=""),
        witness(
            ROLLOUT,
            occurred_at=NOON + 2 * DAY,
            model="gpt",
            session="s2",
            project="/home/alice",
        ),
    )
    found = report(*rows, question=asked(by))
    assert names(found) == expected
    assert sum(row.figures.calls for row in found.rows) == 3


def test_the_week_is_named_by_its_monday_and_may_begin_in_another_year():
    new_year = micros(datetime(2026, 1, 1, 12, tzinfo=UTC))
    assert names(report(witness(occurred_at=new_year), question=asked("week"))) == [
        "2025-12-29"
    ]


def test_rows_that_are_no_times_stand_by_size():
    found = report(
        witness(key="a", model="small", cache_read=1),
        witness(key="b", model="large", cache_read=9_000),
        witness(key="c", model="alike", cache_read=1),
        question=asked("model"),
    )
    assert names(found) == ["large", "alike", "small"]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("UTC", "2026-11-20"),
        ("Asia/Kolkata", "2026-11-21"),
        ("America/Los_Angeles", "2026-11-20"),
    ],
)
def test_days_are_those_of_the_zone(zone, day):
    late = witness(occurred_at=NOON + 7 * HOUR)  # 19:00 UTC, 00:30 in Kolkata
    assert names(report(late, question=asked(zone=zone))) == [day]


def test_both_days_are_included():
    rows = [
        witness(key=str(hours), occurred_at=NOON + hours * HOUR)
        for hours in (-37, -36, 0, 11, 35, 36)
    ]
    edges = {"since": date(2026, 11, 19), "until": date(2026, 11, 21)}
    found = report(*rows, question=asked(**edges))
    assert found.total.calls == 4
    assert found.window == Days(NOON - 36 * HOUR, NOON + 36 * HOUR)


def test_an_open_question_covers_all_that_was_found():
    found = report(witness(key="a"), witness(key="b", occurred_at=NOON + 3 * DAY))
    assert found.window == Days(NOON - 12 * HOUR, NOON + 3 * DAY + 12 * HOUR)
    assert found.total.calls == 2


@pytest.mark.parametrize(
    ("edges", "window", "calls"),
    [
        ({"since": date(2026, 11, 20)}, (-12, 12), 1),
        ({"until": date(2026, 11, 20)}, (-12, 12), 1),
        ({"since": date(2026, 11, 22)}, (36, 60), 0),
        ({"until": date(2026, 11, 18)}, (-60, -36), 0),
    ],
)
def test_one_open_side(edges, window, calls):
    found = report(witness(), question=asked(**edges))
    assert found.window == Days(*(NOON + hours * HOUR for hours in window))
    assert found.total.calls == calls


def test_nothing_found_has_no_window_unless_one_was_asked_for():
    assert report().window is None
    assert report(question=asked(since=date(2026, 11, 20))).window == Days(
        NOON - 12 * HOUR, NOON + 12 * HOUR
    )
    assert report().total.calls == 0
    assert report().total.cost is None


def test_a_day_of_25_hours_is_whole():
    zone = "Europe/Berlin"
    autumn = date(2026, 10, 25)
    found = report(question=asked(zone=zone, since=autumn, until=autumn))
    assert found.window.end - found.window.start == 25 * HOUR


def test_unknown_models_are_unpriced_and_never_free():
    found = report(
        witness(key="a"), witness(key="b", model="kimi"), witness(key="c", tier="odd")
    )
    assert found.total.cost == witness().tokens.total
    assert found.total.unpriced_calls == 2
    assert report(witness(model="kimi")).total.cost is None


def test_calls_whose_usage_is_not_reported_are_told_apart():
    """They are no calls without a price, and their 0 tokens are no figure."""
    blind = witness(key="b", **dict.fromkeys(Tokens._fields, 0), measure="unmeasured")
    found = report(witness(key="a"), blind, question=asked(by="client"))
    for figures in (found.total, found.rows[0].figures):
        assert (figures.calls, figures.unmeasured_calls) == (2, 1)
        assert figures.unpriced_calls == 0
    assert local_json(found)["total"]["unmeasured_calls"] == 1


def test_the_shipped_prices_know_lifetimes_of_cache_writes():
    def cost(**fields):
        row = witness(**{**dict.fromkeys(Tokens._fields, 0), **fields})
        found = local_report(usage(row, prices=CATALOG), asked())
        return found.total.cost

    short, hour = cost(cache_write=1_000_000), cost(cache_write_1h=1_000_000)
    assert short is not None
    assert hour * 5 == short * 8


def test_an_invented_model_has_no_price():
    row = witness(model="no-such-model")
    found = local_report(usage(row, prices=CATALOG), asked())
    assert (found.total.cost, found.total.unpriced_calls) == (None, 1)


def test_sources_say_how_complete_they_are():
    found = report(
        witness(key="a"),
        witness(key="a", session="copy", occurred_at=NOON + 1),
        witness(key="b", occurred_at=NOON + DAY),
        rejected=[Rejected(LOG, "x:1", "not JSON")] * 3,
        files={LOG: 2, ROLLOUT: 4},
        question=asked(until=date(2026, 11, 20)),
    )
    claude, codex = found.sources
    assert (claude.source, claude.files, claude.witnesses) == (LOG, 2, 3)
    assert (claude.calls, claude.rejected) == (2, 3)
    assert (claude.first, claude.last) == (NOON, NOON + DAY)
    assert (codex.files, codex.calls, codex.first, codex.last) == (4, 0, None, None)


FIGURES = {
    "calls",
    "input",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "output",
    "reasoning",
    "tool_input",
    "tokens",
    "cost_usd",
    "unpriced_calls",
    "unmeasured_calls",
}


@pytest.mark.parametrize("by", GROUPINGS)
def test_the_json_has_the_published_shape(by):
    written = local_json(report(witness(), question=asked(by)))
    assert set(written) == {"window", "total", "rows", "sources"}
    assert written["window"] == {
        "from": "2026-11-20T00:00:00Z",
        "until": "2026-11-21T00:00:00Z",
        "tz": "UTC",
    }
    assert set(written["total"]) == FIGURES
    told = {"from", "until", "clients", "projects", "models"}
    keys = {by, *FIGURES, *(told if by == "session" else ())}
    assert [set(row) for row in written["rows"]] == [keys]
    assert written["total"]["cost_usd"] == f"0.{witness().tokens.total:06}"
    assert written["sources"][0] == {
        "source": LOG,
        "files": 1,
        "witnesses": 1,
        "calls": 1,
        "rejected": 0,
        "ahead": 0,
        "from": "2026-11-20T12:00:00Z",
        "until": "2026-11-20T12:00:00Z",
    }


def test_the_json_of_nothing():
    written = local_json(report())
    assert written["window"] == {"from": None, "until": None, "tz": "UTC"}
    assert written["total"]["cost_usd"] is None
    assert written["rows"] == []


@given(
    st.lists(st.integers(0, 40 * 24), max_size=12),
    st.integers(0, 40),
    st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]),
)
def test_a_window_adds_up_from_its_parts(hours, cut, zone):
    rows = [
        witness(key=str(n), occurred_at=NOON + hour * HOUR)
        for n, hour in enumerate(hours)
    ]
    first, last = date(2026, 11, 19), date(2027, 1, 31)
    middle = first + timedelta(days=cut)
    parts = [
        report(*rows, question=asked(zone=zone, since=since, until=until)).total
        for since, until in ((first, middle), (middle + timedelta(days=1), last))
    ]
    whole = report(*rows, question=asked(zone=zone, since=first, until=last)).total
    assert parts[0].plus(parts[1]) == whole
    assert whole.calls == len(rows)


@given(
    st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=8),
    st.sampled_from(GROUPINGS),
)
def test_rows_add_up_to_the_total(models, by):
    rows = [
        witness(key=str(n), model=model, occurred_at=NOON + n * DAY)
        for n, model in enumerate(models)
    ]
    found = report(*rows, question=asked(by))
    assert sum(row.figures.calls for row in found.rows) == found.total.calls
    assert sum(row.figures.tokens.total for row in found.rows) == (
        found.total.tokens.total
    )
