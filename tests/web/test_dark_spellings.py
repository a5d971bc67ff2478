"""No spelling of an address gets past the dark switch; rates; readers in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.domain.darkness import Act, Darkness
from mileage.web.dark import LIGHT_FOLDERS, LIGHT_PATHS, REPORTED, stays_light
from mileage.web.page_rates import PageRates
from mileage.web.readers import what
from tests.web.darkening import LEAK, READS, FakeDark
from tests.web.stage import ADA, BOB, Stage

PAGES = ("/", "/people", "/people/acc-bob", "/api/v1/boards/tokens", "/departments")


@pytest.fixture
def stage():
    return Stage(dark=FakeDark(LEAK))


def spellings(path):
    upper = "".join(f"%{ord(one):02X}" for one in path.strip("/")[:1])
    return {
        *(path, f"{path}/", f"/{path}", f"{path}?a=/me", f"{path}#/me", f"{path};/me"),
        *(f"/me/..{path}", f"/me/%2e%2e{path}", f"/me/%2E%2E{path}", f"/.{path}"),
        *(f"/static/..{path}", f"/healthz/..{path}", f"/sign-in/..{path}"),
        *(f"{path}%00", f"{path}%2F", f"{path}%20", f"{path}\\", path.upper()),
        *(f"/{upper}{path[2:]}", f"{path}%3F/me", f"/api/v1/me/../..{path}"),
    }


@pytest.mark.parametrize("path", PAGES)
def test_no_spelling_of_a_dark_address_reaches_a_report(stage, path):
    browser, program = stage.browser(), stage.program()
    for spelling in sorted(spellings(path)):
        for client in (browser, program):
            answer = client.get(spelling)
            # A key opens no pages: to sign in is all it is offered there.
            assert answer.headers.get("location", "/sign-in") == "/sign-in"
            assert answer.status_code in (303, 404, 405, 503), spelling
            assert client is program or answer.status_code != 303, spelling
            assert "Bob" not in answer.text, spelling
    assert stage.reports.asked == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE"])
def test_no_method_gets_past_it(stage, method):
    answer = stage.browser().request(method, "/people/acc-bob")
    assert answer.status_code in (403, 405, 503)
    assert stage.reports.asked == []


@pytest.mark.parametrize(
    "header",
    ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-HTTP-Method-Override"],
)
def test_no_header_names_another_address(stage, header):
    answer = stage.browser().get("/people", headers={header: "/me"})
    assert answer.status_code == 503


@pytest.mark.parametrize("path", sorted(LIGHT_PATHS | REPORTED))
def test_what_is_listed_is_one_address_and_not_a_folder(path):
    assert stays_light(path)
    inside = f"{path}/x"
    assert stays_light(inside) == inside.startswith(LIGHT_FOLDERS)
    assert not stays_light(f"{path}x")
    assert not stays_light(path.upper())
    assert not stays_light(f"/x{path}")


@pytest.mark.parametrize("folder", LIGHT_FOLDERS)
def test_a_light_folder_ends_with_a_slash(folder):
    """Or /me would light /members, and /dark /darkroom."""
    assert folder.endswith("/")
    assert not stays_light(f"{folder[:-1]}x")


def test_what_names_many_is_not_listed_as_light():
    for word in ("people", "departments", "boards", "requests", "unclaimed", "export"):
        assert not any(word in path for path in LIGHT_PATHS), word


@pytest.mark.parametrize("path", ["/me", "/me/data", "/me/readers", "/api/v1/me"])
def test_ones_own_is_answered_in_the_dark_as_in_the_light(stage, path):
    dark = stage.browser().get(path)
    stage.dark.now = None
    light = stage.browser().get(path)
    assert (dark.status_code, light.status_code) == (200, 200)
    assert stage.reports.asked or path == "/me/data"


def test_asking_for_the_end_once_shows_nothing_yet(stage):
    stage.dark.now = Darkness(3, LEAK.began, LEAK.reason, Act(1, "acc-sam", "Sam"))
    assert stage.browser().get("/").status_code == 503
    stage.dark.now = None
    assert stage.browser().get("/").status_code == 200


def test_the_notice_is_the_reason_of_now(stage):
    browser = stage.browser()
    assert "in the press" in browser.get("/").text
    stage.dark.now = Darkness(4, LEAK.began, "A photograph.")
    text = browser.get("/").text
    assert "A photograph." in text
    assert "in the press" not in text


# How often somebody may ask


class Clock:
    at = 50.0

    def __call__(self):
        return self.at


def rates(a_minute, clock=None, **more):
    return PageRates(None, a_minute, clock or Clock(), **more)


@pytest.mark.parametrize("a_minute", [1, 2, 7, 60, 10_000])
def test_a_full_bucket_holds_a_minute(a_minute):
    limit = rates(a_minute)
    assert [limit.spend("a") for _ in range(a_minute)] == [0] * a_minute
    assert 1 <= limit.spend("a") <= 60


@pytest.mark.parametrize("a_minute", [1, 3, 7, 60, 100])
def test_whoever_waits_as_long_as_they_are_told_passes(a_minute):
    clock = Clock()
    limit = rates(a_minute, clock)
    while not (seconds := limit.spend("a")):
        pass
    for _ in range(20):
        clock.at += seconds
        assert limit.spend("a") == 0
        while not (seconds := limit.spend("a")):
            pass


def test_asking_while_refused_costs_nothing():
    clock = Clock()
    limit = rates(6, clock)
    while not limit.spend("a"):
        pass
    for _ in range(100):
        clock.at += 0.05
        limit.spend("a")
    clock.at += 5.1
    assert limit.spend("a") == 0


def test_a_crowd_of_strangers_does_not_grow_the_memory():
    limit = rates(5, most=100)
    for number in range(1000):
        limit.spend(f"machine {number}")
    assert len(limit._left) == 100
    assert "machine 999" in limit._left


def test_who_asks_again_is_not_the_first_to_be_forgotten():
    limit = rates(3, most=3)
    for who in ("a", "a", "b", "c", "a", "d", "e"):
        limit.spend(who)
    assert list(limit._left) == ["a", "d", "e"]
    assert limit.spend("a") > 0


def test_no_limit_is_none():
    stage = Stage(page_rate=0)
    browser = stage.browser()
    assert {browser.get("/me/readers").status_code for _ in range(30)} == {200}


def test_pages_that_are_not_there_and_refusals_count_too():
    stage = Stage(page_rate=4)
    codes = [stage.browser(BOB).get(f"/nothing/{one}").status_code for one in range(6)]
    assert codes == [404] * 4 + [429] * 2
    assert stage.browser(ADA).get("/me").status_code == 200


def test_a_program_is_told_in_json_when_to_come_again():
    stage = Stage(page_rate=1)
    program = stage.program()
    program.get("/api/v1/me")
    refused = program.get("/api/v1/me")
    assert refused.status_code == 429
    assert refused.json()["error"]["status"] == 429
    assert int(refused.headers["retry-after"]) in range(1, 61)


# Who looked, in words


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (("personal", "acc-ada", ""), ("your page", "you")),
        (("board", "org", "5" * 64), ("the board", "you among others")),
        (("board", "org", ""), ("the board", "possibly you")),
        (
            ("department", "dept:x", "5" * 64),
            ("a department's page", "you among others"),
        ),
        (("my_data", "acc-ada", ""), ("my data", "you")),
        (("some_new_report", "org", ""), ("some new report", "possibly you")),
    ],
)
def test_what_was_read_in_words(changed, told):
    names = ("report", "subject", "named")
    row = replace(READS[0], **dict(zip(names, changed, strict=True)))
    assert what(row) == told
