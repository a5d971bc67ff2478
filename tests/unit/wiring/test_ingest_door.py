"""The door's own part: limits, and when tokens were used last."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mileage.domain.directory import Rate, TokenTerms
from mileage.domain.errors import TooMany, Unauthorised, Unavailable
from mileage.domain.settings import Settings
from mileage.domain.witness import Reading
from mileage.ingest.push_format import Push
from mileage.store.control import FILE_NAME, open_control
from mileage.web.door import routes
from mileage.wiring import ingest_door
from mileage.wiring.ingest_door import IngestDoor, Uses, rates_of
from mileage.wiring.organisation import open_organisation
from tests.otlp_bodies import API_REQUEST, log, logs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mileage.domain.people import Credential
    from mileage.wiring.organisation import Organisation


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    with open_organisation(tmp_path_factory.mktemp("door") / "data") as opened:
        yield opened


@pytest.fixture
def door(organisation: Organisation) -> Iterator[IngestDoor]:
    made = IngestDoor(organisation)
    yield made
    made.close()


def admitted(door: IngestDoor, bearer: str) -> Credential:
    return asyncio.run(door.credential(bearer))


def test_a_token_of_its_own_limit_is_asked_to_wait(
    organisation: Organisation, door: IngestDoor
) -> None:
    terms = TokenTerms(rate=Rate(requests=1))
    slow = organisation.control.create_token(collector="slow", terms=terms).secret
    for _ in range(10):
        admitted(door, slow)
    with pytest.raises(TooMany):
        admitted(door, slow)
    for _ in range(50):
        admitted(door, organisation.control.create_token(collector="other").secret)


def test_what_is_brought_counts_usable_or_not(
    organisation: Organisation, door: IngestDoor
) -> None:
    terms = TokenTerms(rate=Rate(records=1))
    secret = organisation.control.create_token(collector="g", terms=terms).secret
    given = door.prepare(admitted(door, secret), Reading(ignored=10_000), "otlp")
    asyncio.run(door.accept(given))
    with pytest.raises(TooMany) as told:
        admitted(door, secret)
    assert told.value.seconds == 3600


def test_a_push_counts_and_a_question_does_not(
    organisation: Organisation, door: IngestDoor
) -> None:
    terms = TokenTerms(rate=Rate(records=1))
    secret = organisation.control.create_token(collector="g", terms=terms).secret
    for _ in range(3):
        asyncio.run(door.take_push(admitted(door, secret), None))
    push = Push("claude_code_log", "", Reading(ignored=10_000), ())
    asyncio.run(door.take_push(admitted(door, secret), push))
    with pytest.raises(TooMany):
        admitted(door, secret)


def test_strangers_have_no_limits_to_use_up(door: IngestDoor) -> None:
    for _ in range(30):
        with pytest.raises(Unauthorised):
            admitted(door, "mlg_c_" + "a" * 43)
    assert not door._rates._accounts


def test_a_use_is_written_down_at_the_end(
    organisation: Organisation, door: IngestDoor
) -> None:
    made = organisation.control.create_token(collector="used")
    admitted(door, made.secret)
    assert organisation.control.token(made.credential_id).last_used_at is None
    door.close()
    assert organisation.control.token(made.credential_id).last_used_at


def test_the_settings_limit_nobody_who_ships(organisation: Organisation) -> None:
    rates = rates_of(organisation.policy.settings)
    for _ in range(1000):
        rates.admit("t", Rate())
        rates.bring("t", 1000)


def test_settings_are_the_usual_rate() -> None:
    rates = rates_of(Settings(requests_per_second=1, burst_seconds=2))
    rates.admit("t", Rate())
    rates.admit("t", Rate())
    with pytest.raises(TooMany):
        rates.admit("t", Rate())


class Paper:
    """Keeps what is written, and can refuse."""

    def __init__(self) -> None:
        self.written: list[dict[str, int]] = []
        self.full = False

    def __call__(self, used: Mapping[str, int]) -> None:
        if self.full:
            raise Unavailable("No space left on device")
        self.written.append(dict(used))


def test_many_uses_are_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_door, "NOTED_EVERY", 3600.0)
    paper, times = Paper(), iter(range(100))
    uses = Uses(paper, lambda: next(times))
    for _ in range(10):
        uses.note("a")
        uses.note("b")
    assert paper.written == []
    uses.close()
    assert paper.written == [{"a": 18, "b": 19}]


def test_a_use_is_written_without_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_door, "NOTED_EVERY", 0.001)
    paper = Paper()
    uses = Uses(paper, lambda: 7)
    for number in (1, 2):
        uses.note("a")
        timer = uses._timer
        if timer is not None:
            timer.join()
        assert paper.written == [{"a": 7}] * number


def test_what_a_full_disk_refused_is_written_later() -> None:
    paper = Paper()
    times = iter(range(100))
    uses = Uses(paper, lambda: next(times))
    paper.full = True
    uses.note("a")
    uses.note("b")
    uses.write()
    paper.full = False
    uses.note("a")
    uses.close()
    assert paper.written == [{"a": 2, "b": 1}]


class Hand:
    """A clock that the test turns."""

    at = 1_780_000_000_000_000

    def __call__(self) -> int:
        return self.at


def test_a_token_ends_when_the_clock_says_so_and_not_before(
    organisation: Organisation, tmp_path: Path
) -> None:
    clock = Hand()
    with open_control(tmp_path / FILE_NAME, clock=clock) as control:
        made = control.create_token(
            collector="brief", terms=TokenTerms(clock.at + 1_000_000)
        )
        door = IngestDoor(replace(organisation, control=control))
        client = TestClient(Starlette(routes=[*routes(door)]))

        def send() -> tuple[int, str]:
            headers = {"Authorization": f"Bearer {made.secret}"}
            answer = client.post(
                "/v1/logs",
                content=logs(log(API_REQUEST)),
                headers={**headers, "Content-Type": "application/json"},
            )
            return answer.status_code, answer.text

        assert send()[0] == 200
        clock.at += 999_999
        assert send()[0] == 200
        clock.at += 1
        status, said = send()
        assert status == 401
        assert f"token {made.credential_id} has expired" in said
        assert "mileage token create" in said
        assert control.audit_rows()[0].action == "expired token used"
        # A clock set back makes it valid again: the end is an instant, not an event.
        clock.at -= 2_000_000
        assert send()[0] == 200
        door.close()
