from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest

from mileage.domain.tokens import TOKEN_CLASSES, Tokens
from mileage.domain.window import SECOND, Clock, Window, micros
from mileage.ingest.demo import (
    NAME,
    Shape,
    broken_records,
    front_door_bodies,
    organisation,
    rollups,
)
from mileage.sources.installed import otlp_sources
from mileage.sources.otlp import OtlpReader

COLUMNS = ("account", "hour", "client", "provider", "model", "calls", *TOKEN_CLASSES)
PLAIN = {"seed": 7, "people": 20, "door_calls": 500}


def fingerprint(org):
    digest = sha256(org.people_csv().encode())
    for body in front_door_bodies(org):
        digest.update(repr(body[:-1]).encode() + body.body)
    for batch in rollups(org):
        digest.update(repr(batch).encode())
    return digest.hexdigest()


def hour_rows(org):
    for batch in rollups(org):
        columns = [getattr(batch, name) for name in COLUMNS]
        yield from zip(*columns, strict=True)


@pytest.fixture(scope="module")
def company_rows(company):
    return list(hour_rows(company))


@pytest.fixture(scope="module")
def plain(simulate):
    return fingerprint(simulate(**PLAIN))


def test_equal_arguments_give_equal_bytes(simulate, plain):
    assert fingerprint(simulate(**PLAIN)) == plain


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8},
        {"people": 21},
        {"now": micros(datetime(2026, 11, 6, 14, 50, tzinfo=UTC))},
        {"zone": ZoneInfo("Asia/Kolkata")},
        {"door_calls": 300},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_other_argument_gives_other_bytes(simulate, plain, change):
    assert fingerprint(simulate(**PLAIN | change)) != plain


def test_the_name_says_that_it_is_simulated():
    assert "simulated" in NAME


def test_door_and_rollups_share_the_accounts(company, company_rows):
    door = {plan.account.email for plan in company.door_plans}
    covered = {row[0] for row in company_rows}
    assert not door & covered
    assert door | covered == {one.email for one in company.accounts}


def test_door_and_rollups_add_up_to_the_organisation(company, company_rows):
    calls, sums = 0, [0] * 7
    for row in company_rows:
        calls += row[5]
        sums = [a + b for a, b in zip(sums, row[6:], strict=True)]
    reader = OtlpReader(otlp_sources())
    for body in front_door_bodies(company):
        if body.path == "/v1/logs":
            batch = reader.read("logs", "protobuf", body.body).witnesses
            calls += len(batch)
            for one in batch.rows():
                sums = [a + b for a, b in zip(sums, one.tokens, strict=True)]
    assert calls == company.calls
    assert Tokens(*sums) == company.tokens


def test_rollup_columns_are_equally_long_and_rows_unique(company, company_rows):
    seen = set()
    for batch in rollups(company):
        lengths = {len(getattr(batch, name)) for name in COLUMNS}
        assert len(lengths) == 1
    for row in company_rows:
        key = row[:5]
        assert key not in seen
        seen.add(key)
        assert row[5] >= 1
        assert min(row[6:]) >= 0


def test_rollup_hours_are_hours_of_the_zone(company, company_rows):
    clock = Clock(company.zone)
    for row in company_rows:
        assert clock.hour(row[1] * SECOND) == row[1]
        assert row[1] * SECOND <= company.now


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns", "UTC"])
def test_rollup_hours_are_hours_of_any_zone(simulate, zone):
    org = simulate(seed=2, people=20, zone=ZoneInfo(zone))
    clock = Clock(org.zone)
    offsets = {row[1] % 3600 for row in hour_rows(org)}
    assert offsets == {0 if zone == "UTC" else 1800}
    assert all(clock.hour(row[1] * SECOND) == row[1] for row in hour_rows(org))


def test_batches_are_bounded(simulate, monkeypatch):
    monkeypatch.setattr("mileage.ingest.demo.hourly.ROWS", 2000)
    org = simulate(seed=2, people=150)
    sizes = [len(batch.hour) for batch in rollups(org)]
    assert len(sizes) > 3
    assert max(sizes) < 2000 + 2 * 24 * 32
    accounts = Counter(
        account for batch in rollups(org) for account in set(batch.account)
    )
    assert set(accounts.values()) == {1}


def test_an_empty_batch_is_not_yielded(simulate):
    org = simulate(seed=1, people=2)
    assert all(len(batch.hour) for batch in rollups(org))


@pytest.mark.parametrize("people", [1, 2, 5, 10, 50])
def test_small_organisations_work(people):
    now = micros(datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC))
    shape = Shape(mean_tokens=70_000_000, door_calls=2000)
    org = organisation(3, people, now, ZoneInfo("Europe/Berlin"), shape)
    bodies = list(front_door_bodies(org))
    assert bodies
    assert broken_records(org) >= 1
    assert sum(len(batch.hour) for batch in rollups(org)) > 0
    assert org.showcase.email in {plan.account.email for plan in org.door_plans}


def test_nobody_at_all_is_one_person():
    now = micros(datetime(2026, 1, 1, tzinfo=UTC))
    org = organisation(3, 0, now, ZoneInfo("UTC"))
    assert len([one for one in org.accounts if not one.service]) == 1


def test_nothing_happens_after_now_and_little_before_the_window(company, company_rows):
    window = Window.rolling(30, now=company.now, zone=company.zone)
    inside, before = 0, 0
    for row in company_rows:
        tokens = sum(row[6:])
        assert row[1] * SECOND < window.end
        if row[1] * SECOND < window.start:
            before += tokens
        else:
            inside += tokens
    assert 0 < before < 0.04 * inside


def test_a_person_covered_by_rollups_keeps_the_finer_classes(company_rows):
    found = Counter()
    for row in company_rows:
        found[row[2], "1h"] += row[6 + TOKEN_CLASSES.index("cache_write_1h")]
        found[row[2], "reasoning"] += row[6 + TOKEN_CLASSES.index("reasoning")]
    assert found["claude-code", "1h"] > 0
    assert found["claude-code", "reasoning"] > 0
    assert found["codex", "reasoning"] > 0
    assert found["codex", "1h"] == 0
