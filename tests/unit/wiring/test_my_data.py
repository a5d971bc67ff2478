"""What is kept about a person, from telemetry to the file they download."""

from __future__ import annotations

import io
import json
import stat
from contextlib import nullcontext
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from mileage.cli.person import command
from mileage.domain.directory import ORGANISATION, NamedRead, PersonRow
from mileage.domain.errors import Conflict, Invalid, NotFound, Refused
from mileage.domain.people import OPERATOR, Credential, Viewer
from mileage.domain.rights import MOST_OPEN, Answer
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest.record import Record
from mileage.store.control.held import tables_about
from mileage.wiring.operations import Operations, actions
from mileage.wiring.organisation import now, open_organisation
from tests.witnesses import OTLP, witness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.wiring.organisation import Organisation

GATE = Credential("tok_gate", "", "gate")
NUMBERS = count()
MINUTE = 60 * 1_000_000


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("my_data") / "data"


@pytest.fixture(scope="module")
def organisation(data: Path) -> Iterator[Organisation]:
    """One for all tests: each has people of its own."""
    with open_organisation(data) as opened:
        yield opened


def bring(organisation: Organisation, identity: str, *keys: str) -> None:
    at = now() - MINUTE
    rows = [
        witness(OTLP, key=key, link=key, identity=identity, occurred_at=at + number)
        for number, key in enumerate(keys)
    ]
    reading = Reading(WitnessBatch.of(rows))
    organisation.pipeline.submit(Record(GATE, "otlp", reading)).result()
    organisation.pipeline.drain()


def newcomer(organisation: Organisation, name: str) -> Viewer:
    """Somebody new with two calls; the name is the address before the @."""
    unique = f"{name}{next(NUMBERS)}"
    mail = f"{unique}@x.example"
    row = PersonRow(mail, unique, "person", "Eng", "Core", "", "", None, None)
    organisation.control.import_people([row])
    bring(organisation, mail, f"{unique}-1", f"{unique}-2")
    found = organisation.control.account_of_email(mail)
    assert found is not None
    return Viewer(found.account_id, unique)


def mail_of(viewer: Viewer) -> str:
    return f"{viewer.name}@x.example"


@pytest.fixture
def ana(organisation: Organisation) -> Viewer:
    return newcomer(organisation, "ana")


@pytest.fixture
def bo(organisation: Organisation) -> Viewer:
    return newcomer(organisation, "bo")


def file_of(organisation: Organisation, asker: Viewer, account: str) -> dict[str, Any]:
    into = io.BytesIO()
    organisation.rights.write_my_data(asker, account, into)
    return dict(json.loads(into.getvalue()))


def test_the_page_adds_up_and_the_file_has_every_row(
    organisation: Organisation, ana: Viewer, bo: Viewer
) -> None:
    kept = organisation.rights.my_data(ana, ana.account_id)
    assert (kept.name, kept.email) == (ana.name, mail_of(ana))
    assert [one["calls"] for one in kept.usage["days"]] == [2]
    assert [one["witnesses"] for one in kept.usage["sources"]] == [2]
    written = file_of(organisation, ana, ana.account_id)
    assert [one["key"] for one in written["witnesses"]] == [
        f"{ana.name}-1",
        f"{ana.name}-2",
    ]
    assert len(written["calls"]) == 2
    assert written["calls"][0]["occurred_at"].endswith("Z")
    assert bo.name not in json.dumps(written)


def test_no_secret_and_no_hash_of_one_is_in_it(
    organisation: Organisation, ana: Viewer
) -> None:
    control = organisation.control
    token = control.create_token(account_id=ana.account_id)
    key = control.create_key(ana.account_id, "read")
    control.open_key(key.secret)
    written = file_of(organisation, ana, ana.account_id)
    assert [one["token_id"] for one in written["directory"]["token"]] == [
        token.credential_id
    ]
    assert "hash" not in json.dumps(written["directory"])
    assert token.secret not in json.dumps(written)
    assert {one["action"] for one in written["changes"]} >= {
        "token created",
        "key created",
    }


def test_every_table_that_names_an_account_is_in_it(
    organisation: Organisation, ana: Viewer
) -> None:
    names = {table.name for table, _ in tables_about()}
    assert names >= {
        *("account", "identity", "membership", "token", "api_key", "session"),
        *("sign_in_link", "person_request"),
    }
    assert set(organisation.rights.my_data(ana, ana.account_id).directory) == names


def test_it_names_who_looked_and_what_one_looked_at(
    organisation: Organisation, ana: Viewer, bo: Viewer
) -> None:
    control = organisation.control
    control.record_access(
        NamedRead(
            *(bo, "board", "board", ORGANISATION, 1, "lens tokens"),
            named=(ana.account_id,),
        )
    )
    control.record_access(
        NamedRead(OPERATOR, "operations", "personal", ana.account_id, 1)
    )
    kept = organisation.rights.my_data(ana, ana.account_id)
    assert [one["viewer_name"] for one in kept.readers] == ["operator", bo.name]
    assert kept.reads == ()
    theirs = organisation.rights.my_data(bo, bo.account_id)
    assert theirs.readers == ()
    assert [one["report"] for one in theirs.reads] == ["board"]


