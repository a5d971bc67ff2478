"""Rotation, expiry, terms and what is remembered of a token between requests."""

from __future__ import annotations

import re
import sqlite3

import pytest

from mileage.domain.directory import AS_SET, Rate, TokenTerms
from mileage.domain.errors import Conflict, NotFound, Unauthorised, Unavailable
from mileage.store.control import open_control, tokens
from mileage.store.control.audit import Change

HOUR = 3600 * 1_000_000
DAY = 24 * HOUR


@pytest.fixture
def beside(control, path, clock):
    """The same file, opened by another process."""
    with open_control(path, clock=clock) as opened:
        yield opened


@pytest.fixture
def gate(control):
    return control.create_token(collector="gate")


def refusal(control, secret):
    with pytest.raises(Unauthorised) as refused:
        control.credential(secret)
    return str(refused.value)


def actions(control):
    return [row.action for row in reversed(control.audit_rows())]


def test_a_new_secret_and_the_one_before_both_work_for_the_overlap(
    control, gate, clock
):
    made = control.rotate_token(gate.credential_id, DAY)
    assert made.credential_id == gate.credential_id
    assert made.secret != gate.secret
    assert made.secret.startswith("mlg_c_")
    clock.forward(days=1, seconds=-1)
    assert control.credential(gate.secret) == control.credential(made.secret)
    clock.forward(seconds=1)
    assert "was replaced" in refusal(control, gate.secret)
    assert "mileage token rotate" in refusal(control, gate.secret)
    assert control.credential(made.secret).collector == "gate"


def test_without_an_overlap_the_secret_before_ends_at_once(control, beside, gate):
    assert control.credential(gate.secret)
    made = beside.rotate_token(gate.credential_id, 0)
    refusal(control, gate.secret)
    assert control.credential(made.secret)


def test_secrets_may_be_rotated_faster_than_they_end(control, gate, clock):
    secrets = [gate.secret]
    for _ in range(3):
        clock.forward(hours=1)
        secrets.append(control.rotate_token(gate.credential_id, 2 * HOUR).secret)
    worked = [gate.credential_id] * 3
    found = [control.credential(one).token_id for one in secrets[1:]]
    assert found == worked
    assert "was replaced" in refusal(control, secrets[0])


def test_no_former_secret_outlives_the_overlap_named_last(control, gate):
    second = control.rotate_token(gate.credential_id, DAY)
    third = control.rotate_token(gate.credential_id, 0)
    for secret in (gate.secret, second.secret):
        assert "was replaced" in refusal(control, secret)
    assert control.credential(third.secret)


def test_a_personal_token_stays_personal(control):
    account = control.ensure_account("ana@x.example")
    made = control.create_token(account_id=account)
    rotated = control.rotate_token(made.credential_id, DAY)
    assert rotated.secret.startswith("mlg_p_")
    assert control.credential(rotated.secret).account_id == account


def test_revoking_ends_every_secret_and_says_so(control, beside, gate):
    made = control.rotate_token(gate.credential_id, DAY)
    assert control.credential(gate.secret)
    assert beside.revoke_token(gate.credential_id)
    for secret in (gate.secret, made.secret):
        assert "was revoked" in refusal(control, secret)


def test_replaced_secrets_are_forgotten_in_the_end(control, gate, clock, path):
    control.rotate_token(gate.credential_id, DAY)
    clock.forward(days=92)
    control.rotate_token(gate.credential_id, DAY)
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT count(*) FROM former_secret").fetchone()
    connection.close()
    assert rows == (1,)
    assert "no valid ingest token" in refusal(control, gate.secret)


def test_a_list_says_until_when_a_former_secret_works(control, gate, clock):
    control.rotate_token(gate.credential_id, DAY)
    (listed,) = control.tokens()
    assert listed.former_until == clock.instant + DAY
    clock.forward(days=1)
    (listed,) = control.tokens()
    assert listed.former_until is None


