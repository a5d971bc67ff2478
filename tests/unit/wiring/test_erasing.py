"""Erasing somebody: their name is nowhere, and no sum has changed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from mileage.cli.person import command
from mileage.domain.directory import PersonRow
from mileage.domain.errors import NotFound, Unavailable
from mileage.domain.people import OPERATOR, Credential, Viewer
from mileage.domain.rights import ERASED, ERASED_NAME
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest.record import Record
from mileage.store import retention
from mileage.store.standing_files import StandingFiles
from mileage.store.verify import verify
from mileage.wiring import erasing
from mileage.wiring.operations import Operations, actions
from mileage.wiring.organisation import now, open_organisation
from tests.witnesses import OTLP, witness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.wiring.organisation import Organisation

GATE = Credential("tok_gate", "", "gate")
ANA, BO = "ana.maria@x.example", "bo@x.example"
NAME = "Ana Maria Okonkwo"
MINUTE = 60 * 1_000_000
DAY = 24 * 60 * MINUTE
APPEND_ONLY = {"access_row", "audit_row", "access_named"}
"""Others may ask who read their data; the log cannot be changed without a trace."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "SETTLING_SECONDS", 0)


@pytest.fixture
def organisation(data: Path) -> Iterator[Organisation]:
    with open_organisation(data) as opened:
        rows = [
            PersonRow(ANA, NAME, "person", "Eng", "Core", BO, "lead", None, None),
            PersonRow(BO, "Bo", "person", "Eng", "Core", ANA, "", None, None),
        ]
        opened.control.import_people(rows)
        bring(opened, ANA, "a1", "a2")
        bring(opened, "Ana.Maria@X.example", "a3")
        bring(opened, BO, "b1")
        yield opened


def bring(organisation: Organisation, identity: str, *keys: str) -> None:
    at = now() - MINUTE
    rows = [
        witness(
            OTLP, key=key, link=key, identity=identity, occurred_at=at + number,
            project="anas-secret-project",
        )
        for number, key in enumerate(keys)
    ]  # fmt: skip
    reading = Reading(WitnessBatch.of(rows))
    organisation.pipeline.submit(Record(GATE, "otlp", reading)).result()
    organisation.pipeline.drain()


def account(organisation: Organisation, email: str) -> Any:
    return organisation.control.account_of_email(email)


def sums(organisation: Organisation) -> dict[str, Any]:
    """Everything that is added up: by table, without whose it is."""
    cursor = organisation.ledger.cursor()
    asked = {
        "calls": "select day, client, model, count(*), sum(output), sum(cost) "
        "from current_call group by all order by all",
        "hours": "select hour, client, model, calls, output, cost from rollup_hour "
        "order by all",
        "days": "select day, client, sessions, calls, tokens from rollup_day "
        "order by all",
        "people": "select day, count(distinct account) from rollup_day group by all",
    }
    return {name: cursor.execute(sql).fetchall() for name, sql in asked.items()}


def files(data: Path) -> list[Path]:
    return [path for path in sorted(data.rglob("*")) if path.is_file()]


def test_the_name_goes_and_the_sums_stay(organisation: Organisation) -> None:
    ana = account(organisation, ANA)
    organisation.publish()
    before = sums(organisation)
    total = organisation.snapshots.latest().total
    done = Operations(actions(organisation)).erase_person(ANA)
    assert [(one.kind, one.policy) for one in done] == [
        ("erasure", "erasure of a person")
    ]
    assert done[0].rows > 0
    assert sums(organisation) == before
    assert verify(organisation.ledger) == []
    assert retention.check_deletions(organisation.ledger) == (1, [])
    assert account(organisation, ANA) is None
    with pytest.raises(NotFound):
        organisation.control.account(ana.account_id)
    latest = organisation.snapshots.latest()
    assert latest.total == total
    everybody = organisation.boards.everybody(latest)
    assert {one.name for one in everybody} == {"Bo", ERASED_NAME}


def owners(organisation: Organisation) -> dict[str, int]:
    """How many calls everybody has, by name."""
    asked = "select account, count(*)::integer from current_call group by all"
    rows = organisation.ledger.cursor().execute(asked).fetchall()
    names = {one.account_id: one.name for one in organisation.control.accounts()}
    return {names[who]: calls for who, calls in rows}


def tell(organisation: Organisation, credential: Credential, *rows: Any) -> None:
    reading = Reading(WitnessBatch.of(rows))
    organisation.pipeline.submit(Record(credential, "otlp", reading)).result()
    organisation.pipeline.drain()


