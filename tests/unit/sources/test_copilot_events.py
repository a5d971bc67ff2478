"""Events of Copilot's command line: records of responses, and sums before them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.sources import copilot_otlp, copilot_shutdowns
from mileage.sources.files import discover
from mileage.sources.jsonl import CHUNK_LINES
from tests.client_logs import (
    COPILOT,
    MARKER,
    MESSAGE,
    activities,
    answer,
    counted,
    event,
    facts,
    ignored,
    inside,
    micros,
    only,
    read,
    reasons,
    recorded,
    rows,
    shut_down,
    started,
    written,
)

TRAITS = {
    source.traits.name: source.traits
    for source in (COPILOT, copilot_otlp.SOURCE, copilot_shutdowns.SOURCE)
}
BOTH = f"{MESSAGE} {answer(1, 'req_')}"


def told(tmp_path, *lines, activity=True):
    path = written(tmp_path / "session-1" / "events.jsonl", *lines)
    return read(COPILOT, path, activity=activity)


def test_a_record_is_a_call(tmp_path):
    row = only(told(tmp_path, started(), recorded()))
    assert row.tokens == (3, 1_000, 50, 0, 7, 0, 0)
    assert row[:10] == (
        *("copilot_events", MESSAGE, BOTH, "session-1", micros(1)),
        *("copilot", "1.0.102", "anthropic", "claude-sonnet-4-5", ""),
    )
    assert row[17:] == (None, "/home/alice/code/repo", "", False, None, "", "")


def test_reasoning_lies_inside_output(tmp_path):
    row = only(told(tmp_path, recorded(used=inside(out=472, thought=409))))
    assert (row.output, row.reasoning) == (472, 409)


def test_parts_are_never_more_than_the_whole(tmp_path):
    used = {**inside(), "inputTokens": 900, "outputTokens": 5, "reasoningTokens": 9}
    row = only(told(tmp_path, recorded(used=used)))
    assert row.tokens == (0, 900, 0, 0, 0, 5, 0)


def test_absent_counts_are_none(tmp_path):
    used = {"inputTokens": 4, "outputTokens": None}
    assert only(told(tmp_path, recorded(used=used))).tokens == (4, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("fields", "key", "link"),
    [
        ({}, answer(1), BOTH),
        ({"providerCallId": None}, answer(1), answer(1)),
        ({"providerCallId": answer(1)}, answer(1), answer(1)),
        ({"apiCallId": None}, answer(1), answer(1, "req_")),
        (
            {"apiCallId": None, "accounting": None, "providerCallId": None},
            "session.usage_record-1",
            "",
        ),
        ({"apiCallId": 7, "providerCallId": []}, answer(1), ""),
    ],
)
def test_ids_of_the_provider_are_its_links(tmp_path, fields, key, link):
    row = only(told(tmp_path, started(), recorded(**fields)))
    assert (row.key, row.link) == (key, link)


def numbered(sequence, seconds=1.0):
    """What a local server answered, to which it gave a number."""
    name = "chatcmpl-417"
    own = {"sourceSessionId": "session-1", "usageId": name, "sequence": sequence}
    return recorded(name, seconds=seconds, providerCallId=None, accounting=own)


def test_numbers_that_a_local_server_gives_its_answers_are_no_names(tmp_path):
    found = counted(told(tmp_path, started(), numbered(1), numbered(2, 9)))
    assert [(row.key, row.link) for row in found] == [
        ("session-1:1:1053/7/1000/50/0", ""),
        ("session-1:2:1053/7/1000/50/0", ""),
    ]


def test_a_span_of_an_answer_that_has_but_a_number_is_the_same_call(tmp_path):
    """Known by session, model, counts and time."""
    lines = [started(), numbered(1), numbered(2, 400)]
    records = counted(told(tmp_path, *lines))
    spans = [
        row._replace(source="copilot_otlp", key=f"trace:{row.occurred_at}")
        for row in records
    ]
    seen = [Seen(row, "alice", asserted=False) for row in [*spans, *records]]
    calls = resolve(seen, TRAITS)
    assert [call.sources for call in calls] == [("copilot_otlp", "copilot_events")] * 2


def test_a_fork_copies_what_a_local_server_answered(tmp_path):
    first = only(told(tmp_path, started(), numbered(1)))
    fork = written(tmp_path / "session-2" / "events.jsonl", numbered(1, 60))
    copy = only(read(COPILOT, fork))
    assert (copy.key, copy.copied) == (first.key, True)


def test_a_record_written_twice_counts_once(tmp_path):
    assert len(counted(told(tmp_path, started(), recorded(), recorded()))) == 1


def test_two_vendors_and_one_that_is_not_named(tmp_path):
    lines = [
        recorded(answer(1), modelProvider="openai"),
        recorded(answer(2), modelProvider="other"),
        recorded(answer(3), modelProvider=None),
    ]
    found = [row.provider for row in counted(told(tmp_path, *lines))]
    assert found == ["openai", "", ""]


def test_sub_agents_are_named(tmp_path):
    lines = [
        started(),
        event("subagent.started", 1, agent="a1", agentName="explore", toolCallId="t"),
        recorded(answer(1), agent="a1", accounting={"sourceSessionId": "other"}),
        recorded(answer(2), agent="a2"),
        recorded(answer(3)),
    ]
    found = counted(told(tmp_path, *lines))
    assert [(row.agent, row.copied) for row in found] == [
        ("explore", False),
        ("a2", False),
        ("", False),
    ]


def test_records_of_the_session_that_was_forked_are_copies(tmp_path):
    origin = {"sourceSessionId": "session-0", "usageId": answer(1)}
    row = only(told(tmp_path, started(), recorded(accounting=origin)))
    assert row.copied


def test_the_folder_names_a_session_that_does_not_name_itself(tmp_path):
    assert only(told(tmp_path, recorded())).session == "session-1"


# ------------------------------------------------------------------- older sums


def test_what_a_sum_has_grown_by_is_a_call_of_that_run(tmp_path):
    """Sums go on over resumed runs; each run is told at its own end."""
    lines = [
        started(),
        shut_down(5, gpt_5=inside(fresh=10, read=100, out=1)),
        event("session.resume", 6, sessionId="session-1"),
        shut_down(
            9,
            gpt_5=inside(fresh=30, read=100, out=4, thought=2),
            claude_opus=inside(fresh=7),
        ),
    ]
    first, second, other = counted(told(tmp_path, *lines))
    assert first.tokens == (10, 100, 50, 0, 1, 0, 0)
    assert second.tokens == (20, 0, 0, 0, 3, 2, 0)
    assert (other.model, other.input) == ("claude-opus", 7)
    assert [row.occurred_at for row in (first, second, other)] == [
        *(micros(5), micros(9), micros(9)),
    ]
    assert {row.source for row in (first, second, other)} == {"copilot_shutdowns"}
    assert first.key == "session-1:gpt-5:shutdown:session.shutdown-5"
    assert first.link == ""


def test_a_session_read_again_after_it_went_on_has_the_same_rows_and_one_more(tmp_path):
    begin = [started(), shut_down(5, gpt_5=inside(10))]
    first = counted(told(tmp_path / "1", *begin))
    second = counted(told(tmp_path / "2", *begin, shut_down(9, gpt_5=inside(30))))
    assert second[:1] == first
    assert [row.input for row in second] == [10, 20]


def test_a_sum_that_has_not_grown_is_nothing_new(tmp_path):
    """Nor is one that has shrunk, until it is larger than the largest."""
    sums = [inside(30), inside(30), inside(10), inside(32)]
    lines = [shut_down(5 + n, gpt_5=used) for n, used in enumerate(sums)]
    readings = told(tmp_path, started(), *lines)
    assert [row.input for row in counted(readings)] == [30, 2]
    assert (ignored(readings), reasons(readings)) == (3, [])


counts = st.integers(0, 40)
runs = st.builds(inside, fresh=counts, out=counts, read=counts, write=counts)


@given(st.lists(runs, max_size=6))
def test_growth_adds_up_to_the_largest_sum_of_each_kind(sums):
    lines = [shut_down(n + 1, gpt_5=one) for n, one in enumerate(sums)]
    readings = list(COPILOT.read([started(), *lines], "session-1/events.jsonl"))
    found = counted(readings)
    for name, classes in (("inputTokens", slice(4)), ("outputTokens", slice(4, 6))):
        largest = max((one[name] for one in sums), default=0)
        assert sum(sum(row.tokens[classes]) for row in found) == largest
    assert len({row.key for row in found}) == len(found)


def test_telemetry_of_a_session_tells_more_than_its_sums(tmp_path):
    """In whichever order they come; of a session without any, the sums count."""
    lines = [started(), shut_down(5, gpt_5=inside(10)), shut_down(9, gpt_5=inside(30))]
    sums = counted(told(tmp_path, *lines))
    spans = [
        row._replace(source="copilot_otlp", key=f"msg_{n}", link=f"msg_{n}")
        for n, row in enumerate(sums)
    ]
    for rows_ in ([*sums, *spans], [*spans, *sums]):
        seen = [Seen(row, "alice", asserted=False) for row in rows_]
        calls = resolve(seen, TRAITS)
        assert {call.sources for call in calls} == {("copilot_otlp",)}
        assert sum(call.tokens.input for call in calls) == 30
    alone = resolve([Seen(row, "alice", asserted=False) for row in sums], TRAITS)
    assert sum(call.tokens.input for call in alone) == 30


def test_sums_beside_records_do_not_count(tmp_path):
    lines = [started(), recorded(), shut_down(9, claude_sonnet_4_5=inside())]
    assert only(told(tmp_path, *lines)).key == answer(1)


def test_a_session_that_an_older_version_began_is_complete(tmp_path):
    """Its sum before the first record, and the records; no later sum."""
    lines = [
        started(),
        shut_down(5, gpt_5=inside(fresh=10)),
        event("session.resume", 6, sessionId="session-1"),
        recorded(answer(2), inside(fresh=20), 7, model="gpt-5"),
        shut_down(9, gpt_5=inside(fresh=30, read=2_000)),
    ]
    found = counted(told(tmp_path, *lines))
    assert sorted(row.input for row in found) == [10, 20]
    assert {row.source for row in found} == {"copilot_events"}
    sums = next(row for row in found if row.input == 10)
    assert (sums.key, sums.occurred_at) == ("session-1:gpt-5:shutdown", micros(5))


def test_where_records_cannot_be_read_the_sums_are(tmp_path):
    renamed = recorded(used={"promptTokens": 3, "completionTokens": 7})
    readings = told(tmp_path, started(), renamed, shut_down(9, gpt_5=inside(30)))
    assert [row.input for row in counted(readings)] == [30]
    assert reasons(readings) == [("events.jsonl:2", "no known token count")]


@pytest.mark.parametrize(
    "event",
    [
        shut_down(9),
        shut_down(9, gpt_5=None),
        shut_down(9, gpt_5=inside(0, 0, 0, 0)),
        event("session.shutdown", 9, modelMetrics=None),
        event("session.usage_record", 9),
        event("session.usage_record", 9, usage=None),
        recorded(used=inside(0, 0, 0, 0)),
    ],
)
def test_what_tells_of_no_tokens_is_ignored(tmp_path, event):
    readings = told(tmp_path, event)
    assert (rows(readings), reasons(readings), ignored(readings)) == ([], [], 1)


# ----------------------------------------------------------------------- trouble


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{\n", "not JSON"),
        (b"[1]\n", "Expected `object`, got `array`"),
        (b'{"type":"session.usage_record"', "incomplete last line"),
        (recorded(used={**inside(), "inputTokens": -1}), "Expected `int` >= 0"),
        (recorded(used={**inside(), "outputTokens": "7"}), "Expected `int | null`"),
        (shut_down(9, gpt_5={"inputTokens": 1.5}), "Expected `int | null`"),
        (event("session.usage_record", usage=[MARKER]), "Expected `object | null`"),
        (recorded(used={}), "no known token count"),
        (recorded(used={"tokensIn": 3, "outputTokens": None}), "no known token count"),
        (shut_down(9, gpt_5={"tokensIn": 3}), "no known token count"),
        (recorded().replace(b"2026-", b"20x6-"), "no readable time"),
        (recorded().replace(b"2026-", b"2016-"), "time before 2020-01-01"),
        (shut_down(9, m=inside()).replace(b"2026-", b"x-"), "no readable time"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, line, reason):
    readings = told(tmp_path, started(), recorded(answer(9)), line)
    if b"shutdown" in line:
        readings = told(tmp_path, started(), line)
    ((place, said),) = reasons(readings)
    assert place == f"events.jsonl:{2 if b'shutdown' in line else 3}"
    assert said.startswith(reason)
    assert MARKER not in said


def test_blank_lines_are_nothing(tmp_path):
    readings = told(tmp_path, b"\n", b"  \n", recorded())
    assert len(rows(readings)) == 1
    assert (ignored(readings), reasons(readings)) == (0, [])


def test_many_lines_come_in_several_readings(tmp_path):
    lines = [recorded(answer(number)) for number in range(CHUNK_LINES + 5)]
    readings = told(tmp_path, *lines, activity=False)
    assert [len(reading.witnesses) for reading in readings] == [CHUNK_LINES, 5]


# ---------------------------------------------------------------------- activity


def test_prompts_tools_and_edits(tmp_path):
    lines = [
        started(),
        event("user.message", 1, messageId="m1", content=MARKER),
        event("user.message", 2, agent="a1", messageId="m2", content=MARKER),
        event("user.message", 3, content=MARKER),
        event("tool.execution_start", 4, toolCallId="t1", toolName="bash"),
        event("tool.execution_complete", 5, toolCallId="t1", success=True),
        event("tool.execution_start", 4, toolCallId="t2", toolName="edit"),
        event("tool.execution_complete", 5, toolCallId="t2", success=True),
        event("tool.execution_start", 4, toolCallId="t3", toolName="create"),
        event("tool.execution_complete", 5, toolCallId="t3", success=False),
        event("tool.execution_complete", 6, toolCallId="t4", success=True),
        event("assistant.message", 7, content=MARKER),
    ]
    readings = told(tmp_path, *lines)
    assert facts(readings) == {
        ("prompt", "m1", "", 1),
        ("prompt", "user.message-3", "", 1),
        ("tool_result", "t1", "bash", 1),
        ("tool_result", "t2", "edit", 1),
        ("edit_accepted", "t2", "edit", 1),
        ("tool_result", "t3", "create", 1),
        ("tool_error", "t3", "create", 1),
        ("tool_result", "t4", "", 1),
    }
    assert {one.session for one in activities(readings)} == {"session-1"}
    assert ignored(readings) == 6
    assert MARKER not in str([(r.activities, r.rejected) for r in readings])


def test_without_activity_the_rest_is_ignored(tmp_path):
    lines = [started(), event("user.message", 1, messageId="m1"), recorded()]
    readings = told(tmp_path, *lines, activity=False)
    assert (activities(readings), ignored(readings)) == ([], 2)


@pytest.mark.parametrize(
    "line",
    [
        event("user.message", 1, messageId="m1").replace(b"2026", b"2016"),
        event("user.message", 1, messageId="m1").replace(b"2026", b"x"),
        b'{"type":"user.message","data":[]}\n',
        b'{"type":"user.message"}\n',
        b'{"type":["user.message"],"data":{}}\n',
    ],
)
def test_facts_without_a_time_are_none(tmp_path, line):
    readings = told(tmp_path, line)
    assert (activities(readings), ignored(readings)) == ([], 1)


def test_where_its_sessions_lie(tmp_path):
    for name in (
        "session-state/s1/events.jsonl",
        "session-state/s1/workspace.yaml",
        "session-state/s1/checkpoints/events.jsonl",
        "session-state/s1/rewind-file-snapshots/events.jsonl",
        "logs/events.jsonl",
    ):
        written(tmp_path / ".copilot" / name, b"{}\n")
    assert len(discover(tmp_path, {}, COPILOT)) == 1
    moved = {"COPILOT_HOME": str(tmp_path / "elsewhere")}
    assert discover(tmp_path, moved, COPILOT) == []
