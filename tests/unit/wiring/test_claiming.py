"""Claims from end to end of the process: identity, ledger, boards and records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from mileage.cli.people import command
from mileage.domain.directory import PersonRow
from mileage.domain.errors import (
    Conflict,
    Invalid,
    MileageError,
    NotFound,
    Refused,
    Unavailable,
)
from mileage.domain.people import OPERATOR, Credential, HeldRole, Viewer
from mileage.domain.witness import Reading, WitnessBatch
from mileage.ingest.record import Record
from mileage.reports.board_reading import Part
from mileage.store.verify import verify
from mileage.wiring.operations import Operations, actions
from mileage.wiring.organisation import now, open_organisation
from tests.witnesses import LOG, OTLP, witness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mileage.domain.directory import AuditRow
    from mileage.domain.figures import Board
    from mileage.wiring.organisation import Organisation

GATE = Credential("tok_gate", "", "gate")
ANA, BO = "ana@x.org", "bo@x.org"
MINUTE = 60 * 1_000_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def organisation(data: Path) -> Iterator[Organisation]:
    with open_organisation(data) as opened:
        opened.control.import_people([person(ANA, "Ana"), person(BO, "Bo")])
        yield opened


@pytest.fixture
def act(organisation: Organisation) -> Operations:
    return Operations(actions(organisation))


def person(email: str, name: str) -> PersonRow:
    return PersonRow(email, name, "person", "Eng", "Core", "", "", None, None)


def bring(
    organisation: Organisation, identity: str, *keys: str, source: str = OTLP
) -> None:
    at = now() - MINUTE
    rows = [
        witness(source, key=key, link=key, identity=identity, occurred_at=at + number)
        for number, key in enumerate(keys)
    ]
    reading = Reading(WitnessBatch.of(rows))
    organisation.pipeline.submit(Record(GATE, "otlp", reading)).result()
    organisation.pipeline.drain()


def published(organisation: Organisation, viewer: Viewer = OPERATOR) -> Board:
    organisation.publish()
    return organisation.answers.board(viewer, None)


def calls(board: Board) -> dict[str, int]:
    return {
        row.standing.name: row.standing.figures.calls
        for row in (*board.rows, *((board.own,) if board.own else ()))
    }


def actions_of(organisation: Organisation) -> list[str]:
    return [row.action for row in reversed(changes(organisation))]


def changes(organisation: Organisation) -> list[AuditRow]:
    """Return what was changed since the purposes in force were noted at first."""
    rows = organisation.control.audit_rows()
    return [row for row in rows if row.action != "purposes changed"]


def test_a_claim_moves_all_of_it_and_no_total(
    organisation: Organisation, act: Operations
) -> None:
    bring(organisation, ANA, "a1")
    bring(organisation, "installation:77", "u1", "u2")
    before = published(organisation)
    assert calls(before) == {"Ana": 1, "installation 77": 2}
    moved = act.claim("installation:77", "Ana@X.org")
    assert (moved["person"], moved["calls"]) == ("Ana", 2)
    after = published(organisation)
    assert calls(after) == {"Ana": 3}
    assert after.snapshot.total == before.snapshot.total
    assert verify(organisation.ledger) == []
    bring(organisation, "installation:77", "u2", "u3")
    assert calls(published(organisation)) == {"Ana": 4}


def test_a_board_published_before_stays_as_it_was_to_the_byte(
    organisation: Organisation, act: Operations, data: Path
) -> None:
    bring(organisation, ANA, "a1")
    bring(organisation, "installation:77", "u1")
    then = published(organisation)
    files = {path: path.read_bytes() for path in (data / "snapshots").iterdir()}
    act.claim("installation:77", ANA)
    published(organisation)
    assert {path: path.read_bytes() for path in files} == files
    again = organisation.answers.board(OPERATOR, None, as_of=then.snapshot.as_of)
    assert again == then


def test_undoing_it_brings_back_the_same_figures(
    organisation: Organisation, act: Operations
) -> None:
    bring(organisation, ANA, "a1")
    bring(organisation, "installation:77", "u1", "u2")
    before = calls(published(organisation))
    act.claim("installation:77", ANA)
    assert act.unclaim("installation:77")["calls"] == 2
    assert calls(published(organisation)) == before
    assert verify(organisation.ledger) == []
    assert actions_of(organisation) == ["identity claimed", "identity unclaimed"]


def test_parked_identities_are_listed_with_what_they_brought(
    organisation: Organisation, act: Operations
) -> None:
    bring(organisation, ANA, "a1")
    bring(organisation, "installation:77", "u1", "u2")
    bring(organisation, "installation:77", "l1", source=LOG)
    bring(organisation, "", "c1")
    first, second = act.unclaimed()
    assert first["identity"] == "installation:77"
    assert (first["sources"], first["clients"]) == ([LOG, OTLP], ["claude-code"])
    assert (first["calls"], first["tokens"]) == (3, 3 * 1160)
    assert first["first"] < first["last"]
    assert second["identity"] == "collector:gate"
    act.claim("installation:77", ANA)
    assert [one["identity"] for one in act.unclaimed()] == ["collector:gate"]
    (claim,) = act.claims()
    assert (claim["identity"], claim["person"]) == ("installation:77", "Ana")


def test_reading_the_lists_is_recorded_and_the_operators_alone(
    organisation: Organisation,
) -> None:
    organisation.control.ensure_account("installation:77")
    member = Viewer("acc_x", "X")
    answers = organisation.answers
    for ask in (answers.unclaimed, answers.claimed):
        with pytest.raises(Refused):
            ask(member)
    assert organisation.control.access_rows() == ()
    answers.unclaimed(OPERATOR)
    answers.claimed(OPERATOR)
    rows = organisation.control.access_rows()
    assert [(row.report, row.subjects) for row in rows] == [
        ("claims", 0),
        ("unclaimed", 1),
    ]


def test_a_collectors_own_usage_can_be_claimed(
    organisation: Organisation, act: Operations
) -> None:
    bring(organisation, "", "c1", "c2")
    act.claim("collector:gate", BO)
    assert calls(published(organisation)) == {"Bo": 2}


def test_a_directory_claims_by_itself_and_names_the_whole_history(
    organisation: Organisation,
) -> None:
    bring(organisation, "zoe@x.org", "z1", "z2")
    before = published(organisation)
    organisation.control.import_people([person("zoe@x.org", "Zoe")])
    bring(organisation, "zoe@x.org", "z3")
    after = published(organisation)
    assert calls(after) == {"Zoe": 3}
    assert calls(before) == {"zoe@x.org": 2}
    assert verify(organisation.ledger) == []


def test_a_claim_by_hand_outranks_a_later_import_and_can_be_taken_back(
    organisation: Organisation, act: Operations
) -> None:
    bring(organisation, "zoe@x.org", "z1", "z2")
    act.claim("zoe@x.org", ANA)
    organisation.control.import_people([person("zoe@x.org", "Zoe")])
    assert calls(published(organisation)) == {"Ana": 2}
    assert [one["identity"] for one in act.claims()] == ["zoe@x.org"]
    act.unclaim("zoe@x.org")
    assert calls(published(organisation)) == {"Zoe": 2}
    assert verify(organisation.ledger) == []


@pytest.mark.parametrize(
    ("identity", "email", "error", "said"),
    [
        ("installation:nobody", ANA, NotFound, "mileage people unclaimed"),
        (BO, ANA, Invalid, "is Bo in the directory"),
        ("installation:77", "nobody@x.org", NotFound, "mileage people import"),
        ("installation:77", "zoe@x.org", NotFound, "mileage people import"),
        ("installation:88", BO, Conflict, "mileage people unclaim installation:88"),
    ],
)
def test_what_cannot_be_claimed_says_why_and_changes_nothing(
    organisation: Organisation,
    act: Operations,
    identity: str,
    email: str,
    error: type[MileageError],
    said: str,
) -> None:
    for known in ("installation:77", "installation:88", "zoe@x.org"):
        organisation.control.ensure_account(known)
    act.claim("installation:88", ANA)
    before = actions_of(organisation), act.claims()
    with pytest.raises(error, match=said):
        act.claim(identity, email)
    assert (actions_of(organisation), act.claims()) == before


def test_what_nobody_has_claimed_is_not_given_back(
    organisation: Organisation, act: Operations
) -> None:
    organisation.control.ensure_account("installation:77")
    with pytest.raises(NotFound, match="mileage people claims"):
        act.unclaim("installation:77")
    assert actions_of(organisation) == []


def test_a_claim_that_fails_is_on_record_as_that(
    organisation: Organisation, act: Operations, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation.control.ensure_account("installation:77")

    def refuse(*_: Any) -> int:
        raise Unavailable("No space left on device")

    monkeypatch.setattr(type(organisation.ledger), "claim", refuse)
    with pytest.raises(Unavailable):
        act.claim("installation:77", ANA)
    assert actions_of(organisation) == [
        "identity claimed",
        "identity claimed: failed",
    ]


def test_a_claim_is_recorded_with_ids_only(
    organisation: Organisation, act: Operations
) -> None:
    account = organisation.control.ensure_account("installation:77")
    act.claim("installation:77", ANA)
    (row,) = changes(organisation)
    ana = organisation.control.account_of_email(ANA)
    assert ana is not None
    assert (row.subject, row.detail) == (account, f"by {ana.account_id}")
    assert (row.actor, row.actor_name) == ("", "operator")


def test_only_the_operator_claims_and_is_named_by_account(
    organisation: Organisation,
) -> None:
    organisation.control.ensure_account("installation:77")
    bo = organisation.control.account_of_email(BO)
    assert bo is not None
    member = Viewer(bo.account_id, "Bo")
    for ask in (
        lambda: organisation.claims.claim(member, "installation:77", BO),
        lambda: organisation.claims.unclaim(member, "installation:77"),
    ):
        with pytest.raises(Refused):
            ask()
    assert actions_of(organisation) == []
    organisation.claims.claim(
        Viewer(bo.account_id, "Bo", operator=True), "installation:77", BO
    )
    (row,) = changes(organisation)
    assert (row.actor, row.actor_name) == (bo.account_id, "Bo")


def test_a_namesake_that_is_parked_is_meant_where_the_other_is_a_person(
    organisation: Organisation, act: Operations
) -> None:
    organisation.control.ensure_account("unverified:bo@x.org")
    assert act.claim(BO, ANA)["identity"] == "unverified:bo@x.org"


def test_boards_of_members_name_nobody_who_is_parked(
    organisation: Organisation, act: Operations
) -> None:
    bring(organisation, "zoe@private.example", "z1", "z2")
    bring(organisation, "installation:0123456789abcdef", "u1")
    bring(organisation, ANA, "a1")
    ana = organisation.control.account_of_email(ANA)
    assert ana is not None
    shown = published(organisation, Viewer(ana.account_id, "Ana"))
    names = sorted(row.standing.name for row in shown.rows)
    assert names == ["Ana", "Unclaimed", "Unclaimed"]
    act.claim("installation:0123456789abcdef", BO)
    again = published(organisation, Viewer(ana.account_id, "Ana"))
    assert sorted(row.standing.name for row in again.rows) == ["Ana", "Bo", "Unclaimed"]


def test_nobody_who_is_parked_is_found_by_what_members_are_not_told(
    organisation: Organisation,
) -> None:
    bring(organisation, "zoe@private.example", "z1", "z2")
    organisation.publish()
    ana = organisation.control.account_of_email(ANA)
    assert ana is not None
    member = Viewer(ana.account_id, "Ana")
    steward = Viewer(ana.account_id, "Ana", roles=(HeldRole("steward"),))
    for viewer, found in ((member, 0), (steward, 0), (OPERATOR, 1)):
        part = Part(wanted="zoe", purpose="" if viewer is member else "integrity")
        assert len(organisation.answers.board(viewer, part=part).rows) == found


def test_doctor_does_not_count_what_is_claimed(
    organisation: Organisation, act: Operations
) -> None:
    def strangers() -> bool:
        return any(" to nobody yet: " in one for one in act.examine()["findings"])

    bring(organisation, "installation:77", "u1")
    assert strangers()
    act.claim("installation:77", ANA)
    assert not strangers()


def test_the_commands(data: Path) -> None:
    def run(*words: str) -> Any:
        return CliRunner().invoke(command, [*words, "--data", str(data)])

    data.mkdir()
    empty = run("unclaimed")
    assert (empty.exit_code, empty.stdout) == (0, "")
    assert "all usage belongs to somebody" in empty.stderr
    with open_organisation(data) as organisation:
        organisation.control.import_people([person(ANA, "Ana")])
        bring(organisation, "installation:77", "u1", "u2")
    header, line = run("unclaimed").stdout.splitlines()
    assert header.split() == [
        *("identity", "client", "source", "first", "last", "calls", "tokens")
    ]
    assert line.split()[:3] == ["installation:77", "claude-code", OTLP]
    assert line.split()[-2:] == ["2", "2,320"]
    claimed = run("claim", "installation:77", "--account", ANA)
    assert claimed.stdout == "installation:77 is Ana's now: 2 calls moved\n"
    assert run("claims").stdout.splitlines()[1].split()[:2] == [
        "installation:77",
        "Ana",
    ]
    (listed,) = json.loads(run("claims", "--json").stdout)
    assert listed.keys() == {"identity", "account_id", "person_id", "person"}
    undone = json.loads(run("unclaim", "installation:77", "--json").stdout)
    assert (undone["person"], undone["calls"]) == ("Ana", 2)
    (parked,) = json.loads(run("unclaimed", "--json").stdout)
    assert parked.keys() == {
        *("identity", "account_id", "sources", "clients", "first", "last"),
        *("calls", "tokens"),
    }
    assert "nobody has claimed anything" in run("claims").stderr
