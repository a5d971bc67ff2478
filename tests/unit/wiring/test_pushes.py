"""The receiving side with a real ledger behind it: nothing is taken on trust."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from mileage.domain.people import Credential
from mileage.domain.witness import (
    Activity,
    ActivityBatch,
    Reading,
    Rejected,
    WitnessBatch,
)
from mileage.ingest.projects import digest
from mileage.ingest.push_format import UNKNOWN_SOURCE, Push, Reason
from mileage.store import queries
from mileage.wiring import backups
from mileage.wiring.organisation import now, open_organisation
from mileage.wiring.pushes import Pushes
from tests.witnesses import DAY, LOG, witness

MACHINE = "mach_abcdefghijklmnop"
FLEET = Credential("t9", "", "fleet")


@pytest.fixture(scope="module")
def organisation(tmp_path_factory):
    with open_organisation(tmp_path_factory.mktemp("pushes") / "data") as opened:
        yield opened


@pytest.fixture
def alice(organisation):
    return Credential("t1", organisation.control.ensure_account("a@example.com"), "")


def take(organisation, credential, push):
    async def taking():
        return await Pushes(organisation).take(credential, push)

    receipt = asyncio.run(taking())
    organisation.pipeline.drain()
    return receipt


def push(*witnesses, source=LOG, activities=(), rejected=(), refused=()):
    reading = Reading(
        WitnessBatch.of(witnesses), ActivityBatch.of(activities), rejected
    )
    return Push(source, MACHINE, reading, refused)


def test_rows_are_in_the_ledger_once(organisation, alice):
    rows = [witness(key=f"once_{n}", link=f"req_once_{n}") for n in range(3)]
    for _ in range(3):
        receipt = take(organisation, alice, push(*rows))
        assert (receipt.witnesses, receipt.rejected) == (3, 0)
    calls = [one for one in stored(organisation) if one.startswith("once_")]
    assert sorted(calls) == ["once_0", "once_1", "once_2"]


def stored(organisation):
    cursor = organisation.ledger.cursor()
    return [key for (key,) in cursor.execute("select key from witness").fetchall()]


def test_a_greeting_says_who_answers(organisation, alice):
    receipt = take(organisation, alice, None)
    assert (receipt.witnesses, receipt.activities, receipt.rejected) == (0, 0, 0)
    assert LOG in receipt.sources
    assert "claude_code_otlp" not in receipt.sources
    assert receipt.version


def test_the_recipient_is_the_ledger_and_the_account(organisation, alice, tmp_path):
    first = take(organisation, alice, None).recipient
    assert first == take(organisation, replace(alice, token_id="t2"), None).recipient
    others = {
        take(organisation, Credential("t3", "acc_other", ""), None).recipient,
        take(organisation, FLEET, None).recipient,
        take(organisation, replace(FLEET, collector="acc_other"), None).recipient,
    }
    with open_organisation(tmp_path / "another") as another:
        others.add(take(another, alice, None).recipient)
    assert len(others) == 4
    assert first not in others
    assert alice.account_id not in first


def test_a_restored_server_is_another_recipient(organisation, alice, tmp_path):
    before = take(organisation, alice, None).recipient
    made, quiet = tmp_path / "made.backup", backups.Progress(lambda *_: None)
    prepared = backups.prepare(organisation)
    backups.pack(organisation.data, prepared, made, quiet)
    found = [before]
    for name in ("first", "second"):
        backups.unpack(made, tmp_path / name, quiet)
        for _ in range(2):
            with open_organisation(tmp_path / name) as restored:
                found.append(take(restored, alice, None).recipient)
    # Each time that it is restored, and the same for as long as it lives then.
    assert found[1] == found[2]
    assert found[3] == found[4]
    assert len(set(found)) == 3
    assert take(organisation, alice, None).recipient == before


def test_rows_of_an_unknown_source_are_refused_with_a_reason(organisation, alice):
    rows = [witness(key=f"unknown_{n}", source=LOG) for n in range(2)]
    given = push(*rows, source="somebody_elses")
    receipt = take(organisation, alice, given)
    assert (receipt.witnesses, receipt.rejected) == (0, 2)
    assert receipt.reasons == (Reason(UNKNOWN_SOURCE, 2),)
    assert not [one for one in stored(organisation) if one.startswith("unknown_")]


def test_telemetry_cannot_be_pushed_as_rows(organisation, alice):
    """Its source stands above a log's in a join: only its own door takes it."""
    given = push(witness("claude_code_otlp", key="forged"), source="claude_code_otlp")
    receipt = take(organisation, alice, given)
    assert receipt.reasons == (Reason(UNKNOWN_SOURCE, 1),)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"occurred_at": 0}, "time before 2020"),
        ({"occurred_at": now() + 3 * DAY}, "time more than a day ahead"),
        ({"output": -1}, "count below zero or above 10^12"),
        ({"output": 10**13}, "count below zero or above 10^12"),
        ({"session": "two\nlines"}, "no identifier"),
        ({"model": "x" * 257}, "no identifier"),
    ],
)
def test_rows_are_screened_again(organisation, alice, fields, reason):
    bad = witness(key="bad", **fields)
    receipt = take(organisation, alice, push(bad, witness(key="good")))
    assert (receipt.witnesses, receipt.rejected) == (1, 1)
    assert reason in receipt.reasons[0].reason
    assert "bad" not in stored(organisation)


def test_projects_are_hashed_once_more(organisation, alice):
    project = digest("git.example.com/team/app")
    take(organisation, alice, push(witness(key="project_1", project=project)))
    cursor = organisation.ledger.cursor()
    query = "select project from witness where key = 'project_1'"
    ((kept,),) = cursor.execute(query).fetchall()
    assert kept.startswith("prj_")
    assert project not in kept


def test_a_personal_token_fixes_the_account(organisation, alice):
    claimed = witness(key="claimed", identity="boss@example.com")
    take(organisation, alice, push(claimed))
    assert owner(organisation, "claimed") == (alice.account_id, False)


def test_a_collector_may_say_whose_it_is(organisation):
    boss = organisation.control.ensure_account("boss@example.com")
    claimed = witness(key="asserted", identity="boss@example.com")
    take(organisation, FLEET, push(claimed))
    assert owner(organisation, "asserted") == (boss, True)


def owner(organisation, key):
    cursor = organisation.ledger.cursor()
    query = "select account, asserted from witness where key = ?"
    ((account, asserted),) = cursor.execute(query, [key]).fetchall()
    return account, asserted


def test_activity_is_taken_too(organisation, alice):
    fact = Activity(LOG, "a1", "s", now(), "claude-code", "prompt", "", 1, None, "")
    receipt = take(organisation, alice, push(activities=[fact]))
    assert receipt.activities == 1


def test_what_the_machine_could_not_read_is_counted_here(organisation, alice):
    told = (Rejected(LOG, "log-1:2", "no JSON"),)
    before = rejections(organisation)
    receipt = take(organisation, alice, push(witness(key="told"), rejected=told))
    # The machine knows it: the receipt only tells what it does not know.
    assert receipt.rejected == 0
    assert rejections(organisation) == before + 1


def test_what_was_no_row_is_counted_and_told(organisation, alice):
    bad = (Rejected(LOG, "witness 1", "malformed"),)
    before = rejections(organisation)
    receipt = take(organisation, alice, push(rejected=bad, refused=bad))
    assert receipt.reasons == (Reason("malformed", 1),)
    assert rejections(organisation) == before + 1


def rejections(organisation):
    return sum(one.rejected for one in queries.tallies(organisation.ledger))
