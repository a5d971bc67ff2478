from __future__ import annotations

import time
from pathlib import Path

import pytest

from mileage.domain.directory import KEY_SCOPES, PersonRow, TokenTerms
from mileage.domain.errors import Invalid, NotFound, Unauthorised
from mileage.domain.people import Viewer
from mileage.store.control import open_control
from mileage.store.control.minting import hashed

DAY = 24 * 3600 * 1_000_000


@pytest.fixture
def ana(control):
    control.import_people(
        [PersonRow("ana@x.example", "Ana", "person", "", "", "", "", None, None)]
    )
    return control.ensure_account("ana@x.example")


def refused(control, bearer):
    with pytest.raises(Unauthorised) as refusal:
        control.credential(bearer)
    return str(refusal.value)


def test_a_personal_token_stands_for_its_account(control, ana):
    made = control.create_token(account_id=ana)
    credential = control.credential(made.secret)
    assert made.secret.startswith("mlg_p_")
    assert credential.token_id == made.credential_id
    assert (credential.account_id, credential.collector) == (ana, "")


def test_a_collector_token_stands_for_no_account(control):
    made = control.create_token(collector="Gateway EU")
    credential = control.credential(made.secret)
    assert made.secret.startswith("mlg_c_")
    assert (credential.account_id, credential.collector) == ("", "gateway eu")


@pytest.mark.parametrize("both", [{}, {"account_id": "acc_x", "collector": "gate"}])
def test_a_token_has_one_owner(control, both):
    with pytest.raises(Invalid, match="name one"):
        control.create_token(**both)


@pytest.mark.parametrize("name", ["  ", "a\nb", "a" * 400])
def test_a_collector_has_a_name_that_can_be_shown(control, name):
    with pytest.raises(Invalid):
        control.create_token(collector=name)
    assert control.tokens() == ()


def test_a_token_of_nobody_is_not_made(control):
    with pytest.raises(NotFound, match="acc_nobody"):
        control.create_token(account_id="acc_nobody")
    assert control.tokens() == ()


@pytest.mark.parametrize(
    "bearer",
    ["", "x", "mlg_p_", "mlg_p_" + "a" * 43, "mlg_c_" + "\udcff" * 43, "a" * 10**6],
)
def test_what_is_no_token_is_unauthorised(control, ana, bearer):
    control.create_token(account_id=ana)
    assert "mileage token create" in refused(control, bearer)


def test_a_token_differing_in_one_letter_is_unauthorised(control, ana):
    secret = control.create_token(account_id=ana).secret
    other = secret[:-1] + ("A" if secret[-1] != "A" else "Q")
    refused(control, other)
    refused(control, secret.upper())
    refused(control, secret + " ")


def test_the_hash_itself_opens_nothing(control, ana):
    secret = control.create_token(account_id=ana).secret
    refused(control, hashed(secret).hex())


def test_a_key_or_a_session_is_no_token_and_a_token_no_key(control, ana):
    key = control.create_key(ana, "operator").secret
    token = control.create_token(account_id=ana).secret
    session = control.open_key(key)
    refused(control, key)
    refused(control, session)
    assert control.key_viewer(token) is None
    assert control.key_viewer(session) is None
    assert control.session_viewer(key) is None


def test_a_token_lives_until_its_last_instant(control, clock, ana):
    made = control.create_token(account_id=ana, terms=TokenTerms(clock.instant + DAY))
    clock.instant += DAY - 1
    assert control.credential(made.secret).account_id == ana
    clock.instant += 1
    assert "has expired" in refused(control, made.secret)


def test_a_revoked_token_is_over_with_the_next_request(control, ana):
    made = control.create_token(account_id=ana)
    control.credential(made.secret)
    assert control.revoke_token(made.credential_id) is True
    message = refused(control, made.secret)
    assert "was revoked" in message
    assert made.credential_id in message
    assert made.secret not in message


def test_a_revocation_holds_in_every_process(control, path, clock, ana):
    made = control.create_token(account_id=ana)
    control.credential(made.secret)
    with open_control(path, clock=clock) as shell:
        shell.revoke_token(made.credential_id)
    refused(control, made.secret)


def test_revoking_twice_says_so_and_keeps_the_first_time(control, clock, ana):
    made = control.create_token(account_id=ana)
    control.revoke_token(made.credential_id)
    first = clock.instant
    clock.forward(hours=1)
    assert control.revoke_token(made.credential_id) is False
    assert control.tokens()[0].revoked_at == first


def test_one_revocation_leaves_other_tokens_alone(control, ana):
    made = [control.create_token(account_id=ana) for _ in range(3)]
    control.revoke_token(made[1].credential_id)
    control.credential(made[0].secret)
    control.credential(made[2].secret)
    refused(control, made[1].secret)