@pytest.mark.parametrize("over", ["revoked", "expired"])
def test_what_is_over_is_not_rotated(control, clock, over):
    made = control.create_token(collector="g", terms=TokenTerms(clock.instant + DAY))
    if over == "revoked":
        control.revoke_token(made.credential_id)
    clock.forward(days=2)
    with pytest.raises(Conflict, match="mileage token create"):
        control.rotate_token(made.credential_id, DAY)


@pytest.mark.parametrize(
    "change",
    [
        lambda control: control.rotate_token("tok_x", 0),
        lambda control: control.change_token("tok_x", TokenTerms()),
        lambda control: control.revoke_token("tok_x"),
        lambda control: control.token("tok_x"),
    ],
)
def test_what_is_not_there_cannot_be_changed(control, change):
    with pytest.raises(NotFound, match="mileage token list"):
        change(control)
    assert control.audit_rows() == ()


def test_terms_hold_from_the_next_request_on(control, beside, gate, clock):
    assert control.admitted(gate.secret).rate == AS_SET
    assert control.bounds(gate.credential_id) == ()
    terms = TokenTerms(clock.instant + DAY, Rate(5, 0), ("x.org", "y.org"))
    beside.change_token(gate.credential_id, terms)
    assert control.admitted(gate.secret).rate == Rate(5, 0)
    assert control.bounds(gate.credential_id) == ("x.org", "y.org")
    listed = control.token(gate.credential_id)
    assert TokenTerms(listed.expires_at, listed.rate, listed.domains) == terms
    clock.forward(days=1)
    refusal(control, gate.secret)


def test_a_token_that_expired_may_be_given_more_time(control, clock):
    made = control.create_token(collector="g", terms=TokenTerms(clock.instant + DAY))
    clock.forward(days=2)
    said = refusal(control, made.secret)
    assert f"mileage token change {made.credential_id} --expires" in said
    control.change_token(made.credential_id, TokenTerms(clock.instant + DAY))
    assert control.credential(made.secret)
    control.revoke_token(made.credential_id)
    with pytest.raises(Conflict):
        control.change_token(made.credential_id, TokenTerms())


def test_the_first_use_of_an_expired_token_is_recorded_and_no_other(
    control, beside, clock
):
    made = control.create_token(collector="g", terms=TokenTerms(clock.instant + DAY))
    clock.forward(days=1)
    for _ in range(3):
        refusal(control, made.secret)
        refusal(beside, made.secret)
    assert actions(control) == ["token created", "expired token used"]
    assert control.audit_rows()[0].actor_name == "mileage"
    control.change_token(made.credential_id, TokenTerms(clock.instant + DAY))
    clock.forward(days=1)
    refusal(control, made.secret)
    assert actions(control)[-2:] == ["token changed", "expired token used"]


def test_uses_are_noted_together(control, gate, clock):
    account = control.ensure_account("ana@x.example")
    other = control.create_token(account_id=account)
    control.note_use({})
    control.note_use({gate.credential_id: 7, other.credential_id: 9, "tok_x": 1})
    used = {one.token_id: one.last_used_at for one in control.tokens()}
    assert used == {gate.credential_id: 7, other.credential_id: 9}


def test_the_use_of_a_key_is_noted_once_a_minute(control, clock):
    made = control.create_key(control.ensure_account("ana@x.example"), "read")
    first = clock.instant
    for _ in range(4):
        assert control.key_viewer(made.secret)
        clock.forward(seconds=25)
    (listed,) = control.keys()
    assert listed.last_used_at == first + 75 * 1_000_000


def test_a_key_ends_by_itself_and_so_do_its_sessions(control, clock):
    account = control.ensure_account("ana@x.example")
    made = control.create_key(account, "read", expires_at=clock.instant + HOUR)
    session = control.open_key(made.secret)
    assert control.session_viewer(session)
    clock.forward(hours=1)
    assert control.key_viewer(made.secret) is None
    assert control.session_viewer(session) is None
    with pytest.raises(Unauthorised, match="has expired"):
        control.open_key(made.secret)


