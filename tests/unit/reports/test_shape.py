"""Figures as JSON: exact money, exact instants, one vocabulary."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.figures import (
    Board,
    BoardRow,
    Completeness,
    Figures,
    IngestStatus,
    Snapshot,
    SourceSeen,
    Standing,
)
from mileage.domain.tokens import TOKEN_CLASSES, Tokens
from mileage.domain.window import SECOND, Window, micros
from mileage.reports.shape import (
    board_json,
    completeness_json,
    dollars,
    figures_json,
    ingest_status_json,
    instant_json,
    window_json,
)

COUNTS = st.integers(min_value=0, max_value=10**15)
FIGURES = st.builds(
    Figures,
    calls=COUNTS,
    tokens=st.builds(Tokens, *[COUNTS] * len(TOKEN_CLASSES)),
    cost=st.none() | COUNTS,
    unpriced_calls=COUNTS,
)
INSTANTS = st.integers(min_value=0, max_value=4 * 10**15)
NOTHING = Completeness((), None)


@pytest.mark.parametrize(
    ("micro", "text"),
    [
        (None, None),
        (0, "0.000000"),
        (1, "0.000001"),
        (999_999, "0.999999"),
        (1_000_000, "1.000000"),
        (8_410_000_123_456, "8410000.123456"),
        (-1, "-0.000001"),
        (-1_500_000, "-1.500000"),
    ],
)
def test_dollars(micro, text):
    assert dollars(micro) == text


@given(micro=st.integers(-(10**18), 10**18))
def test_dollars_are_exact(micro):
    assert Decimal(dollars(micro)) * 1_000_000 == micro


def test_figures_have_the_published_keys_in_order():
    assert list(figures_json(Figures())) == [
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
    ]


def test_unknown_cost_is_null_and_never_zero():
    assert figures_json(Figures(calls=1, unpriced_calls=1))["cost_usd"] is None
    assert figures_json(Figures(calls=1, cost=0))["cost_usd"] == "0.000000"


@given(figures=FIGURES)
def test_tokens_is_the_sum_of_the_classes(figures):
    told = figures_json(figures)
    assert told["tokens"] == sum(told[name] for name in TOKEN_CLASSES)
    assert all(type(told[name]) is int for name in (*TOKEN_CLASSES, "calls", "tokens"))


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (None, None),
        (0, "1970-01-01T00:00:00Z"),
        (1_761_955_200 * SECOND, "2025-11-01T00:00:00Z"),
        (1_761_955_200 * SECOND + 1, "2025-11-01T00:00:00.000001Z"),
    ],
)
def test_instants(instant, text):
    assert instant_json(instant) == text


@given(instant=INSTANTS)
def test_instants_come_back(instant):
    assert micros(datetime.fromisoformat(instant_json(instant))) == instant


def test_a_window_names_its_zone():
    zone = ZoneInfo("Asia/Kolkata")
    day = datetime(2025, 11, 1, tzinfo=zone).date()
    assert window_json(Window.of_days(day, day, zone), zone.key) == {
        "from": "2025-10-31T18:30:00Z",
        "until": "2025-11-01T18:30:00Z",
        "tz": "Asia/Kolkata",
    }


def test_completeness():
    told = completeness_json(
        Completeness(
            (
                SourceSeen(
                    "codex_otlp",
                    4,
                    0,
                    SECOND,
                    rejected=1,
                    accounts=1,
                    stopped=1,
                    clients=("codex",),
                    active_days=3,
                    cadence_days=2,
                    gap_days=1,
                    silent_days=5,
                    machines=0,
                    version="0.169.0",
                    clock_ahead=-1_500_000,
                ),
                SourceSeen("x", 0, None, None),
            ),
            2 * SECOND,
            ("Nothing of Monday.",),
        )
    )
    assert told == {
        "sources": [
            {
                "source": "codex_otlp",
                "witnesses": 4,
                "from": "1970-01-01T00:00:00Z",
                "until": "1970-01-01T00:00:01Z",
                "rejected": 1,
                "accounts": 1,
                "stopped": 1,
                "clients": ["codex"],
                "active_days": 3,
                "cadence_days": 2,
                "gap_days": 1,
                "silent_days": 5,
                "machines": 0,
                "version": "0.169.0",
                "clock_ahead_seconds": -1.5,
            },
            {
                "source": "x",
                "witnesses": 0,
                "from": None,
                "until": None,
                "rejected": 0,
                "accounts": 0,
                "stopped": 0,
                "clients": [],
                "active_days": None,
                "cadence_days": None,
                "gap_days": None,
                "silent_days": None,
                "machines": None,
                "version": "",
                "clock_ahead_seconds": None,
            },
        ],
        "until": "1970-01-01T00:00:02Z",
        "missing": ["Nothing of Monday."],
    }


def test_nothing_known_is_said():
    assert completeness_json(NOTHING) == {"sources": [], "until": None, "missing": []}


ADA = Standing(
    "acc-1",
    "Ada",
    "person",
    "Engines",
    "Difference",
    Figures(2, Tokens(1, 2, 3, 4, 5, 6, 7), 1_500_000, 0),
    1,
    ("m",),
    ("codex",),
    1,
    (28,),
)
SNAPSHOT = Snapshot(
    Window(0, 30 * 86400 * SECOND),
    "UTC",
    5 * SECOND,
    ("1970-01-01",),
    ADA.figures,
    (28,),
    NOTHING,
    {},
    "",
)
BOARD = Board("tokens", "tokens", SNAPSHOT, (BoardRow(1, 28, ADA),), None, 1)


def test_a_board():
    told = board_json(BOARD)
    assert told["as_of"] == "1970-01-01T00:00:05Z"
    assert told["scope"] == "org"
    assert told["total"] == figures_json(ADA.figures)
    assert told["rows"] == [
        {
            "rank": 1,
            "rank_before": None,
            "account": "acc-1",
            "name": "Ada",
            "department": "Engines",
            "value": 28,
            "tier": None,
            "titles": [],
            "sessions": 1,
            "active_days": 1,
            "models": ["m"],
            **figures_json(ADA.figures),
        }
    ]
    assert told["own"] is None


def test_a_board_of_a_department_says_so():
    assert board_json(replace(BOARD, scope="dept:engines"))["scope"] == "dept:engines"


def test_the_own_row_below_the_cut():
    own = BoardRow(300, 7, replace(ADA, account_id="acc-300"))
    told = board_json(replace(BOARD, own=own, ranked=400))
    assert told["own"]["rank"] == 300
    assert told["own"]["account"] == "acc-300"
    assert told["ranked"] == 400
    assert [row["account"] for row in told["rows"]] == ["acc-1"]


def test_ingest_status():
    told = ingest_status_json(IngestStatus(6, 5, 4, 3, 2, 1, 0.25))
    assert {name: told[name] for name in list(told)[:7]} == {
        "accepted": 6,
        "durable": 5,
        "visible": 4,
        "rejected": 3,
        "ignored": 2,
        "duplicates": 1,
        "lag_seconds": 0.25,
    }
