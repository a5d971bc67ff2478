"""What the further clients' logs say in words is nowhere on the server's disk."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from tests.client_logs import (
    MARKER,
    amp_message,
    amp_usage,
    asked,
    assistant,
    assistant_2,
    begun,
    database,
    entry,
    event,
    ledger_event,
    line,
    message_id,
    ms,
    recorded,
    replied,
    settings,
    shut_down,
    started,
    status,
    thread,
    tool,
    usage_record,
    wired,
    written,
)
from tests.road.searching import every_row, found_in
from tests.road.station import station_in

SECRETS = {MARKER: MARKER, "text": [MARKER, {MARKER: MARKER}]}
FOLDER = f"/home/alice/{MARKER}"


def spoilt(*lines):
    """Lines, and the same once more with something wrong in each."""
    wrong = [
        one.replace(b'"output', b'"output":"' + MARKER.encode() + b'","y', 1)
        for one in lines
    ]
    torn = [one[: len(one) * 2 // 3] + b"\n" for one in lines]
    return [*lines, *wrong, *torn, f'{{"{MARKER}":'.encode()]


def marked_home(folder):
    """A home of all these clients, with words wherever there can be some."""
    data = folder / ".local" / "share"
    messages = [
        (message_id(0), "ses_1", asked(0, **SECRETS)),
        (message_id(1), "ses_1", assistant(1, path={"cwd": FOLDER}, **SECRETS)),
        (message_id(2), "ses_1", assistant(2, error={"message": MARKER})),
        (message_id(3), "ses_1", assistant(3, tokens={"input": MARKER})),
        (message_id(4), "ses_1", f'{{"{MARKER}'),
        (MARKER, MARKER, MARKER),
    ]
    database(
        data / "opencode" / "opencode.db",
        session=[("ses_1", None, FOLDER, MARKER, "1.18.33")],
        message=messages,
        part=[("prt_1", message_id(1), "ses_1", tool("edit", diff=MARKER))],
        session_message=[("msg_9", "ses_1", "assistant", 1, assistant_2(9))],
    )
    legacy = data / "opencode/storage/message" / MARKER
    written(legacy / "msg_1.json", assistant(20, **SECRETS).encode())
    written(legacy / "msg_2.json", b"{" + MARKER.encode())
    with closing(sqlite3.connect(data / "opencode" / "opencode-dev.db")) as db:
        db.execute(f"CREATE TABLE message (id, session_id, '{MARKER}')").close()
    written(
        folder / ".copilot/session-state" / "session-1" / "events.jsonl",
        *spoilt(
            started(),
            event("user.message", 1, messageId="m1", content=MARKER, **SECRETS),
            recorded(**SECRETS),
            event("tool.execution_start", 2, toolCallId="t1", toolName="edit"),
            event("tool.execution_complete", 3, toolCallId="t1", result=SECRETS),
            shut_down(9, gpt_5={"inputTokens": MARKER}),
        ),
    )
    written(
        folder / ".pi/agent/sessions" / MARKER / "session-1.jsonl",
        *spoilt(
            begun(parentSession=FOLDER),
            entry("user", 1, **SECRETS),
            replied(errorMessage=MARKER, **SECRETS),
            entry("toolResult", 3, toolCallId="t1", toolName="edit", details=SECRETS),
            line(type="compaction", summary=MARKER),
        ),
    )
    written(
        folder / ".kimi/sessions" / "group" / "session-1" / "wire.jsonl",
        *spoilt(wired("TurnBegin", user_input=MARKER), status(), usage_record()),
    )
    thread(
        data / "amp/threads" / "T-1.json",
        events=[ledger_event(to=2), ledger_event("e2", tokens={"input": MARKER})],
        messages=[
            amp_message(1, role="user", content=SECRETS, meta={"sentAt": ms(1)}),
            amp_message(2, amp_usage(2), content=[{"type": "text", "text": MARKER}]),
            amp_message(3, amp_usage(outputTokens=MARKER)),
        ],
    )
    written(data / "amp/threads" / "T-2.json", json.dumps([SECRETS]).encode())
    droid = folder / ".factory/sessions" / MARKER
    settings(droid / "session-1.settings.json", **SECRETS)
    settings(droid / "session-2.settings.json", {"inputTokens": MARKER})
    written(droid / "session-1.jsonl", line(type="session_start", cwd=FOLDER))
    return folder


def test_no_word_of_these_logs_is_kept(tmp_path):
    home = marked_home(tmp_path / "home")
    with station_in(tmp_path / "server") as station:
        operator = station.key("boss@example.com", "operator")
        station.run("collect", "--home", home, "--account", "alice@example.com")
        told = station.settled(operator)
        assert told["visible"] >= 9
        assert told["rejected"] >= 15
        station.kill()
        assert found_in(station.folder, MARKER) == []
        station.start()
        assert station.stop() == 0
        assert found_in(station.folder, MARKER) == []
        (ledger,) = station.folder.rglob("ledger.duckdb")
        said = every_row(ledger)
        assert MARKER not in said
        for source in ("opencode_db", "copilot_events", "pi_session", "kimi_wire"):
            assert source in said