def test_secrets_are_nowhere_in_the_file(control, gate, path):
    made = control.rotate_token(gate.credential_id, DAY)
    key = control.create_key(control.ensure_account("ana@x.example"), "read")
    control.dispose()
    stored = b"".join(one.read_bytes() for one in path.parent.iterdir())
    assert gate.credential_id.encode() in stored
    for secret in (gate.secret, made.secret, key.secret):
        assert secret[6:].encode() not in stored


def test_a_scanner_recognises_every_secret(control, gate):
    key = control.create_key(control.ensure_account("ana@x.example"), "read")
    for secret in (gate.secret, key.secret, control.open_key(key.secret)):
        assert re.fullmatch(r"mlg_[pckls]_[A-Za-z0-9_-]{43}", secret)


def test_every_change_leaves_a_row_that_names_no_secret(control, gate, clock):
    account = control.ensure_account("ana@x.example")
    made = control.rotate_token(gate.credential_id, DAY)
    control.change_token(gate.credential_id, TokenTerms(None, Rate(5, 9), ("x.org",)))
    control.revoke_token(gate.credential_id)
    control.revoke_token(gate.credential_id)
    key = control.create_key(account, "operator")
    control.revoke_key(key.credential_id)
    control.revoke_key(key.credential_id)
    control.record_change(Change("identity claimed", "acc_u", f"by {account}"))
    assert actions(control) == [
        "token created",
        "token rotated",
        "token changed",
        "token revoked",
        "key created",
        "key revoked",
        "identity claimed",
    ]
    rows = control.audit_rows()
    assert {(row.at, row.actor, row.actor_name) for row in rows} == {
        (clock.instant, "", "operator")
    }
    changed = rows[4]
    assert changed.subject == gate.credential_id
    assert changed.detail == ("expires never, requests 5/s, records 9/s, domains x.org")
    said = " ".join(f"{row.subject} {row.detail}" for row in rows)
    assert not [one for one in (gate, made, key) if one.secret[6:] in said]
    assert "ana" not in said
    assert len(control.audit_rows(limit=2)) == 2


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_row SET detail = ''", "DELETE FROM audit_row"]
)
def test_nobody_rewrites_the_audit(control, gate, path, statement):
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
    assert len(control.audit_rows()) == 1


def test_a_change_that_fails_leaves_no_row(control):
    with pytest.raises(NotFound):
        control.create_token(account_id="acc_nobody")
    assert control.audit_rows() == ()


def test_what_is_remembered_is_bounded(control, monkeypatch):
    monkeypatch.setattr(control._secrets, "_most", 3)
    made = [control.create_token(collector=f"g{n}") for n in range(9)]
    for one in (*made, *reversed(made)):
        assert control.credential(one.secret).token_id == one.credential_id
        assert len(control._secrets._answers) <= 3


def test_strangers_are_not_remembered(control, gate):
    for number in range(20):
        refusal(control, f"mlg_c_{number:043}")
    assert control._secrets._answers == {}


def test_a_file_that_cannot_be_watched_is_unavailable(control, gate, monkeypatch):
    control.credential(gate.secret)

    class Broken:
        def cursor(self):
            raise sqlite3.OperationalError("disk I/O error")

        def close(self):
            """There is nothing to close."""

    control._database._watcher.close()
    monkeypatch.setattr(control._database, "_watcher", Broken())
    with pytest.raises(Unavailable, match="disk I/O error"):
        control.credential(gate.secret)


def test_a_lookup_during_a_write_is_not_kept(control, beside, gate, monkeypatch):
    """What was read before somebody wrote must not outlive the write."""
    look_up = control._look_up

    def slow(secret_hash):
        found = look_up(secret_hash)
        beside.revoke_token(gate.credential_id)
        return found

    monkeypatch.setattr(control, "_look_up", slow)
    assert control.credential(gate.secret)
    monkeypatch.undo()
    assert "was revoked" in refusal(control, gate.secret)


def test_remembering_holds_a_hundred_thousand():
    assert tokens.REMEMBERED == 100_000
