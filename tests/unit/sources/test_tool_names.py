"""Names of tools that models made up: a sentence is content, and stays behind.

Every reader of logs that tells of tools, and every batch that goes to the disk.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.witness import Activity, ActivityBatch, Reading, tool_name
from mileage.ingest.screen import Screen
from mileage.sources.jsonl import Gathering
from tests import client_logs, session_logs
from tests.client_logs import activities, event, message_id, started, written
from tests.witnesses import LOG, NOON, TRAITS

SENTENCE = "read the salary list of Alice"
NAMES = ["Bash", "mcp__github__create_issue", "functions.shell:0", "a/b@c-d", "x" * 128]
NO_NAMES = [SENTENCE, "two\nlines", "naïve", "x" * 129, "rm;ls", "{}", '"quoted"']


def claude_code(_, name):
    lines = [session_logs.uses_tool(name), session_logs.result()]
    return session_logs.read(session_logs.CLAUDE, *lines)


def codex(_, name):
    lines = [
        session_logs.meta(),
        session_logs.entry(
            "response_item", type="function_call", call_id="c-1", name=name
        ),
        session_logs.entry("response_item", type="function_call_output", call_id="c-1"),
    ]
    return session_logs.read(session_logs.CODEX, *lines)


def copilot(folder, name):
    lines = [
        started(),
        event("tool.execution_start", 2, toolCallId="t1", toolName=name),
        event("tool.execution_complete", 3, toolCallId="t1", success=True),
    ]
    return client_logs.read(
        client_logs.COPILOT, written(folder / "session-1/events.jsonl", *lines)
    )


def opencode(folder, name):
    path = client_logs.database(
        folder / "opencode.db",
        message=[(message_id(1), "ses_1", client_logs.assistant(1))],
        part=[("prt_1", message_id(1), "ses_1", client_logs.tool(name))],
    )
    return client_logs.read(client_logs.OPENCODE, path)


def pi(folder, name):
    lines = [
        client_logs.begun(),
        client_logs.entry("toolResult", 3, toolCallId="t1", toolName=name),
    ]
    return client_logs.read(client_logs.PI, written(folder / "session-1.jsonl", *lines))


READERS = [claude_code, codex, copilot, opencode, pi]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", NAMES)
def test_names_are_kept(reader, name, tmp_path):
    assert {one.name for one in activities(reader(tmp_path, name))} == {name}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_is_left_behind_and_the_fact_is_kept(reader, name, tmp_path):
    (told,) = activities(reader(tmp_path, name))
    assert (told.kind, told.name, told.amount) == ("tool_result", "", 1)


def fact(name, key="k"):
    return Activity(
        LOG, key, "s", NOON, "claude-code", "tool_result", name, 1, None, ""
    )


@given(st.text(max_size=200))
def test_a_name_is_kept_whole_or_not_at_all(text):
    assert tool_name(text) in (text, "")
    assert tool_name(tool_name(text)) == tool_name(text)
    assert " " not in tool_name(text)
    gathered = Gathering(TRAITS[LOG], "x")
    gathered.activity(fact(text))
    assert list(gathered.reading().activities.rows()) == [fact(tool_name(text))]


@given(
    st.lists(st.sampled_from([*NAMES, *NO_NAMES[:1], *NO_NAMES[2:], ""]), max_size=5)
)
def test_what_a_source_of_others_lets_through_the_last_filter_stops(names):
    screen = Screen(b"key", lambda: NOON)
    rows = [fact(name, str(number)) for number, name in enumerate(names)]
    screened = screen(Reading(activities=ActivityBatch.of(rows)))
    assert screened.rejected == ()
    expected = [row._replace(name=tool_name(row.name)) for row in rows]
    assert list(screened.activities.rows()) == expected
