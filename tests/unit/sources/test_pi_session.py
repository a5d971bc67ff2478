"""Sessions of pi: entries of assistants, forks, what is no usage."""

from __future__ import annotations

import json

import pytest

from mileage.sources.files import discover
from tests.client_logs import (
    MARKER,
    PI,
    activities,
    answer,
    begun,
    counted,
    entry,
    facts,
    ignored,
    line,
    micros,
    ms,
    only,
    read,
    reasons,
    replied,
    rows,
    spent,
    stamp,
    written,
)


def told(tmp_path, *lines, name="session-1.jsonl", activity=True):
    return read(PI, written(tmp_path / name, *lines), activity=activity)


def test_an_assistants_entry_is_a_call(tmp_path):
    row = only(told(tmp_path, begun(), replied()))
    assert row.tokens == (3, 1_000, 50, 0, 7, 0, 0)
    assert row[:10] == (
        *("pi_session", answer(1), answer(1), "session-1", micros(1), "pi", ""),
        *("anthropic", "claude-sonnet-4-5", ""),
    )
    assert row[17:] == (250_000, "/home/alice/code/repo", "", False, None, "", "")


def test_versions_that_keep_no_id_of_the_response(tmp_path):
    """Known by time, model and counts; an exact repetition is the same call."""
    lines = [begun(), replied(None), replied(None), replied(None, seconds=2)]
    found = counted(told(tmp_path, *lines))
    assert [row.link for row in found] == ["", ""]
    assert len({row.key for row in found}) == 2


def test_numbers_that_a_local_server_gives_its_answers_are_no_names(tmp_path):
    """Ollama's come again after a day; a fork's copy is still the same call."""
    lines = [replied("chatcmpl-417"), replied("chatcmpl-417", seconds=86_400)]
    first = told(tmp_path, begun(), *lines)
    fork = told(tmp_path, begun("session-2", 90_000), *lines, name="session-2.jsonl")
    found = counted([*first, *fork])
    assert [row.link for row in found] == ["", ""]
    assert [row.session for row in found] == ["session-1", "session-1"]


def test_forks_copy_entries_and_count_once(tmp_path):
    first = told(tmp_path, begun(), replied(answer(1)), replied(None, seconds=2))
    fork = told(
        tmp_path,
        begun("session-2", 60, parentSession="/home/alice/session-1.jsonl"),
        replied(answer(1)),
        replied(None, seconds=2),
        replied(answer(3), seconds=61),
        name="session-2.jsonl",
    )
    for order in ([*first, *fork], [*fork, *first]):
        found = counted(order)
        assert len(found) == 3
        assert sorted(row.session for row in found) == [
            "session-1",
            "session-1",
            "session-2",
        ]
    assert [row.copied for row in rows(fork)] == [True, True, False]


def test_a_session_without_a_header_has_no_name(tmp_path):
    row = only(told(tmp_path, replied()))
    assert (row.session, row.project, row.copied) == ("", "", False)


@pytest.mark.parametrize(
    "usage",
    [
        {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0, "totalTokens": 0},
        {"output": 0},
        None,
    ],
)
def test_answers_that_used_nothing_are_no_calls(tmp_path, usage):
    plain = json.loads(replied())
    plain["message"]["usage"] = usage
    readings = told(tmp_path, begun(), line(**plain))
    assert (rows(readings), reasons(readings), ignored(readings)) == ([], [], 2)


@pytest.mark.parametrize("used", [{}, {"inputTokens": 3}, {"input": None, "cost": {}}])
def test_usage_of_which_no_count_is_known_is_refused(tmp_path, used):
    summary = line(type="compaction", timestamp=stamp(5), usage=used)
    readings = told(tmp_path, begun(), replied(used=used), summary)
    assert rows(readings) == []
    assert reasons(readings) == [
        ("session-1.jsonl:2", "no known token count"),
        ("session-1.jsonl:3", "no known token count"),
    ]


def test_a_total_without_parts_is_an_unmeasured_call(tmp_path):
    row = only(told(tmp_path, replied(used={"totalTokens": 900})))
    assert (sum(row.tokens), row.measure) == (0, "unmeasured")


@pytest.mark.parametrize(
    ("cost", "micro"),
    [
        ({"total": 0.01}, 10_000),
        ({"total": -1}, None),
        ({"total": "1"}, None),
        ({"total": True}, None),
        ({}, None),
        (0.01, None),
        (None, None),
    ],
)
def test_cost_as_the_client_sees_it(tmp_path, cost, micro):
    row = only(told(tmp_path, replied(used={**spent(), "cost": cost})))
    assert row.reported_cost == micro


def test_the_time_of_the_entry_stands_in(tmp_path):
    row = only(told(tmp_path, replied(timestamp=MARKER)))
    assert row.occurred_at == micros(1)
    plain = json.loads(replied())
    plain["message"]["timestamp"] = None
    assert only(told(tmp_path, line(**plain))).occurred_at == micros(1.2)