@pytest.mark.parametrize("revoke", ["revoke_token", "revoke_key"])
def test_revoking_what_is_not_there_is_not_found(control, revoke):
    with pytest.raises(NotFound, match="list"):
        getattr(control, revoke)("tok_nothing")


def test_a_key_is_not_revoked_as_a_token(control, ana):
    key = control.create_key(ana, "read")
    with pytest.raises(NotFound):
        control.revoke_token(key.credential_id)
    assert control.key_viewer(key.secret) is not None


def test_tokens_are_listed_oldest_first_without_secrets(control, clock, ana):
    personal = control.create_token(
        account_id=ana, terms=TokenTerms(clock.instant + DAY)
    )
    clock.forward(minutes=1)
    collector = control.create_token(collector="gate")
    control.revoke_token(collector.credential_id)
    first, second = control.tokens()
    assert (first.token_id, first.account_id, first.name) == (
        personal.credential_id,
        ana,
        "Ana",
    )
    assert first.expires_at == first.created_at + DAY
    assert first.revoked_at is None
    assert (second.account_id, second.name) == ("", "gate")
    assert second.expires_at is None
    assert second.revoked_at == second.created_at == clock.instant
    assert personal.secret not in repr(control.tokens())


@pytest.mark.parametrize(("scope", "operator"), [("read", False), ("operator", True)])
def test_a_key_stands_for_its_account_with_its_scope(control, ana, scope, operator):
    made = control.create_key(ana, scope)
    assert made.secret.startswith("mlg_k_")
    assert control.key_viewer(made.secret) == Viewer(ana, "Ana", operator=operator)


def test_the_scopes_are_these():
    assert KEY_SCOPES == ("read", "operator", "scim")


@pytest.mark.parametrize("key", ["", "mlg_k_" + "a" * 43, "mlg_k_" + "\x00" * 43])
def test_an_unknown_key_has_no_viewer(control, ana, key):
    control.create_key(ana, "read")
    assert control.key_viewer(key) is None


def test_a_key_of_nobody_is_not_made(control):
    with pytest.raises(NotFound):
        control.create_key("acc_nobody", "read")


def test_a_revoked_key_is_over_with_the_next_request(control, path, clock, ana):
    made = control.create_key(ana, "read")
    assert control.key_viewer(made.secret) is not None
    with open_control(path, clock=clock) as shell:
        assert shell.revoke_key(made.credential_id) is True
        assert shell.revoke_key(made.credential_id) is False
    assert control.key_viewer(made.secret) is None


def test_keys_are_listed_oldest_first_without_secrets(control, clock, ana):
    first = control.create_key(ana, "operator")
    clock.forward(minutes=1)
    second = control.create_key(ana, "read")
    control.revoke_key(second.credential_id)
    listed = control.keys()
    assert [key.key_id for key in listed] == [first.credential_id, second.credential_id]
    assert [key.scope for key in listed] == ["operator", "read"]
    assert [key.name for key in listed] == ["Ana", "Ana"]
    assert [key.revoked_at for key in listed] == [None, clock.instant]
    assert first.secret not in repr(listed)


def test_a_viewer_is_called_by_the_name_of_today(control, ana):
    made = control.create_key(ana, "read")
    control.import_people(
        [PersonRow("ana@x.example", "Ana B.", "person", "", "", "", "", None, None)]
    )
    assert control.key_viewer(made.secret) == Viewer(ana, "Ana B.")


def test_no_secret_is_in_any_file(control, path, ana):
    control.create_token(collector="gate-that-is-found")
    secrets = [
        control.create_token(account_id=ana).secret,
        control.create_token(collector="gate").secret,
        control.create_key(ana, "operator").secret,
        control.create_link(Viewer(ana, "Ana")),
    ]
    secrets.append(control.open_link(secrets[-1]))
    secrets.append(control.open_key(secrets[2]))
    bytes_on_disk = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"gate-that-is-found" in bytes_on_disk
    for secret in secrets:
        random_part = secret[len("mlg_x_") :].encode()
        assert random_part not in bytes_on_disk
        assert random_part[:12] not in bytes_on_disk


def test_no_secret_is_in_a_file_after_the_last_checkpoint(path, control, ana):
    secret = control.create_token(account_id=ana).secret
    control.dispose()
    assert [file.name for file in Path(path.parent).iterdir()] == ["control.sqlite"]
    assert secret[6:].encode() not in path.read_bytes()


def test_finding_a_token_among_many_takes_under_a_millisecond(control, ana):
    secrets = [control.create_token(account_id=ana).secret for _ in range(200)]
    spent = []
    for secret in secrets:
        before = time.thread_time()
        control.credential(secret)
        spent.append(time.thread_time() - before)
    # Of processor time, and in the median: the machine may be busy with other things.
    assert sorted(spent)[len(spent) // 2] < 0.001
