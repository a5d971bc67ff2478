"""Nobody takes all pages away: who asks too often waits, others do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.web.page_rates import PageRates
from tests.web.stage import ADA, BOB, Stage


class Clock:
    """Stands still until it is turned."""

    at = 1000.0

    def __call__(self) -> float:
        return self.at


async def nobody(scope, receive, send):
    raise AssertionError


@pytest.fixture
def clock():
    return Clock()


def rates(clock, a_minute=3, **more):
    return PageRates(nobody, a_minute, clock, **more)


def test_who_asks_too_often_waits(clock):
    limit = rates(clock)
    assert [limit.spend("a") for _ in range(5)] == [0, 0, 0, 20, 20]
    assert limit.spend("b") == 0
    clock.at += 19.9
    assert limit.spend("a") == 1
    clock.at += 0.2
    assert limit.spend("a") == 0
    clock.at += 3600
    assert [limit.spend("a") for _ in range(4)] == [0, 0, 0, 20]


def test_the_memory_is_bounded(clock):
    limit = rates(clock, most=2)
    for who in ("a", "a", "a", "b", "c"):
        assert limit.spend(who) == 0
    assert len(limit._left) == 2
    # Whoever was quiet longest starts anew.
    assert limit.spend("a") == 0


@given(st.lists(st.floats(0, 10), max_size=60), st.integers(1, 50))
def test_no_minute_holds_more_than_twice_the_limit(pauses, a_minute):
    clock = Clock()
    limit = rates(clock, a_minute)
    passed = []
    for pause in pauses:
        clock.at += pause
        if not limit.spend("a"):
            passed.append(clock.at)
    for first in passed:
        assert sum(first <= one < first + 60 for one in passed) <= 2 * a_minute + 1


@pytest.fixture
def stage():
    return Stage(page_rate=3)


@pytest.mark.parametrize("path", ["/me", "/api/v1/me"])
def test_a_person_has_one_limit_over_sessions_and_keys(stage, path):
    browser, other = stage.browser(ADA), stage.browser(ADA)
    assert [one.get("/me").status_code for one in (browser, other, browser)] == [
        200
    ] * 3
    refused = browser.get(path)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert "content-security-policy" in refused.headers
    assert stage.program("key-ada").get("/api/v1/me").status_code == 429
    assert stage.browser(BOB).get("/me").status_code == 200


def test_strangers_have_one_by_machine(stage):
    stranger = stage.stranger()
    codes = [stranger.get("/sign-in").status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    assert stage.browser(ADA).get("/me").status_code == 200


def test_what_machines_send_and_ask_is_not_counted(stage):
    stranger = stage.stranger()
    assert [stranger.get("/healthz").status_code for _ in range(9)] == [200] * 9
    assert [stranger.post("/v1/logs").status_code for _ in range(9)] == [401] * 9
