"""Deriving everything again, some hours at a time: the same answer, and every fault."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from mileage.store import verify as module
from mileage.store.verify import check_calls, verify
from tests.ledgers import booking, in_columns, ledger_in
from tests.unit.store.test_promoting import Prices
from tests.witnesses import CODEX_OTLP, HOUR, LOG, NOON, OTLP, ROLLOUT, SECOND, seen

if TYPE_CHECKING:
    from pathlib import Path

    from mileage.domain.call import Seen
    from mileage.store.ledger import Ledger


def both(number: int, at: int, later: int = SECOND) -> list[Seen]:
    """A call of two witnesses."""
    told = {"link": f"link-{number}", "session": f"s{number}"}
    return [
        seen(OTLP, key=f"o{number}", occurred_at=at, **told),
        seen(LOG, key=f"l{number}", occurred_at=at + later, **told),
    ]


def history() -> list[Seen]:
    """Plain and joined calls over many hours; some lie across two of them."""
    said = []
    for number in range(12):
        said += both(number, NOON + number * HOUR)
        said += both(100 + number, NOON + number * HOUR - SECOND, 2 * SECOND)
        codex = {"session": f"c{number}", "occurred_at": NOON + number * 2 * HOUR}
        said.append(seen(ROLLOUT, key=f"r{number}", output=7 + number, **codex))
        codex["occurred_at"] += SECOND
        said.append(seen(CODEX_OTLP, key=f"x{number}", output=7 + number, **codex))
    return said


def plain_calls() -> list[Seen]:
    return [
        seen(
            OTLP,
            key=f"p{n}",
            link=f"p{n}",
            session=f"p{n}",
            occurred_at=NOON + n * HOUR,
        )
        for n in range(12)
    ]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a ledger that each test copies."""
    folder = tmp_path_factory.mktemp("filled")
    with ledger_in(folder) as made:
        made.rules = made.rules._replace(tariffs=Prices())
        made.append(booking(history()))
        made.append(in_columns(plain_calls()))
        assert made.cursor().table("plain_call").count("*").fetchall() == [(12,)]
    return folder


@pytest.fixture
def ledger(tmp_path: Path, filled: Path):
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    with ledger_in(tmp_path) as made:
        made.rules = made.rules._replace(tariffs=Prices())
        yield made


@pytest.mark.parametrize("at_once", [1, 3, 10, 10**6])
def test_however_few_at_once_the_answer_is_the_same(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(module, "WITNESSES_AT_ONCE", at_once)
    assert check_calls(ledger) == (48, [])


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("update joined_call set output = output + 1 where seq = 1", "differs from"),
        ("delete from joined_call where account = 'acc_a'", "is missing"),
        ("delete from joined_witness where source = 'codex_otlp'", "differs from"),
        ("delete from joined_witness where client = 'codex'", "has no witness"),
        ("update plain_call set link = 'x' where seq = 2", "is current twice"),
        ("insert into plain_call select * from plain_call", "is current twice"),
        ("insert into joined_call select * from joined_call", "is current twice"),
    ],
)
@pytest.mark.parametrize("at_once", [10, 10**6])
def test_every_contradiction_is_found(
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    statement: str,
    problem: str,
) -> None:
    monkeypatch.setattr(module, "WITNESSES_AT_ONCE", at_once)
    ledger.cursor().execute(statement)
    assert any(problem in one for one in check_calls(ledger)[1])


def test_it_writes_nothing(ledger: Ledger) -> None:
    tables = ("plain_call", "joined_call", "joined_witness", "witness_id", "superseded")

    def counts() -> list[object]:
        return [ledger.cursor().table(one).count("*").fetchall() for one in tables]

    before = counts()
    assert verify(ledger) == []
    assert counts() == before


@pytest.mark.parametrize(("later", "stored"), [(HOUR, 1), (3 * HOUR, 2)])
def test_telemetry_is_one_call_in_the_hours_beside_its_own_and_said_further_away(
    tmp_path: Path, later: int, stored: int
) -> None:
    with ledger_in(tmp_path) as ledger:
        for at in (NOON, NOON + later):
            ledger.append(booking([seen(OTLP, key="again", occurred_at=at)]))
        assert ledger.cursor().table("current_call").count("*").fetchall() == [
            (stored,)
        ]
        problems = verify(ledger)
        twice = [one for one in problems if "is current twice" in one]
        assert (len(problems) > 0) == (len(twice) > 0) == (stored > 1)
