"""What must hold of every further log, for any bytes, lines, rows and documents."""

from __future__ import annotations

import json
import random
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mileage.domain.tokens import MAX_COUNT, TOKEN_CLASSES
from mileage.domain.witness import ACTIVITY_KINDS, tool_name
from mileage.sources.jsonl import EARLIEST
from tests.client_logs import (
    MARKER,
    NAMES,
    OPENCODE,
    SOURCES,
    activities,
    amp_message,
    amp_usage,
    asked,
    assistant,
    assistant_2,
    begun,
    counted,
    database,
    entry,
    event,
    ignored,
    inside,
    ledger_event,
    line,
    message_id,
    micros,
    read,
    reasons,
    recorded,
    replied,
    rows,
    sent,
    session,
    shut_down,
    started,
    status,
    thread,
    tokens,
    tool,
    usage_record,
    wired,
)
from tests.client_logs import (
    settings as droid_settings,
)
from tests.drawing import examples

# Each example writes a file: enough of them in far fewer than the usual hundred.
FEW = settings(max_examples=examples(30), deadline=None)
LINES = {
    "aider_analytics": [sent(), sent(5), line(event="launched", properties={})],
    "copilot_events": [
        started(),
        recorded(),
        recorded("msg_2", agent="a1"),
        event("subagent.started", 1, agent="a1", agentName="explore"),
        event("user.message", 1, content=MARKER, messageId="m1"),
        event("tool.execution_start", 2, toolCallId="t1", toolName="edit"),
        event("tool.execution_complete", 3, toolCallId="t1", success=True),
        shut_down(9, gpt_5=inside()),
    ],
    "kimi_wire": [
        status(),
        status(None, seconds=2),
        usage_record(),
        usage_record(seconds=3, scope="session"),
        wired("TurnBegin", user_input=MARKER),
        wired("SubagentEvent", event={"type": "StatusUpdate", "payload": {}}),
        line(type="metadata", protocol_version="1.1"),
    ],
    "pi_session": [
        begun(),
        entry("user"),
        replied(),
        replied(None, seconds=2),
        entry("toolResult", 3, toolCallId="t1", toolName="bash"),
        line(type="compaction", summary=MARKER),
    ],
}
BY_LINES = sorted(LINES)
ALL = sorted(SOURCES)
# What older versions tell in other words is a source of its own.
SUMS = {"copilot_events": "copilot_shutdowns"}
EVERY_SOURCE = pytest.mark.parametrize("name", ALL)
EVERY_LINES = pytest.mark.parametrize("name", BY_LINES)

NUMBERS = st.one_of(
    st.integers(-5, 50), st.integers(), st.floats(allow_nan=False), st.booleans()
)
VALUES = st.recursive(
    st.one_of(st.none(), NUMBERS, st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner)
    ),
    max_leaves=5,
)


def twisted(draw, plain):
    """Replace one value, anywhere in an object, by another."""
    place = plain
    while place:
        keys = range(len(place)) if isinstance(place, list) else sorted(place)
        key = draw(st.sampled_from(list(keys)))
        if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        place[key] = draw(VALUES)
        break
    return plain


def torn(draw, whole, most=3):
    """Take bytes away, change or double them."""
    whole = bytearray(whole)
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, len(whole)))
        whole[at : at + draw(st.integers(0, 9))] = draw(st.binary(max_size=4))
    return bytes(whole)


@st.composite
def lines_of(draw, name):
    """Lines as its client writes them, some twisted, some torn, some anything."""
    known = LINES[name]
    found = []
    for _ in range(draw(st.integers(0, 10))):
        one = draw(st.sampled_from(known))
        kind = draw(st.integers(0, 4))
        if kind == 0:
            one = json.dumps(twisted(draw, json.loads(one))).encode() + b"\n"
        elif kind == 1:
            one = torn(draw, one)
        elif kind == 2:
            one = draw(st.binary(max_size=60))
        found.append(one)
    return b"".join(found)