@pytest.mark.parametrize("told_by", ["a collector", "a credential"])
def test_what_was_somebody_s_stays_the_tombstone_s_when_it_is_told_again(
    organisation: Organisation, told_by: str
) -> None:
    log = witness(key="l1", link="l1", occurred_at=now() - MINUTE)
    control, by_name = organisation.control, told_by == "a collector"

    def by(email: str) -> Credential:
        return Credential("tok", "" if by_name else control.ensure_account(email), "c")

    said = log._replace(identity=ANA if by_name else "")
    tell(organisation, by(ANA), said)
    Operations(actions(organisation)).erase_person(ANA)
    had = owners(organisation)
    assert had == {ERASED_NAME: 4, "Bo": 1}
    tell(organisation, by(ANA), said, log._replace(key="l2", link="l2", identity=ANA))
    assert owners(organisation)[ERASED_NAME] == had[ERASED_NAME]
    # Somebody whom telemetry names worse does not get it, either.
    parked = log._replace(source=OTLP, key="o", link="a1 l1", identity="installation:1")
    tell(organisation, GATE, parked)
    assert owners(organisation)[ERASED_NAME] == had[ERASED_NAME]
    assert verify(organisation.ledger) == []


@pytest.mark.parametrize("gone", [[ANA], [BO], [ANA, BO], [BO, ANA]])
def test_a_tombstone_keeps_what_it_had_and_takes_nothing(
    organisation: Organisation, gone: list[str]
) -> None:
    """Ana and Bo told of the same log, and Ana has been known longer."""
    log = witness(key="l1", link="l1", occurred_at=now() - MINUTE)
    control, kept = organisation.control, Operations(actions(organisation))
    for email in (BO, ANA):
        tell(organisation, Credential("tok", control.ensure_account(email), ""), log)
    had = owners(organisation)
    assert had == {NAME: 4, "Bo": 1}
    for email in gone:
        kept.erase_person(email)
        assert verify(organisation.ledger) == []
    # Told once more, so that it is derived once more.
    again = log._replace(output=log.output + 1)
    tell(
        organisation,
        Credential("tok", control.ensure_account("c@x.example"), ""),
        again,
    )
    assert verify(organisation.ledger) == []
    asked = "select count(*) from current_call group by account order by all"
    found = organisation.ledger.cursor().execute(asked).fetchall()
    assert found == [(1,), (4,)]
    for name, email in ((NAME, ANA), ("Bo", BO)):
        assert owners(organisation).get(name) == (None if email in gone else had[name])


def test_nothing_leads_back(organisation: Organisation, data: Path) -> None:
    control = organisation.control
    ana = account(organisation, ANA)
    me = Viewer(ana.account_id, NAME)
    control.create_token(account_id=ana.account_id)
    key = control.create_key(ana.account_id, "read")
    session = control.open_key(key.secret)
    control.create_link(me)
    organisation.rights.ask(me, "erasure", "I, Ana Maria, am leaving.")
    bring(organisation, "installation:anas-laptop", "i1")
    organisation.claims.claim(OPERATOR, "installation:anas-laptop", ANA)
    organisation.publish()
    Operations(actions(organisation)).erase_person(ANA)
    assert control.session_viewer(session) is None
    assert control.key_viewer(key.secret) is None
    found = [
        (table, row)
        for table, row in rows_of(data / "control.sqlite")
        if table not in APPEND_ONLY and says(row, ana.account_id)
    ]
    assert found == []
    assert verify(organisation.ledger) == []
    organisation.ledger.close()
    for trace in (ANA.encode(), b"anas-laptop", b"am leaving"):
        assert [file.name for file in files(data) if trace in file.read_bytes()] == []
    # The name and the former id stand in the logs, which lead to no usage.
    for file in (data / "ledger.duckdb", *(data / "segments").glob("*")):
        assert ana.account_id.encode() not in file.read_bytes(), file


def says(row: tuple[Any, ...], account_id: str) -> bool:
    told = " ".join(str(value) for value in row).lower()
    return any(one in told for one in (ANA, NAME.lower(), account_id, "anas-"))


def rows_of(path: Path) -> Iterator[tuple[str, tuple[Any, ...]]]:
    connection = sqlite3.connect(path)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    for (table,) in tables.fetchall():
        for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608
            yield table, row
    connection.close()


def test_boards_of_before_say_so_and_rank_them_no_more(
    organisation: Organisation,
) -> None:
    organisation.publish()
    as_of = organisation.snapshots.latest().as_of
    before = organisation.answers.board(OPERATOR, None, as_of=as_of)
    assert {row.standing.name for row in before.rows} == {NAME, "Bo"}
    Operations(actions(organisation)).erase_person(ANA)
    after = organisation.answers.board(OPERATOR, None, as_of=as_of)
    assert [(row.rank, row.standing.name) for row in after.rows] == [(1, "Bo")]
    assert after.snapshot.total == before.snapshot.total
    (said,) = [one for one in after.snapshot.completeness.missing if "erased" in one]
    assert said.startswith("1 of its people erased on 20")


