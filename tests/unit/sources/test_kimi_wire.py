"""Wire files of Kimi CLI and of Kimi Code."""

from __future__ import annotations

import pytest

from mileage.sources.files import discover
from mileage.sources.jsonl import CHUNK_LINES
from tests.client_logs import (
    KIMI,
    MARKER,
    activities,
    answer,
    counted,
    facts,
    ignored,
    kimi_used,
    line,
    micros,
    ms,
    only,
    read,
    reasons,
    rows,
    status,
    usage_record,
    wired,
    written,
)

CLI = ".kimi/sessions/group/session-1/wire.jsonl"
CODE = ".kimi-code/sessions/work/session-1/agents/main/wire.jsonl"


def told(tmp_path, *lines, name=CLI, activity=True):
    return read(KIMI, written(tmp_path / name, *lines), activity=activity)


def test_the_usage_of_a_step_is_a_call(tmp_path):
    row = only(told(tmp_path, status()))
    assert row.tokens == (3, 1_000, 50, 0, 7, 0, 0)
    assert row[:10] == (
        *(
            "kimi_wire",
            answer(1, "chatcmpl-"),
            answer(1, "chatcmpl-"),
            "session-1",
            micros(1),
            "kimi",
        ),
        *("", "", "", ""),
    )
    assert row[17:] == (None, "", "", False, None, "", "")


def test_a_step_told_again_counts_once(tmp_path):
    lines = [
        status(),
        status(used=kimi_used(out=9), seconds=2),
        status(answer(2, "chatcmpl-")),
    ]
    found = counted(told(tmp_path, *lines))
    assert [(row.key, row.output) for row in found] == [
        (answer(1, "chatcmpl-"), 9),
        (answer(2, "chatcmpl-"), 7),
    ]
    assert found[0].occurred_at == micros(1)


def test_steps_without_an_id_are_known_by_time_and_counts(tmp_path):
    lines = [status(None), status(None), status(None, seconds=2)]
    found = counted(told(tmp_path, *lines))
    assert [row.link for row in found] == ["", ""]
    assert len({row.key for row in found}) == 2


def test_numbers_that_a_local_server_gives_its_answers_are_no_names(tmp_path):
    lines = [status("chatcmpl-417"), status("chatcmpl-417", seconds=2)]
    found = counted(told(tmp_path, *lines))
    assert [row.link for row in found] == ["", ""]


def test_sub_agents_use_tokens_as_well(tmp_path):
    inner = {
        "type": "StatusUpdate",
        "payload": {"token_usage": kimi_used(), "message_id": answer(2, "chatcmpl-")},
    }
    lines = [
        wired("SubagentEvent", 1, task_tool_call_id="t1", event=inner),
        wired(
            "SubagentEvent",
            2,
            agent_id="a1",
            subagent_type="coder",
            event={
                "type": "SubagentEvent",
                "payload": {
                    "agent_id": "a2",
                    "event": {
                        "type": "StatusUpdate",
                        "payload": {
                            "token_usage": kimi_used(),
                            "message_id": answer(3),
                        },
                    },
                },
            },
        ),
        wired("SubagentEvent", 3, event={"type": "TurnBegin", "payload": {}}),
    ]
    found = counted(told(tmp_path, *lines))
    assert [(row.key, row.agent) for row in found] == [
        (answer(2, "chatcmpl-"), "subagent"),
        (answer(3), "a2"),
    ]
    assert activities(told(tmp_path, *lines)) == []


def test_a_record_of_kimi_code_is_a_call_with_its_model(tmp_path):
    row = only(told(tmp_path, usage_record(), name=CODE))
    assert row.tokens == (3, 1_000, 50, 0, 7, 0, 0)
    assert (row.model, row.provider) == ("kimi-for-coding", "moonshotai")
    assert (row.session, row.agent, row.link) == ("session-1", "", "")


def test_records_of_a_session_are_calls_too(tmp_path):
    """The client's own totals add records of both scopes."""
    lines = [usage_record(), usage_record(seconds=2, scope="session")]
    assert len(counted(told(tmp_path, *lines, name=CODE))) == 2


def test_a_step_told_twice_by_kimi_code_counts_once(tmp_path):
    end = line(type="step.end", usage={"inputOther": 3, "output": 7}, time=ms(1))
    readings = told(tmp_path, usage_record(), end, name=CODE)
    assert (len(counted(readings)), ignored(readings)) == (1, 1)


def test_agents_of_kimi_code_have_files_of_their_own(tmp_path):
    name = ".kimi-code/sessions/work/session-1/agents/explore-1/wire.jsonl"
    row = only(told(tmp_path, usage_record(), name=name))
    assert (row.session, row.agent) == ("session-1", "explore-1")
    main = only(told(tmp_path, usage_record(), name=CODE))
    assert main.key != row.key