@cache
def whole_file(name):
    """A valid file of a source that reads files as a whole."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        if name == "amp_thread":
            messages = [
                amp_message(1, role="user", content=[{"type": "text", "text": MARKER}]),
                amp_message(2, amp_usage(2)),
                amp_message(3, amp_usage(), content=[{"type": "tool_use", "id": "t"}]),
            ]
            thread(path, events=[ledger_event(to=2)], messages=messages)
        elif name == "droid_session":
            droid_settings(path)
        else:
            database(path, **TABLES)
        return path.read_bytes()


TABLES = {
    "session": [session(), session("ses_2", "ses_1")],
    "message": [
        (message_id(0), "ses_1", asked()),
        (message_id(1), "ses_1", assistant(1)),
        (message_id(2), "ses_2", assistant(2, tokens(thought=4))),
        (message_id(3), "ses_1", assistant(3, {})),
    ],
    "session_message": [
        ("msg_5", "ses_1", "assistant", 1, assistant_2(1)),
        ("msg_6", "ses_1", "user", 2, asked(5, role=None)),
    ],
    "part": [("prt_1", message_id(1), "ses_1", tool("edit"))],
}


@st.composite
def documents_of(draw, name):
    """A document or database of a client with something wrong anywhere."""
    whole = whole_file(name)
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return draw(st.binary(max_size=300))
    if kind == 1:
        return whole[: draw(st.integers(0, len(whole)))]
    if kind == 2 and not name.endswith("_db"):
        return json.dumps(twisted(draw, json.loads(whole))).encode()
    return torn(draw, whole, most=8)


def contents_of(name):
    return lines_of(name) if name in LINES else documents_of(name)


def names_in(folder):
    return sorted(one.name for one in folder.iterdir())


def told(found):
    """All that readings say, whatever folder the file lay in."""
    return rows(found), activities(found), reasons(found), ignored(found)


def readings(name, content, *, activity=True, repeated=1):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAMES[name]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        before = content, names_in(path.parent)
        found = []
        for _ in range(repeated):
            found += read(SOURCES[name], path, activity=activity)
        assert (path.read_bytes(), names_in(path.parent)) == before
        return found


@EVERY_SOURCE
@FEW
@given(st.data())
def test_no_bytes_raise_and_what_comes_out_is_sane(name, data):
    found = readings(name, data.draw(contents_of(name)))
    source = SOURCES[name]
    for row in rows(found):
        assert row.source in (name, SUMS.get(name))
        assert row.client == source.traits.client
        assert row.key
        assert all(getattr(row, one) >= 0 for one in TOKEN_CLASSES)
        assert max(row.tokens) <= 2 * MAX_COUNT
        assert row.occurred_at >= EARLIEST
        assert row.link.split() == sorted(set(row.link.split()))
        assert row.measure in ("", "estimate", "unmeasured")
        assert (row.measure == "unmeasured") <= (sum(row.tokens) == 0)
        json.dumps(row).encode("utf-8", "surrogatepass")
    for one in activities(found):
        assert one.kind in ACTIVITY_KINDS
        assert one.name == tool_name(one.name)
        assert one.key
        assert one.amount > 0
        assert one.occurred_at >= EARLIEST
    for place, reason in reasons(found):
        assert MARKER not in reason
        assert place.startswith(NAMES[name].rpartition("/")[2])


@EVERY_LINES
@FEW
@given(st.data())
def test_every_line_is_accounted_for(name, data):
    content = data.draw(lines_of(name))
    found = readings(name, content)
    lines = sum(1 for one in content.splitlines(keepends=True) if one.strip())
    accounted = ignored(found) + len(reasons(found))
    if not rows(found) and not activities(found):
        assert accounted >= sum(1 for one in content.split(b"\n") if one.strip())
    else:
        assert accounted <= lines + 1


@EVERY_SOURCE
@FEW
@given(st.data())
def test_reading_again_adds_nothing(name, data):
    content = data.draw(contents_of(name))
    once = readings(name, content)
    assert told(once) == told(readings(name, content))
    again = readings(name, content, repeated=2)
    assert counted(again) == counted(once)


@EVERY_SOURCE
@FEW
@given(st.data())
def test_looking_for_usage_alone_finds_the_same_usage(name, data):
    content = data.draw(contents_of(name))
    whole, quick = readings(name, content), readings(name, content, activity=False)
    assert counted(quick) == counted(whole)
    assert set(reasons(quick)) <= set(reasons(whole))
    assert activities(quick) == []


@EVERY_LINES
@FEW
@given(st.data())
def test_every_line_twice_counts_once(name, data):
    drawn = data.draw(st.lists(st.sampled_from(LINES[name]), max_size=8))
    once = readings(name, b"".join(drawn))
    twice = readings(name, b"".join(one + one for one in drawn))
    assert counted(twice) == counted(once)


@EVERY_LINES
@FEW
@given(st.data())
def test_a_file_that_is_still_written_only_grows(name, data):
    """Whatever was read of its beginning is a part of what is read of the whole."""
    drawn = data.draw(st.lists(st.sampled_from(LINES[name]), max_size=8))
    # Sums of a whole session are told by its last event alone.
    whole = b"".join(one for one in drawn if b"shutdown" not in one)
    cut = data.draw(st.integers(0, len(whole)))
    early = {row.key: row for row in counted(readings(name, whole[:cut]))}
    late = {row.key: row for row in counted(readings(name, whole))}
    # A torn last line must not count, whether or not it can be understood.
    assert set(early) <= set(late)
    for key, row in early.items():
        assert all(a <= b for a, b in zip(row.tokens, late[key].tokens, strict=True))


MESSAGES = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.integers(0, 500),
        st.integers(0, 90),
        st.sampled_from(["claude-sonnet-4-5", "gpt-5.1"]),
    ),
    max_size=8,
    unique=True,
)


@FEW
@given(MESSAGES, st.integers(0, 2), st.randoms(use_true_random=False))
def test_forks_and_formats_count_every_message_once(drawn, forks, chance):
    """Messages in either table, copied into any number of forks, in any order."""
    told = [
        (seconds, assistant(seconds, tokens(fresh, out=1, thought=thought), modelID=m))
        for seconds, fresh, thought, m in drawn
    ]
    first = [(message_id(at, n), "ses_1", data) for n, (at, data) in enumerate(told)]
    copies = [
        (message_id(3_600 * fork + n, 900 + n), f"ses_0{fork}", data)
        for fork in range(1, forks + 1)
        for n, (_, data) in enumerate(told)
    ]
    second = [
        (f"msg_two{n}", "ses_1", "assistant", n, data)
        for n, (_, data) in enumerate(told)
    ]
    chance.shuffle(both := first + copies)
    with tempfile.TemporaryDirectory() as folder:
        path = database(
            Path(folder) / "opencode.db",
            session=[session()],
            message=both,
            session_message=second,
        )
        found = counted(read(OPENCODE, path))
    assert len(found) == len(drawn)
    assert sum(row.input for row in found) == sum(fresh for _, fresh, _, _ in drawn)
    assert {row.session for row in found} <= {"ses_1"}
    assert sorted(row.occurred_at for row in found) == sorted(
        micros(seconds + 2) for seconds, *_ in drawn
    )


@FEW
@given(st.integers(1, 40), st.randoms(use_true_random=False))
def test_a_damaged_database_never_invents_calls(count, chance: random.Random):
    """Pages may be lost; what is read is what was there."""
    told = [
        (message_id(n, n), "ses_1", assistant(n, tokens(fresh=n))) for n in range(count)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = database(Path(folder) / "opencode.db", message=told)
        whole = bytearray(path.read_bytes())
        true = {row.key for row in counted(read(OPENCODE, path))}
        for _ in range(3):
            page = chance.randrange(len(whole) // 4096)
            whole[page * 4096 : (page + 1) * 4096] = bytes(4096)
        path.write_bytes(whole)
        found = read(OPENCODE, path)
    assert {row.key for row in counted(found)} <= true
    assert len(true) == count
    assert len(counted(found)) == count or reasons(found)


def test_the_properties_can_fail():
    """The valid files do hold calls, so that nothing above is empty talk."""
    for name in ALL:
        content = b"".join(LINES[name]) if name in LINES else whole_file(name)
        assert rows(readings(name, content)), name
