"""The outfile of Gemini CLI says what its telemetry would have said."""

from __future__ import annotations

import json
from pathlib import PurePath

import pytest

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.domain.tokens import Tokens
from mileage.sources import gemini_cli_otlp
from mileage.sources.gemini_cli_outfile import CHUNK_OBJECTS, SOURCE
from mileage.sources.indented_json import CUT_OFF
from mileage.sources.otlp import OtlpReader
from tests.gemini_qwen_logs import MARKER, SESSION, at, exported, response
from tests.otlp_bodies import log, logs
from tests.session_logs import activities, ignored, rejections, witnesses

TOOL = {
    "session.id": SESSION,
    "event.name": "gemini_cli.tool_call",
    "event.timestamp": at(2),
    "function_name": "write_file",
    "success": True,
    "decision": "accept",
    "function_args": MARKER,
}
SPAN = json.dumps({"name": MARKER, "attributes": {"gen_ai.prompt": MARKER}}, indent=2)
METRICS = json.dumps({"resource": {}, "scopeMetrics": [{"x": MARKER}]}, indent=2)


def read(*objects, activity=True):
    lines = b"".join(objects).splitlines(keepends=True)
    return list(SOURCE.read(lines, "telemetry.log", activity=activity))


def only(readings):
    assert rejections(readings) == []
    (row,) = witnesses(readings)
    return row


def test_a_response_is_a_call():
    row = only(read(exported(response())))
    assert row.tokens == Tokens(100, 900, 0, 0, 20, 5, 3)
    assert (row.source, row.client) == ("gemini_cli_outfile", "gemini-cli")
    assert (row.session, row.identity) == (SESSION, "alice@example.com")
    assert row.attended is True


def test_it_is_the_same_call_as_over_the_wire():
    filed = only(read(exported(response())))
    resource = {"user.email": "alice@example.com"}
    body = logs(log(response()), resource=resource)
    reading = OtlpReader([gemini_cli_otlp.SOURCE]).read("logs", "json", body)
    (sent,) = reading.witnesses.rows()
    assert filed == sent._replace(source="gemini_cli_outfile")
    traits = {one.traits.name: one.traits for one in (SOURCE, gemini_cli_otlp.SOURCE)}
    seen = [Seen(row, "a", asserted=False) for row in (filed, sent, filed)]
    (call,) = resolve(seen, traits)
    assert sorted(call.sources) == ["gemini_cli_otlp", "gemini_cli_outfile"]


def test_a_file_is_many_objects_of_which_some_are_calls():
    readings = read(
        SPAN.encode() + b"\n",
        exported(response()),
        exported(TOOL),
        exported(response(5)),
        METRICS.encode() + b"\n",
    )
    assert len(witnesses(readings)) == 2
    assert [(one.kind, one.name) for one in activities(readings)] == [
        ("tool_result", "write_file"),
        ("edit_accepted", "write_file"),
    ]
    assert ignored(readings) == 2
    assert rejections(readings) == []


def test_without_activity_only_calls_are_looked_at():
    readings = read(exported(TOOL), exported(response()), activity=False)
    assert (len(witnesses(readings)), activities(readings)) == (1, [])
    assert ignored(readings) == 1


def test_a_file_that_was_read_twice_tells_nothing_new():
    readings = read(exported(response()), exported(response()))
    assert len(witnesses([*readings, *readings])) == 1


def test_an_object_that_was_cut_off_is_refused_and_the_next_is_read():
    whole = exported(response())
    readings = read(whole[:-40] + b"\n", exported(response(9)))
    (one,) = rejections(readings)
    assert (one.source, one.place, one.reason) == (
        "gemini_cli_outfile",
        "telemetry.log:1",
        CUT_OFF,
    )
    assert len(witnesses(readings)) == 1


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        (response(input_token_count="many"), "missing or absurd token counts"),
        (response(**{"session.id": 7}), "no session id"),
    ],
)
def test_a_refusal_names_the_line_of_the_object(attributes, reason):
    readings = read(exported(TOOL), exported(attributes))
    (one,) = rejections(readings)
    assert one.reason == reason
    name, _, number = one.place.rpartition(":")
    assert (name, int(number)) == ("telemetry.log", exported(TOOL).count(b"\n") + 1)


def test_broken_json_is_refused():
    (one,) = rejections(read(b"{\n  oops\n}\n"))
    assert one.reason == "not JSON"


@pytest.mark.parametrize(
    "attributes", [None, [], "text", {"event.name": ["gemini_cli.api_response"]}]
)
def test_objects_of_another_shape_are_ignored(attributes):
    readings = read(exported(attributes))
    assert (witnesses(readings), rejections(readings)) == ([], [])
    assert ignored(readings) == 1


def test_resources_of_older_versions_are_read_too():
    resource = {"attributes": {"enduser.id": "u-7"}}
    assert only(read(exported(response(), resource=resource))).identity == "u-7"


@pytest.mark.parametrize(
    "resource",
    [None, {}, {"_rawAttributes": 5}, {"_rawAttributes": [1, ["a"], [2, 3]]}],
)
def test_a_resource_that_says_nothing_does_no_harm(resource):
    row = only(read(exported(response(), resource=resource)))
    assert row.identity == "installation:installation-1"


def test_without_its_own_time_an_event_has_the_records():
    untimed = response(**{"event.timestamp": None})
    assert only(read(exported(untimed))).occurred_at == 1_795_310_337_395_000


@pytest.mark.parametrize(
    "time", [None, [], [1], ["1", "2"], [1.5, 2], [-1, 0], [10**12, 0], {"s": 1}]
)
def test_a_time_that_is_none_is_refused(time):
    untimed = response(**{"event.timestamp": None})
    (one,) = rejections(read(exported(untimed, hrTime=time)))
    assert one.reason == "no time"


def test_a_long_file_is_handed_on_in_parts():
    objects = [exported(response(n), None) for n in range(CHUNK_OBJECTS + 1)]
    readings = read(*objects)
    assert [len(one.witnesses) for one in readings] == [CHUNK_OBJECTS, 1]


def test_no_command_line_no_prompt_and_no_body_gets_through():
    readings = read(exported(response()), exported(TOOL), SPAN.encode())
    assert MARKER not in repr(readings)


def test_it_is_looked_for_nowhere():
    assert SOURCE.roots(PurePath("/home/alice"), {}) == []
    assert SOURCE.patterns() == ("telemetry.log",)