def test_a_model_that_only_stands_for_another(tmp_path):
    lines = [
        usage_record(model="__kimi_env_model__"),
        line(type="llm.request", model="kimi-k2", time=ms(2)),
        usage_record(model="__kimi_env_model__", seconds=3),
        usage_record(model="gpt-5", seconds=4),
    ]
    found = [(row.model, row.provider) for row in counted(told(tmp_path, *lines))]
    assert found == [("", ""), ("kimi-k2", "moonshotai"), ("gpt-5", "")]


@pytest.mark.parametrize(
    "line_",
    [
        status(used=kimi_used(0, 0, 0, 0)),
        status(used={"output": 0}),
        wired("StatusUpdate", context_usage=0.5),
        wired("StatusUpdate", token_usage=None),
        wired("ToolResult", payload={"text": MARKER}),
        line(type="metadata", protocol_version="1.1"),
        line(type="usage.record"),
        line(timestamp=1, message={"type": "TurnEnd", "payload": None}),
        line(timestamp=1, message={"type": "ContentPart", "payload": [1]}),
        line(type="context.append_message", message=MARKER),
    ],
)
def test_what_is_no_usage_is_ignored(tmp_path, line_):
    readings = told(tmp_path, line_)
    assert (rows(readings), reasons(readings), ignored(readings)) == ([], [], 1)


@pytest.mark.parametrize(
    ("line_", "reason"),
    [
        (b"{\n", "not JSON"),
        (b"[1]\n", "Expected `object`, got `array`"),
        (b'{"timestamp":1,"mess', "incomplete last line"),
        (status(used=kimi_used(-1)), "Expected `int` >= 0"),
        (status(used={"output": MARKER}), "Expected `int | null`"),
        (usage_record({"output": 1.5}), "Expected `int | null`"),
        (status(used={}), "no known token count"),
        (usage_record({"inputTokens": 3}), "no known token count"),
        (usage_record(time=MARKER), "no readable time"),
        (usage_record(time=None), "no readable time"),
        (line(message={"type": "StatusUpdate", "payload": {}}), ""),
        (
            line(
                timestamp=9,
                message={
                    "type": "StatusUpdate",
                    "payload": {"token_usage": kimi_used()},
                },
            ),
            "time before 2020-01-01",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, line_, reason):
    readings = told(tmp_path, status(answer(9, "chatcmpl-")), line_)
    assert [row.key for row in rows(readings)] == [answer(9, "chatcmpl-")]
    if not reason:
        assert reasons(readings) == []
        return
    ((place, said),) = reasons(readings)
    assert place == "wire.jsonl:2"
    assert said.startswith(reason)
    assert MARKER not in said


def test_prompts(tmp_path):
    asked = wired("TurnBegin", 1, user_input=MARKER)
    assert facts(told(tmp_path, asked)) == {("prompt", f"session-1:{micros(1)}", "", 1)}
    code = line(type="turn.prompt", input=MARKER, time=ms(2))
    assert len(facts(told(tmp_path, code, name=CODE))) == 1
    name = ".kimi-code/sessions/work/session-1/agents/explore-1/wire.jsonl"
    assert facts(told(tmp_path, code, name=name)) == set()
    assert activities(told(tmp_path, asked, activity=False)) == []
    assert facts(told(tmp_path, wired("TurnBegin", -(10**9)))) == set()


def test_the_names_of_folders_are_needed_wherever_it_is_read(tmp_path):
    """Collecting hides folders from rejections; the session is known all the same."""
    path = written(tmp_path / CLI, status(), b"{\n")
    (reading,) = KIMI.read_file(str(path), "log-1")
    (row,) = reading.witnesses.rows()
    assert row.session == "session-1"
    assert [one.place for one in reading.rejected] == ["log-1:2"]


def test_many_lines_come_in_several_readings(tmp_path):
    lines = [status(answer(number, "chatcmpl-")) for number in range(CHUNK_LINES + 1)]
    found = [len(one.witnesses) for one in told(tmp_path, *lines)]
    assert found == [CHUNK_LINES, 1]


def test_a_file_that_vanished(tmp_path):
    (reading,) = list(KIMI.read_file(str(tmp_path / "a" / "wire.jsonl"), "log"))[1:]
    assert [one.reason for one in reading.rejected] == [
        "unreadable: No such file or directory"
    ]


def test_where_its_sessions_lie(tmp_path):
    for name in (CLI, CODE, ".kimi/sessions/group/session-1/context.jsonl"):
        written(tmp_path / name, status())
    written(tmp_path / ".kimi-code/sessions/work/session-1/tasks/wire.jsonl", b"{}\n")
    assert len(discover(tmp_path, {}, KIMI)) == 2
    moved = {"KIMI_SHARE_DIR": str(tmp_path / "x"), "KIMI_CODE_HOME": "/nowhere"}
    assert discover(tmp_path, moved, KIMI) == []