def test_boards_of_before_say_it_once_though_it_is_begun_anew_on_another_day(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation.publish()
    as_of = organisation.snapshots.latest().as_of
    ana = account(organisation, ANA)
    organisation.control.erase_account(ana.account_id, OPERATOR)

    def killed(*_: object) -> None:
        raise Unavailable("killed")

    # Every head says it then, and every file still has the name.
    with monkeypatch.context() as patch:
        patch.setattr(StandingFiles, "bury", killed)
        with pytest.raises(Unavailable):
            erasing.finish_erasures(organisation)
    for one in organisation.boards.everybody(organisation.snapshots.latest(as_of)):
        assert one.name in {NAME, "Bo"}
    monkeypatch.setattr(organisation.control, "now", lambda: now() + 3 * DAY)
    erasing.finish_erasures(organisation)
    for name in ("30d", "7d", "quarter"):
        head = organisation.snapshots.latest(as_of, name)
        said = [one for one in head.completeness.missing if "erased" in one]
        assert [one[:27] for one in said] == ["1 of its people erased on 20"[:27]]
        everybody = organisation.boards.everybody(head)
        assert NAME not in {one.name for one in everybody}


def test_the_tombstone_keeps_its_team_for_the_sums_and_nothing_else(
    organisation: Organisation,
) -> None:
    Operations(actions(organisation)).erase_person(ANA)
    dead = [one for one in organisation.control.accounts() if one.kind == ERASED]
    (place,) = [
        one
        for one in organisation.control.memberships()
        if one.account_id == dead[0].account_id
    ]
    assert (place.department, place.team) == ("Eng", "Core")
    assert (place.manager, place.role) == ("", "")
    # Bo reported to Ana: her address stands nowhere.
    assert {one.manager for one in organisation.control.memberships()} == {""}
    assert dead[0].account_id not in {
        one.account_id for one in organisation.control.living()
    }


def test_what_is_told_again_is_not_counted_again(organisation: Organisation) -> None:
    before = sums(organisation)
    Operations(actions(organisation)).erase_person(ANA)
    bring(organisation, ANA, "a1")
    assert [row[:4] for row in sums(organisation)["days"]] == [
        row[:4] for row in before["days"]
    ]
    assert verify(organisation.ledger) == []
    # Whoever comes again is somebody new, whom nothing connects with the tombstone.
    bring(organisation, ANA, "new")
    returned = account(organisation, ANA)
    days = organisation.rights.my_data(
        Viewer(returned.account_id, ""), returned.account_id
    ).usage["days"]
    assert [one["calls"] for one in days] == [1]


def test_a_crash_in_the_middle_is_made_good(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise Unavailable("the disk is full")

    ana = account(organisation, ANA)
    with monkeypatch.context() as broken:
        broken.setattr(erasing, "erase", full)
        with pytest.raises(Unavailable):
            erasing.erase_person(organisation, ana)
    (begun,) = organisation.control.erasures_under_way()
    assert begun.account_id == ana.account_id
    (done,) = erasing.finish_erasures(organisation)
    assert done.kind == "erasure"
    assert organisation.control.erasures_under_way() == ()
    assert erasing.finish_erasures(organisation) == []
    assert verify(organisation.ledger) == []


def test_verify_finds_rows_that_still_name_somebody(
    organisation: Organisation,
) -> None:
    ana = account(organisation, ANA)
    Operations(actions(organisation)).erase_person(ANA)
    with organisation.ledger.writing() as cursor:
        cursor.execute("update rollup_day set account = ?", [ana.account_id])
    _, problems = retention.check_deletions(organisation.ledger)
    assert "rows still name people who were erased" in problems[0]


def test_the_command_says_what_it_would_do_and_asks(
    organisation: Organisation, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = Operations(actions(organisation))
    monkeypatch.setattr(
        "mileage.wiring.operations.operations", lambda _data: nullcontext(act)
    )
    run, words = CliRunner().invoke, ["erase", ANA, "--data", str(data)]
    asked = run(command, words, input="n\n")
    assert asked.exit_code == 1
    assert f"{NAME} (" in asked.output
    assert "3 witnesses and 0 activities stay" in asked.output
    assert account(organisation, ANA) is not None
    done = run(command, [*words, "--yes", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)[0]["kind"] == "erasure"
    assert isinstance(run(command, [*words, "--yes"]).exception, NotFound)
