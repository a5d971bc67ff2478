"""OpenCode's database, both formats of messages, and the files before it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from mileage.domain.call import Seen
from mileage.domain.copies import merge_copies
from mileage.sources import sqlite_rows
from mileage.sources.files import discover
from tests.client_logs import (
    KILO,
    MARKER,
    OPENCODE,
    activities,
    asked,
    assistant,
    assistant_2,
    counted,
    database,
    facts,
    fill,
    ignored,
    message_id,
    micros,
    only,
    read,
    reasons,
    rows,
    session,
    tokens,
    tool,
    written,
)


def stored(tmp_path, *messages, source=OPENCODE, **tables):
    """Read a database that holds these messages of version 1."""
    told = [
        (message_id(number, number), "ses_1", data)
        for number, data in enumerate(messages)
    ]
    path = database(tmp_path / "opencode.db", message=told, **tables)
    return read(source, path)


def test_a_message_of_an_assistant_is_a_call(tmp_path):
    row = only(stored(tmp_path, assistant()))
    assert row.tokens == (3, 1_000, 50, 0, 7, 0, 0)
    assert row._replace(key="", input=0, cache_read=0, cache_write=0, output=0) == (
        *("opencode_db", "", "", "ses_1", micros(2), "opencode", "1.18.33"),
        *("anthropic", "claude-sonnet-4-5", "", 0, 0, 0, 0, 0, 0, 0),
        *(250_000, "/home/alice/code/repo", "", False, None, "", ""),
    )


def test_both_formats_tell_the_same_call(tmp_path):
    """While versions change over, both tables hold what is one call."""
    path = database(
        tmp_path / "opencode.db",
        message=[(message_id(), "ses_1", assistant())],
        session_message=[(message_id(), "ses_1", "assistant", 1, assistant_2())],
    )
    row = only(read(OPENCODE, path))
    assert (row.output, row.model, row.session) == (7, "claude-sonnet-4-5", "ses_1")
    second = database(
        tmp_path / "second" / "opencode-next.db",
        session_message=[(message_id(), "ses_1", "assistant", 1, assistant_2())],
    )
    assert only(read(OPENCODE, second))._replace(project="") == row._replace(project="")
    # Version 2 has no folder in its messages: that of the session.
    assert only(read(OPENCODE, second)).project == "/home/alice/code/repo"


@pytest.mark.parametrize(
    "kind", ["user", "synthetic", "system", "shell", "compaction", "model-switched", ""]
)
def test_only_assistants_of_version_2_are_calls(tmp_path, kind):
    path = database(
        tmp_path / "opencode.db",
        session_message=[("msg_1", "ses_1", kind, 1, assistant_2(role="assistant"))],
    )
    readings = read(OPENCODE, path)
    assert (rows(readings), ignored(readings)) == ([], 1)


# ---------------------------------------------------------------------- counts


def test_reasoning_stands_beside_output_where_the_total_says_so(tmp_path):
    row = only(stored(tmp_path, assistant(0, tokens(out=472, thought=409))))
    assert (row.output, row.reasoning) == (472, 409)


def test_reasoning_lies_inside_output_where_the_total_says_so(tmp_path):
    used = tokens(out=881, thought=409)
    used["total"] -= 409
    row = only(stored(tmp_path, assistant(0, used)))
    assert (row.output, row.reasoning) == (472, 409)


def test_without_a_total_reasoning_stands_beside(tmp_path):
    used = tokens(out=472, thought=409)
    del used["total"]
    row = only(stored(tmp_path, assistant(0, used)))
    assert (row.output, row.reasoning) == (472, 409)


def test_more_reasoning_than_output_is_all_of_it(tmp_path):
    used = {"total": 5, "input": 0, "output": 5, "reasoning": 9}
    row = only(stored(tmp_path, assistant(0, used)))
    assert row.tokens == (0, 0, 0, 0, 0, 5, 0)


def test_a_total_without_parts_is_an_unmeasured_call(tmp_path):
    row = only(stored(tmp_path, assistant(0, {"total": 900})))
    assert (sum(row.tokens), row.measure) == (0, "unmeasured")


@pytest.mark.parametrize(
    "used",
    [
        {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}},
        {"input": None, "output": 0},
    ],
)
def test_a_message_that_used_nothing_yet_is_no_call(tmp_path, used):
    readings = stored(
        tmp_path, assistant(0, used), assistant(1, took=None, tokens=None)
    )
    assert (rows(readings), ignored(readings), reasons(readings)) == ([], 2, [])


@pytest.mark.parametrize(
    "used", [{}, {"input": None}, {"promptTokens": 3, "cache": {"reads": 1}}]
)
def test_tokens_of_which_no_count_is_known_are_refused(tmp_path, used):
    readings = stored(tmp_path, assistant(0, used), assistant(1))
    assert len(rows(readings)) == 1
    ((_, reason),) = reasons(readings)
    assert reason == "no known token count"


def test_nulls_are_none(tmp_path):
    used = {"input": 4, "output": None, "reasoning": None, "cache": {"read": None}}
    assert only(stored(tmp_path, assistant(0, used))).tokens == (4, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tokens": {"input": -1}}, "Expected `int` >= 0"),
        ({"tokens": {"input": 1.5}}, "Expected `int | null`, got `float`"),
        ({"tokens": {"output": "7"}}, "Expected `int | null`, got `str`"),
        ({"tokens": [MARKER]}, "Expected `object | null`, got `array`"),
        ({"time": {"created": MARKER}}, "no readable time"),
        ({"time": {}}, "no readable time"),
        ({"time": {"created": True}}, "no readable time"),
        ({"time": {"created": 1_000_000_000_000}}, "time before 2020-01-01"),
        ({"time": {"created": 10**30}}, "no readable time"),
        ({"time": MARKER}, "Expected `object | null`, got `str`"),
    ],
)
def test_what_should_be_usage_and_cannot_be_read(tmp_path, changes, reason):
    readings = stored(tmp_path, assistant(), assistant(5, **changes))
    assert len(counted(readings)) == 1
    ((place, told),) = reasons(readings)
    assert place == "opencode.db:message:2"
    assert told.startswith(reason)
    assert MARKER not in told


@pytest.mark.parametrize("data", ["", "{", "[1]", "null", '"text"', "\x00"])
def test_rows_that_are_no_messages(tmp_path, data):
    readings = stored(tmp_path, data, assistant(1))
    assert len(counted(readings)) == 1
    ((place, reason),) = reasons(readings)
    assert place == "opencode.db:message:1"
    assert reason.startswith(("not JSON", "Expected `object`"))


def test_what_a_person_wrote_is_never_refused(tmp_path):
    odd = asked(tokens=MARKER, path=[1], model={"modelID": 3})
    assert reasons(stored(tmp_path, odd, asked(time=MARKER))) == []


@pytest.mark.parametrize("data", [None, 7, 1.5, b"\xff\xfe"])
def test_columns_of_other_types(tmp_path, data):
    path = database(tmp_path / "opencode.db")
    with closing(sqlite3.connect(path)) as connection:
        # Text columns accept anything; a table made for it accepts null as well.
        connection.execute("DROP TABLE message").close()
        connection.execute("CREATE TABLE message (id, session_id, data)").close()
        connection.execute("INSERT INTO message VALUES (?, ?, ?)", (data,) * 3).close()
        connection.commit()
    ((place, _),) = reasons(read(OPENCODE, path))
    assert place == "opencode.db:message:1"


def test_a_message_that_never_ended_has_its_beginning(tmp_path):
    assert only(stored(tmp_path, assistant(took=None))).occurred_at == micros()
    backwards = assistant(took=-5)
    assert only(stored(tmp_path / "b", backwards)).occurred_at == micros()


@pytest.mark.parametrize(
    ("cost", "micro"),
    [(0, 0), (0.01, 10_000), (-1, None), ("1", None), (True, None), (1e300, None)],
)
def test_cost_as_the_client_sees_it(tmp_path, cost, micro):
    assert only(stored(tmp_path, assistant(cost=cost))).reported_cost == micro


# -------------------------------------------------------------- forks, sessions


def test_forks_copy_messages_under_new_ids_and_count_once(tmp_path):
    path = database(
        tmp_path / "opencode.db",
        session=[session(), session("ses_0fork")],
        message=[
            (message_id(0, 1), "ses_1", assistant(0)),
            (message_id(5, 2), "ses_1", assistant(5)),
            # Copied an hour later; then the copy goes on by itself.
            (message_id(3_600, 3), "ses_0fork", assistant(0)),
            (message_id(3_600, 4), "ses_0fork", assistant(5)),
            (message_id(3_660, 5), "ses_0fork", assistant(3_660)),
        ],
    )
    readings = read(OPENCODE, path)
    assert len(counted(readings)) == 3
    told = rows(readings)
    originals = {row.key: row.session for row in told if not row.copied}
    assert sorted(originals.values()) == ["ses_0fork", "ses_1", "ses_1"]
    assert {row.key for row in told} == set(originals)


def test_copies_outlive_what_they_copied(tmp_path):
    """The original may be deleted: it is still the same call."""
    path = database(
        tmp_path / "opencode.db",
        message=[
            (message_id(0, 1), "ses_1", assistant(0)),
            (message_id(3_600, 3), "ses_2", assistant(0)),
        ],
    )
    (before,) = counted(read(OPENCODE, path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM message WHERE session_id = 'ses_1'").close()
        connection.commit()
    (after,) = counted(read(OPENCODE, path))
    assert after.key == before.key
    merged = merge_copies([Seen(one, "", asserted=False) for one in (after, before)])
    assert merged.witness.session == "ses_1"


def test_two_calls_of_one_moment_are_two(tmp_path):
    """Sub-agents start together; what they used tells them apart."""
    told = [assistant(0, tokens(out=7)), assistant(0, tokens(out=8))]
    assert len(counted(stored(tmp_path, *told))) == 2


@pytest.mark.parametrize(
    ("row_id", "copied"),
    [
        (message_id(0), False),
        (message_id(9), False),
        (message_id(11), True),
        (message_id(30 * 86_400), True),
        (message_id(-1), False),
        (message_id(-86_400), False),
        ("msg_test001", False),
        ("msg_" + "z" * 12, False),
        ("msg_", False),
        ("", False),
        ("ses_" + "f" * 12, False),
    ],
)
def test_a_copy_is_known_by_its_younger_id(tmp_path, row_id, copied):
    path = database(tmp_path / "opencode.db", message=[(row_id, "ses_1", assistant())])
    assert only(read(OPENCODE, path)).copied is copied


def test_a_sub_agent_is_a_session_with_a_parent(tmp_path):
    path = database(
        tmp_path / "opencode.db",
        session=[session(), session("ses_2", "ses_1")],
        message=[
            ("msg_1", "ses_1", assistant(0)),
            ("msg_2", "ses_2", assistant(1, agent="explore")),
            ("msg_3", "ses_2", assistant(2, agent=None, mode="general")),
            ("msg_4", "ses_2", assistant(3, agent=None, mode=None)),
            ("msg_5", "ses_gone", assistant(4, agent="explore")),
        ],
    )
    agents = [row.agent for row in counted(read(OPENCODE, path))]
    assert agents == ["", "explore", "general", "subagent", ""]


def test_older_schemas_have_fewer_tables_and_columns(tmp_path):
    path = tmp_path / "opencode.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE message (id, session_id, data)").close()
        connection.execute("CREATE TABLE session (id)").close()
        values = ("msg_1", "ses_1", assistant(path=None))
        connection.execute("INSERT INTO message VALUES (?, ?, ?)", values).close()
        connection.execute("INSERT INTO session VALUES ('ses_1')").close()
        connection.commit()
    row = only(read(OPENCODE, path))
    assert (row.session, row.project, row.client_version) == ("ses_1", "", "")


def test_sessions_of_the_second_format_lie_elsewhere(tmp_path):
    path = database(tmp_path / "opencode.db", session=[])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE session_v2 AS SELECT * FROM session").close()
        connection.execute(
            "INSERT INTO session_v2 VALUES (?, ?, ?, ?, ?, 0)",
            session("ses_9", "ses_1"),
        ).close()
        told = ("msg_1", "ses_9", "assistant", 1, assistant_2(agent="explore"))
        fill(connection, session_message=[told])
    row = only(read(OPENCODE, path))
    assert (row.agent, row.project) == ("explore", "/home/alice/code/repo")


# ------------------------------------------------------------------- activity


def test_prompts_and_tools(tmp_path):
    path = database(
        tmp_path / "opencode.db",
        message=[
            (message_id(0), "ses_1", asked(0)),
            (message_id(1), "ses_1", assistant(1)),
        ],
        part=[
            ("prt_1", message_id(0), "ses_1", json.dumps({"type": "text"})),
            ("prt_2", message_id(1), "ses_1", tool()),
            ("prt_3", message_id(1), "ses_1", tool("edit", "toolu_2", status="error")),
            (
                "prt_4",
                message_id(1),
                "ses_1",
                tool(
                    "edit",
                    "toolu_3",
                    metadata={"filediff": {"additions": 5, "deletions": 2}},
                ),
            ),
            (
                "prt_5",
                message_id(1),
                "ses_1",
                tool(
                    "apply_patch",
                    "toolu_4",
                    metadata={
                        "files": [
                            {"additions": 1, "deletions": 0},
                            {"additions": True, "deletions": -4},
                            MARKER,
                        ]
                    },
                ),
            ),
            ("prt_6", message_id(1), "ses_1", tool("bash", "t5", status="running")),
            ("prt_7", message_id(1), "ses_1", json.dumps({"type": "step-finish"})),
            ("prt_8", message_id(1), "ses_1", '{"type":"tool"'),
            ("prt_9", message_id(1), "ses_1", tool(time={"start": MARKER})),
        ],
    )
    readings = read(OPENCODE, path)
    assert facts(readings) == {
        ("prompt", str(micros()), "", 1),
        ("tool_result", "toolu_1", "bash", 1),
        ("tool_result", "toolu_2", "edit", 1),
        ("tool_error", "toolu_2", "edit", 1),
        ("tool_result", "toolu_3", "edit", 1),
        ("edit_accepted", "toolu_3", "edit", 1),
        ("lines_added", "toolu_3", "edit", 5),
        ("lines_removed", "toolu_3", "edit", 2),
        ("tool_result", "toolu_4", "apply_patch", 1),
        ("edit_accepted", "toolu_4", "apply_patch", 1),
        ("lines_added", "toolu_4", "apply_patch", 1),
    }
    assert reasons(readings) == []
    assert activities(read(OPENCODE, path, activity=False)) == []


def test_tools_inside_messages_of_version_2(tmp_path):
    content = [
        {"type": "text", "id": "p1", "text": MARKER},
        {
            "type": "tool",
            "id": "toolu_1",
            "name": "edit",
            "state": {
                "status": "completed",
                "structured": {"filediff": {"additions": 3, "deletions": 0}},
            },
            "time": {"created": micros() // 1_000, "completed": micros(1) // 1_000},
        },
        {"type": "tool", "id": "toolu_2", "name": "bash", "state": {"status": "error"}},
    ]
    path = database(
        tmp_path / "opencode.db",
        session_message=[
            ("msg_1", "ses_1", "user", 1, asked(0, role=None)),
            ("msg_2", "ses_1", "synthetic", 2, asked(1, role=None)),
            ("msg_3", "ses_1", "assistant", 3, assistant_2(2, content=content)),
        ],
    )
    # The second tool has no time, so nothing is known of when it was used.
    assert facts(read(OPENCODE, path)) == {
        ("prompt", str(micros()), "", 1),
        ("tool_result", "toolu_1", "edit", 1),
        ("edit_accepted", "toolu_1", "edit", 1),
        ("lines_added", "toolu_1", "edit", 3),
    }


@pytest.mark.parametrize(
    ("part", "prompts"),
    [
        ({"type": "text"}, 1),
        ({"type": "file"}, 1),
        ({"type": "text", "synthetic": True}, 0),
        ({"type": "text", "ignored": True}, 0),
        ({"type": "compaction"}, 0),
        (None, 1),
    ],
)
def test_prompts_that_the_client_writes_itself(tmp_path, part, prompts):
    parts = [("prt_1", message_id(), "ses_1", json.dumps(part))] if part else []
    path = database(
        tmp_path / "opencode.db", message=[(message_id(), "ses_1", asked())], part=parts
    )
    assert len(facts(read(OPENCODE, path))) == prompts


def test_what_a_sub_agent_is_asked_is_no_prompt(tmp_path):
    path = database(
        tmp_path / "opencode.db",
        session=[session("ses_2", "ses_1")],
        message=[(message_id(), "ses_2", asked())],
    )
    assert facts(read(OPENCODE, path)) == set()


def test_copies_in_forks_are_no_further_facts(tmp_path):
    path = database(
        tmp_path / "opencode.db",
        message=[
            (message_id(0), "ses_1", asked()),
            (message_id(3_600), "ses_2", asked()),
        ],
        part=[
            ("prt_1", "msg_a", "ses_1", tool()),
            ("prt_2", "msg_b", "ses_2", tool()),
        ],
    )
    found = {(one.kind, one.key) for one in activities(read(OPENCODE, path))}
    assert found == {("prompt", str(micros())), ("tool_result", "toolu_1")}


# ------------------------------------------------------------ files before it


def legacy(folder, name="msg_test001", data=None, **fields):
    data = data or assistant(id=name, sessionID="ses_1", **fields)
    return written(folder / f"storage/message/ses_1/{name}.json", data.encode())


def test_a_message_in_a_file_of_its_own(tmp_path):
    row = only(read(OPENCODE, legacy(tmp_path)))
    same = only(stored(tmp_path / "elsewhere", assistant()))
    assert row._replace(client_version="1.18.33") == same


def test_a_row_is_preferred_to_a_file_of_the_same_id(tmp_path):
    """The file is what the row was before, or a wrong copy: never added."""
    file = legacy(tmp_path, tokens=tokens(out=1))
    assert only(read(OPENCODE, file)).output == 1
    path = database(
        tmp_path / "opencode-dev.db", message=[("msg_test001", "ses_1", assistant())]
    )
    damaged = written(file.parent / "msg_test001.json", b"{")
    for left in (damaged, legacy(tmp_path, tokens=tokens(out=1))):
        readings = read(OPENCODE, left)
        assert (rows(readings), ignored(readings)) == ([], 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM message").close()
        told = ("msg_test001", "ses_1", "assistant", 1, assistant_2())
        fill(connection, session_message=[told])
    assert rows(read(OPENCODE, file)) == []
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM session_message").close()
        connection.commit()
    assert only(read(OPENCODE, file)).output == 1


def test_a_file_counts_if_the_database_cannot_be_read(tmp_path):
    (tmp_path / "opencode.db").write_bytes(b"damaged" * 1_000)
    assert only(read(OPENCODE, legacy(tmp_path))).output == 7


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (asked(), ([], 1)),
        (assistant(role=None), ([], 1)),
        (assistant(tokens=None), ([], 1)),
        ("{", (["not JSON"], 0)),
        ("[]", (["Expected `object`, got `array`"], 0)),
        (assistant(tokens={"input": -1}), (["Expected `int` >= 0"], 0)),
        (assistant(time={}), (["no readable time"], 0)),
    ],
)
def test_other_files(tmp_path, data, told):
    readings = read(OPENCODE, legacy(tmp_path, data=data))
    assert rows(readings) == []
    found = [reason.partition(" - ")[0] for _, reason in reasons(readings)]
    assert (found, ignored(readings)) == told


def test_prompts_in_files(tmp_path):
    assert facts(read(OPENCODE, legacy(tmp_path, data=asked()))) == {
        ("prompt", str(micros()), "", 1)
    }


# ------------------------------------------------------------- finding, trouble


def test_where_things_lie(tmp_path):
    data = tmp_path / ".local/share/opencode"
    for name in (
        "opencode.db",
        "opencode-dev.db",
        "opencode.db-wal",
        "opencode.db-shm",
        "auth.json",
        "log/opencode.db",
        "snapshot/x/msg_1.json",
        "storage/message/ses_1/msg_1.json",
        "storage/part/msg_1/prt_1.json",
        "storage/part/msg_1/msg_1.json",
        "storage/session/p/ses_1.json",
    ):
        written(data / name, b"x")
    written(tmp_path / ".local/share/kilo/kilo.db", b"x")
    written(tmp_path / ".local/share/kilo/backup/kilo.db", b"x")
    found = [
        file.path.removeprefix(f"{data}/") for file in discover(tmp_path, {}, OPENCODE)
    ]
    assert found == [
        "opencode-dev.db",
        "opencode.db",
        "storage/message/ses_1/msg_1.json",
    ]
    assert len(discover(tmp_path, {}, KILO)) == 1


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({}, "/home/alice/.local/share/opencode"),
        ({"XDG_DATA_HOME": "/data"}, "/data/opencode"),
        ({"XDG_DATA_HOME": "/data", "OPENCODE_DATA_DIR": "/oc"}, "/oc"),
    ],
)
def test_settings_that_move_its_folder(environ, folder, tmp_path):
    home = type(tmp_path)("/home/alice")
    assert [str(root) for root in OPENCODE.roots(home, environ)] == [folder]


def test_kilo_keeps_the_same_schema(tmp_path):
    path = database(tmp_path / "kilo.db", message=[("msg_1", "ses_1", assistant())])
    row = only(read(KILO, path))
    assert (row.source, row.client, row.output) == ("kilo_db", "kilo", 7)


def test_a_database_of_something_else(tmp_path):
    path = tmp_path / "opencode.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE other (id)").close()
    assert reasons(read(OPENCODE, path)) == [
        ("opencode.db", sqlite_rows.UNKNOWN_TABLES)
    ]


def test_a_damaged_database_is_one_problem(tmp_path):
    path = written(tmp_path / "opencode.db", b"no database" * 1_000)
    assert reasons(read(OPENCODE, path)) == [("opencode.db", sqlite_rows.NO_DATABASE)]


def test_nothing_is_written_beside_it(tmp_path):
    path = database(
        tmp_path / "opencode.db", wal=True, message=[("msg_1", "ses_1", assistant())]
    )
    before = path.read_bytes()
    assert only(read(OPENCODE, path)).output == 7
    assert [entry.name for entry in tmp_path.iterdir()] == ["opencode.db"]
    assert path.read_bytes() == before


def test_no_content_leaves(tmp_path):
    """Titles, prompts, answers, inputs and outputs of tools stay where they are."""
    path = database(
        tmp_path / "opencode.db",
        session=[session()],
        message=[
            (message_id(0), "ses_1", asked(0, summary={"title": MARKER})),
            (message_id(1), "ses_1", assistant(1, error={"message": MARKER})),
            (message_id(2), "ses_1", assistant(2, tokens={MARKER: MARKER})),
            (message_id(3), "ses_1", assistant(3, tokens=[MARKER])),
            (message_id(4), "ses_1", f'{{"{MARKER}'),
        ],
        part=[("prt_1", message_id(1), "ses_1", tool(error=MARKER))],
        session_message=[("msg_9", "ses_1", "assistant", 1, assistant_2(9))],
    )
    readings = read(OPENCODE, path)
    assert len(counted(readings)) == 2
    assert MARKER not in str(
        [(r.witnesses, r.activities, r.rejected) for r in readings]
    )
