"""Tokens at a running server: each change holds from the very next request on."""

from __future__ import annotations

import json
import time

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from mileage.domain.directory import PersonRow, Rate, TokenTerms
from mileage.store.control import FILE_NAME, open_control
from mileage.wiring.operations import operations
from tests.otlp_bodies import API_REQUEST, log, logs, packed_logs
from tests.road.station import JSON, PATIENCE, free_port, station_in, until

LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
POLICY = "[door]\nburst_seconds = 1\n"
WORKS, UNKNOWN, LATER = 200, 401, 429
SECOND = 1_000_000
ZOE = PersonRow("zoe@x.example", "Zoe", "person", "", "", "", "", None, None)


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokens")
    with station_in(folder, POLICY, grpc_port=free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def key(station):
    return station.key(scope="operator")


def body(*numbers, **changed):
    events = [{**API_REQUEST, "request_id": f"req_{n}", **changed} for n in numbers]
    return logs(*map(log, events))


def post(station, secret, *numbers, **changed):
    return station.post(body(*numbers, **changed), secret, content_type=JSON)


def over_grpc(station, secret, *numbers):
    """Return the error of an export, None when it is taken."""
    with grpc.insecure_channel(f"127.0.0.1:{station.grpc_port}") as channel:
        try:
            channel.unary_unary(LOGS)(
                packed_logs(body(*numbers)),
                metadata=(("authorization", f"Bearer {secret}"),),
                timeout=PATIENCE,
            )
        except grpc.RpcError as error:
            return error
    return None


def beside(station):
    """What commands do, in this process: starting one for each takes too long."""
    return open_control(station.data / FILE_NAME, clock=micros)


def made(station, name="gate", **terms):
    with beside(station) as control:
        return control.create_token(collector=name, terms=TokenTerms(**terms))


def rotated(station, token_id, overlap):
    with beside(station) as control:
        return control.rotate_token(token_id, overlap).secret


def test_a_revoked_token_is_refused_at_the_very_next_request(station):
    token_id, secret = made(station)
    for _ in range(20):
        assert post(station, secret, 1).status == WORKS
    assert over_grpc(station, secret, 1) is None
    assert station.run("token", "revoke", token_id).returncode == 0
    refusal = post(station, secret, 2)
    assert refusal.status == UNKNOWN
    assert refusal.headers["www-authenticate"] == 'Bearer realm="mileage"'
    said = refusal.json["message"]
    assert f"token {token_id} was revoked" in said
    assert "mileage token create" in said
    error = over_grpc(station, secret, 2)
    assert error.code() == grpc.StatusCode.UNAUTHENTICATED
    assert error.details() == said


def test_both_secrets_of_a_rotation_work_and_one_ends(station):
    token_id, before = made(station)
    after = rotated(station, token_id, 60 * SECOND)
    for secret in (before, after):
        assert post(station, secret, 1).status == WORKS
        assert over_grpc(station, secret, 1) is None
    last = rotated(station, token_id, 0)
    for secret in (before, after):
        refusal = post(station, secret, 1)
        assert refusal.status == UNKNOWN
        assert "was replaced" in refusal.json["message"]
        assert over_grpc(station, secret, 1).code() == grpc.StatusCode.UNAUTHENTICATED
    assert post(station, last, 1).status == WORKS


def test_a_token_ends_by_itself(station):
    token = made(station, expires_at=micros() + 2 * SECOND)
    assert post(station, token.secret, 1).status == WORKS
    refusal = until(
        lambda: (one := post(station, token.secret, 1)).status != WORKS and one,
        "the token's end",
        seconds=20,
    )
    assert refusal.status == UNKNOWN
    assert "has expired" in refusal.json["message"]
    with beside(station) as control:
        control.change_token(token.credential_id, TokenTerms())
    assert post(station, token.secret, 1).status == WORKS


def micros():
    return time.time_ns() // 1000


def test_whoever_comes_too_often_waits_and_then_delivers_everything(station, key):
    _, secret = made(station, rate=Rate(requests=1))
    before = station.settled(key)["accepted"]
    waits = []
    for number in range(1000, 1004):
        while (answer := post(station, secret, number)).status != WORKS:
            assert answer.status == LATER, answer
            waits.append(int(answer.headers["retry-after"]))
            assert "may bring 1 requests a second" in answer.json["message"]
            time.sleep(waits[-1])
    assert waits
    assert set(waits) == {1}
    assert station.settled(key)["accepted"] - before == 4


def test_a_large_batch_passes_and_the_next_waits_over_both_transports(station, key):
    token_id, secret = made(station, rate=Rate(records=10))
    before = station.settled(key)["accepted"]
    assert post(station, secret, *range(2000, 2600)).status == WORKS
    answer = post(station, secret, 2600)
    assert answer.status == LATER
    assert 30 < int(answer.headers["retry-after"]) <= 60
    error = over_grpc(station, secret, 2600)
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert 30 < retry_seconds(error) <= 60
    with beside(station) as control:
        control.change_token(token_id, TokenTerms())
    assert post(station, secret, 2600).status == WORKS
    assert station.settled(key)["accepted"] - before == 601


def retry_seconds(error):
    trailers = dict(error.trailing_metadata())
    status = Status.FromString(trailers["grpc-status-details-bin"])
    info = RetryInfo()
    assert status.details[0].Unpack(info)
    return info.retry_delay.seconds


def test_nobody_else_waits_for_a_token_that_must(station):
    _, slow = made(station, rate=Rate(records=1))
    _, free = made(station)
    assert post(station, slow, *range(60)).status == WORKS
    assert post(station, slow, 1).status == LATER
    assert {post(station, free, 1).status for _ in range(40)} == {WORKS}


def test_what_a_token_may_say_is_parked_or_booked(station, key):
    _, bounded = made(station, domains=("they.example",))
    mails = ("eve@they.example", "alice@example.com")
    for number, mail in enumerate(mails, start=3000):
        sent = {"user.email": mail, "session.id": f"s{number}"}
        assert post(station, bounded, number, **sent).status == WORKS
    station.settled(key)
    with operations(station.data) as act:
        parked = {one["identity"]: one for one in act.unclaimed()}
    assert parked["unverified:alice@example.com"]["calls"] == 1
    assert parked["eve@they.example"]["calls"] == 1


def test_an_identity_is_claimed_while_calls_come_in(station, key):
    with beside(station) as control:
        control.import_people([ZOE])
    _, secret = made(station)
    stranger = {"user.email": "", "user.id": "u-77", "session.id": "desk"}
    for number in range(4000, 4010):
        assert post(station, secret, number, **stranger).status == WORKS
    station.settled(key)
    total = station.usage(key)["claude-code"]
    zoe = station.key("zoe@x.example")
    with operations(station.data) as act:
        (parked,) = [one for one in act.unclaimed() if one["calls"] == 10]
        moved = act.claim(parked["identity"], "zoe@x.example")
        assert (moved["person"], moved["calls"]) == ("Zoe", 10)
        assert station.usage(key)["claude-code"] == total
        assert station.usage(zoe, scope="me")["claude-code"]["calls"] == 10
        for number in range(4005, 4015):
            assert post(station, secret, number, **stranger).status == WORKS
        station.settled(key)
        assert station.usage(zoe, scope="me")["claude-code"]["calls"] == 15
        assert act.unclaim(parked["identity"])["calls"] == 15
        assert station.usage(zoe, scope="me") == {}
    assert station.run("verify").returncode == 0


def test_every_change_is_on_record_and_no_secret(station):
    token_id, secret = made(station)
    rotated(station, token_id, 0)
    with beside(station) as control:
        control.change_token(token_id, TokenTerms())
        control.revoke_token(token_id)
    done = station.run("audit", "list", "--json")
    rows = json.loads(done.stdout)
    assert {"token created", "token rotated", "token revoked", "token changed"} <= {
        row["action"] for row in rows if row["subject"] == token_id
    }
    assert secret[6:] not in done.stdout


def test_when_a_token_was_used_is_known_after_a_stop(station):
    token_id, secret = made(station)
    assert post(station, secret, 1).status == WORKS
    station.stop()
    with beside(station) as control:
        used = control.token(token_id).last_used_at
    assert micros() - 600 * SECOND < used <= micros()