def test_usage_that_was_claimed_is_the_claimants(
    organisation: Organisation, ana: Viewer
) -> None:
    bring(organisation, "installation:xyz", "i1")
    organisation.claims.claim(OPERATOR, "installation:xyz", mail_of(ana))
    written = file_of(organisation, ana, ana.account_id)
    assert {one["key"] for one in written["witnesses"]} == {
        f"{ana.name}-1",
        f"{ana.name}-2",
        "i1",
    }
    assert len(written["accounts"]) == 2
    identities = {one["value"] for one in written["directory"]["identity"]}
    assert identities == {mail_of(ana), "installation:xyz"}


def test_only_the_person_and_the_operator_read_it_and_the_latter_on_record(
    organisation: Organisation, ana: Viewer, bo: Viewer
) -> None:
    with pytest.raises(Refused):
        organisation.rights.my_data(bo, ana.account_id)
    organisation.rights.my_data(OPERATOR, ana.account_id)
    row = organisation.control.access_rows(subject=ana.account_id)[0]
    assert (row.report, row.subject) == ("my_data", ana.account_id)
    with pytest.raises(NotFound):
        organisation.rights.my_data(OPERATOR, "acc_nobody")


def test_requests_are_filed_answered_and_withdrawn(
    organisation: Organisation, ana: Viewer, bo: Viewer
) -> None:
    rights = organisation.rights
    asked = rights.ask(ana, "correction", " My team is Core.\r\nNot Edge. ")
    rights.ask(ana, "objection", "Not on a board.")
    assert ana.account_id in organisation.control.objectors()
    with pytest.raises(NotFound):
        rights.withdraw(bo, asked)
    with pytest.raises(Refused):
        rights.requests(bo, waiting=True)
    act = Operations(actions(organisation))
    first, second = (
        one
        for one in act.person_requests(waiting=True)
        if one.account_id == ana.account_id
    )
    assert first.text == "My team is Core.\nNot Edge."
    act.person_answer(first_answer(first.request_id))
    with pytest.raises(NotFound):
        act.person_answer(first_answer(first.request_id))
    rights.withdraw(ana, second.request_id)
    assert ana.account_id not in organisation.control.objectors()
    states = [one.state for one in rights.my_data(ana, ana.account_id).requests]
    assert states == ["granted", "withdrawn"]
    done = [row.action for row in reversed(organisation.control.audit_rows())]
    assert done[-4:] == [
        *("correction asked for", "objection asked for"),
        *("request granted", "request withdrawn"),
    ]


def first_answer(request_id: str) -> Answer:
    return Answer(request_id, granted=True, text="Corrected.")


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001, "bell\a"])
def test_what_cannot_be_read_is_not_recorded(
    organisation: Organisation, ana: Viewer, text: str
) -> None:
    with pytest.raises(Invalid):
        organisation.rights.ask(ana, "correction", text)
    with pytest.raises(Invalid):
        organisation.rights.ask(ana, "praise", "hello")  # type: ignore[arg-type]
    with pytest.raises(Refused):
        organisation.rights.ask(OPERATOR, "correction", "hello")
    assert organisation.control.requests(account_id=ana.account_id) == ()


def test_nobody_fills_the_disk_with_requests(
    organisation: Organisation, ana: Viewer
) -> None:
    for _ in range(MOST_OPEN):
        organisation.rights.ask(ana, "correction", "again")
    with pytest.raises(Conflict):
        organisation.rights.ask(ana, "correction", "again")


def test_the_command_line_exports_asks_and_answers(
    organisation: Organisation,
    data: Path,
    tmp_path: Path,
    ana: Viewer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mail = mail_of(ana)
    act = Operations(actions(organisation))
    monkeypatch.setattr("mileage.wiring.operations.operations", fixed(act))
    run = CliRunner().invoke
    place = ["--data", str(data)]
    out = tmp_path / "ana.json"
    done = run(command, ["export", mail, "--out", str(out), *place])
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert json.loads(out.read_bytes())["email"] == mail
    printed = run(command, ["export", mail, *place])
    assert json.loads(printed.output)["name"] == ana.name
    assert isinstance(
        run(command, ["export", "no@x.example", *place]).exception, NotFound
    )
    asked = run(command, ["ask", mail, "correction", "--text", "A letter.", *place])
    request_id = asked.output.strip()
    assert request_id in run(command, ["requests", "--open", *place]).output
    words = ["answer", request_id, "--decline", "--text", "It is right.", *place]
    assert run(command, words).exit_code == 0
    assert request_id not in run(command, ["requests", "--open", *place]).output
    told = json.loads(run(command, ["requests", "--json", *place]).output)
    assert [one["state"] for one in told if one["request_id"] == request_id] == [
        "declined"
    ]


def fixed(act: Operations) -> Any:
    return lambda _data: nullcontext(act)


def test_an_objection_takes_somebody_off_the_board_at_once(
    organisation: Organisation, ana: Viewer, bo: Viewer
) -> None:
    organisation.publish()
    named = {row.standing.name for row in board_of(organisation, bo)}
    assert {ana.name, bo.name} <= named
    asked = organisation.rights.ask(ana, "objection", "Not on a board.")
    assert ana.name not in {row.standing.name for row in board_of(organisation, bo)}
    organisation.rights.withdraw(ana, asked)
    assert ana.name in {row.standing.name for row in board_of(organisation, bo)}


def board_of(organisation: Organisation, viewer: Viewer) -> tuple[Any, ...]:
    return organisation.answers.board(viewer, None).rows