@pytest.mark.parametrize(
    ("line_", "reason"),
    [
        (b"{\n", "not JSON"),
        (b"[1]\n", "Expected `object`, got `array`"),
        (b'{"type":"message","message":{"role":"assi', "incomplete last line"),
        (replied(used={**spent(), "input": -1}), "Expected `int` >= 0"),
        (replied(used={**spent(), "output": 1.5}), "Expected `int | null`"),
        (replied(used=[MARKER]), "Expected `object | null`"),
        (line(type="message", message=MARKER), "Expected `object | null`"),
        (
            replied().replace(b"2026-", b"x-").replace(str(ms(1)).encode(), b'"x"'),
            "no readable time",
        ),
        (replied(seconds=-10 * 365 * 86_400), "time before 2020-01-01"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, line_, reason):
    readings = told(tmp_path, begun(), replied(answer(9)), line_)
    assert [row.key for row in rows(readings)] == [answer(9)]
    ((place, said),) = reasons(readings)
    assert place == "session-1.jsonl:3"
    assert said.startswith(reason)
    assert MARKER not in said


@pytest.mark.parametrize(
    "line_",
    [
        line(type="custom", message={"usage": [1]}),
        line(type="message", message={"role": "user", "usage": "none"}),
        line(type="compaction", id="c1", tokensBefore=9, summary=MARKER),
        line(type="model_change", provider="anthropic", modelId="m"),
        entry("bashExecution", command=MARKER, output=MARKER),
        line(type="session"),
    ],
)
def test_other_entries_are_ignored(tmp_path, line_):
    readings = told(tmp_path, line_)
    assert (rows(readings), reasons(readings), ignored(readings)) == ([], [], 1)


@pytest.mark.parametrize("kind", ["compaction", "branch_summary"])
def test_summaries_are_calls_where_they_tell_their_usage(tmp_path, kind):
    told_ = {"summary": MARKER, "tokensBefore": 9_999, "usage": spent(out=70)}
    summary = line(type=kind, id="c1", timestamp=stamp(5), **told_)
    lines = [begun(), replied(), summary, replied(answer(2), seconds=9)]
    found = {row.output: row for row in counted(told(tmp_path, *lines))}
    assert len(found) == 2
    row = found[70]
    assert (row.occurred_at, row.model, row.link) == (
        micros(5),
        "claude-sonnet-4-5",
        "",
    )
    fork = [begun("session-2", 60), replied(), summary]
    again = told(tmp_path, *fork, name="b.jsonl") + told(tmp_path, *lines)
    assert len(counted(again)) == 3


def test_a_summary_of_an_unknown_model(tmp_path):
    summary = line(type="compaction", timestamp=stamp(5), usage=spent())
    row = only(told(tmp_path, summary))
    assert (row.model, row.provider) == ("", "")
    odd = line(type="compaction", timestamp=stamp(5), usage={"input": -1})
    assert len(reasons(told(tmp_path, odd))) == 1


def test_prompts_tools_edits_and_lines(tmp_path):
    diff = f"+12 {MARKER}\n-3 {MARKER}\n 4 same\n+13 more\n"
    lines = [
        begun(),
        entry("user", 1),
        replied(seconds=2),
        entry("toolResult", 3, toolCallId="t1", toolName="bash", isError=False),
        entry("toolResult", 4, toolCallId="t2", toolName="edit", isError=True),
        entry(
            "toolResult",
            5,
            toolCallId="t3",
            toolName="edit",
            isError=False,
            details={"diff": diff},
        ),
        entry("toolResult", 6, toolCallId="t4", toolName="write", details=MARKER),
    ]
    readings = told(tmp_path, *lines)
    assert facts(readings) == {
        ("prompt", str(micros(1)), "", 1),
        ("tool_result", "t1", "bash", 1),
        ("tool_result", "t2", "edit", 1),
        ("tool_error", "t2", "edit", 1),
        ("tool_result", "t3", "edit", 1),
        ("edit_accepted", "t3", "edit", 1),
        ("lines_added", "t3", "edit", 2),
        ("lines_removed", "t3", "edit", 1),
        ("tool_result", "t4", "write", 1),
        ("edit_accepted", "t4", "write", 1),
    }
    assert {one.session for one in activities(readings)} == {"session-1"}
    assert ignored(readings) == 1
    assert MARKER not in str([(r.activities, r.rejected) for r in readings])
    quick = told(tmp_path, *lines, activity=False)
    assert (activities(quick), ignored(quick)) == ([], 6)


def test_facts_without_a_time_are_none(tmp_path):
    lines = [
        entry("user", timestamp=MARKER).replace(str(ms(1)).encode(), b'"x"'),
        line(type="message", timestamp=stamp(), message={"role": "user"}),
        line(type="message", message={"role": "user", "timestamp": 1}),
        line(type="message"),
    ]
    readings = told(tmp_path, *lines)
    assert (activities(readings), ignored(readings)) == ([], 4)


def test_where_its_sessions_lie(tmp_path):
    written(tmp_path / ".pi/agent/sessions/--repo--/a.jsonl", begun())
    written(tmp_path / ".pi/agent/auth.jsonl", b"{}\n")
    assert len(discover(tmp_path, {}, PI)) == 1
    moved = {"PI_CODING_AGENT_DIR": str(tmp_path / ".pi" / "agent")}
    assert len(discover(tmp_path / "nobody", moved, PI)) == 1
