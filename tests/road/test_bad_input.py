"""Whatever is handed in: nothing crashes or is lost, and what is refused is shown."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.otlp_bodies import API_REQUEST, SSE_EVENT, log, logs, packed_logs
from tests.road.station import (
    ENVIRON,
    JSON,
    MILEAGE,
    counts,
    station_in,
    write_policy,
)
from tests.session_logs import answer, record, tokens, usage

ALICE = "alice@example.com"
MIB = 2**20
POLICY = """\
[limits]
max_body_bytes = 65536
max_inflated_bytes = 262144
max_line_bytes = 4096
"""


def call(request, **attributes):
    plain = {**API_REQUEST, "request_id": request, "session.id": request}
    return logs(log({**plain, **attributes}))


def iso(moment):
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    with station_in(tmp_path_factory.mktemp("bad"), POLICY) as running:
        running.alice = running.token(email=ALICE)
        running.operator = running.key("boss@example.com", "operator")
        at_rest(running)
        yield running


def reasons(station):
    """What doctor says was rejected."""
    done = station.run("doctor", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    return " ".join(json.loads(done.stdout)["findings"])


def taken_in(station):
    """What was taken in; how busy the server is changes with every request."""
    status = station.settled(station.operator)
    return {name: value for name, value in status.items() if name != "load"}


def at_rest(station):
    """What was taken in, with all that was refused: a call that comes later is in."""
    assert station.post(packed_logs(call("req_last")), station.alice).status == 200
    return taken_in(station)


def grown(station, before):
    after = at_rest(station)
    return {
        name: after[name] - before[name] for name in ("visible", "rejected", "ignored")
    }


def said(name, **fields):
    """One call of a session with the name of its case."""
    made = {"requestId": f"req_{name}", "sessionId": name, **fields}
    return answer(f"msg_{name}", made.pop("used", None), **made)


LINES = {
    # name: (what stands before a good line, rejections, words of the reason)
    "half": (b"", 1, "incomplete"),
    "noise": (bytes(range(256)) * 40 + b"\n", 40, "not JSON"),
    "long": (b'{"x":"' + b"y" * 9000 + b'"}\n', 1, "longer than the limit"),
    "list": (b"[1,2]\n17\nnull\n", 3, "Expected `object`"),
    "negative": (said("bad_negative", used=usage(out=-1)), 1, ">= 0"),
    "absurd": (said("bad_absurd", used=usage(read=10**12 + 1)), 1, "<="),
    "ancient": (said("bad_ancient", timestamp="2019-12-31T23:59:59Z"), 1, "2020"),
    "future": (
        said("bad_future", timestamp=iso(datetime.now(UTC) + timedelta(days=2))),
        1,
        "ahead",
    ),
}


class Collected(NamedTuple):
    """What collecting a home full of trouble came to."""

    printed: str
    findings: str
    rejected: int
    sessions: dict[str, Any]


@pytest.fixture(scope="module")
def collected(station, tmp_path_factory):
    """Collect all at once: starting a command for each case takes too long.

    Twice, since half a line is told when the log ends in it the next time too.
    """
    home = tmp_path_factory.mktemp("home")
    projects, sessions = home / ".claude" / "projects", home / ".codex" / "sessions"
    projects.mkdir(parents=True)
    sessions.mkdir(parents=True)
    for name, (before, _, _) in LINES.items():
        content = before + said(name)
        if name == "half":
            content += said("bad_half")[:-50]
        (projects / f"{name}.jsonl").write_bytes(content)
    lines = [record("a", tokens(fresh=-5)), record("b", tokens()), b"\xff\n{"]
    (sessions / "rollout-bad.jsonl").write_bytes(b"".join(lines))
    # Root may open everything, so a file whose disk fails; and a link to nothing.
    (projects / "unreadable.jsonl").symlink_to("/proc/self/mem")
    (projects / "gone.jsonl").symlink_to(home / "nothing")
    before = at_rest(station)
    printed = ""
    for _ in range(2):
        done = station.run("collect", "--home", home, "--account", "bad@example.com")
        assert (done.returncode, "Traceback" in done.stderr) == (0, False)
        printed += done.stdout
    rejected = grown(station, before)["rejected"]
    rows = station.usage(station.key("bad@example.com"), "session")
    return Collected(printed, reasons(station), rejected, rows)


@pytest.mark.parametrize("name", LINES)
def test_bad_lines_of_a_log(collected, name):
    _, _, words = LINES[name]
    assert words in collected.findings
    # The good line beside them counts, the bad ones do not.
    assert collected.sessions[name]["calls"] == 1
    assert f"bad_{name}" not in collected.sessions


def test_all_that_was_refused_is_counted_and_said(collected):
    least = sum(rejected for _, rejected, _ in LINES.values())
    assert collected.rejected >= least + 4  # and the rollout, and the unreadable file
    first, then = map(int, re.findall(r"witnesses, (\d+) rejected", collected.printed))
    # Two logs end in half a line; the link is to another file in each process.
    assert (first + then, then) == (collected.rejected, 3)
    assert "mileage doctor" in collected.printed


def test_a_rollout_with_absurd_counts(collected):
    (good,) = [row for name, row in collected.sessions.items() if "thread" in name]
    assert (good["calls"], good["input"]) == (1, 100)


def test_a_file_that_cannot_be_read(collected):
    assert "unreadable: Input/output error" in collected.findings
    assert "unreadable.jsonl" in collected.findings


# -------------------------------------------------------------------------- the door


def test_an_unknown_model_is_unpriced_and_never_free(station):
    key = station.key("model@example.com")
    token = station.token(email="model@example.com")
    body = call("req_model", model="nobody-knows-me-1")
    assert station.post(body, token, content_type=JSON).status == 200
    station.settled(station.operator)
    row = station.usage(key, "model")["nobody-knows-me-1"]
    assert (row["calls"], row["unpriced_calls"], row["cost_usd"]) == (1, 1, None)
    assert row["tokens"] > 0


def test_unknown_fields_do_no_harm(station):
    key, token = station.key("new@example.com"), station.token(email="new@example.com")
    plain = json.loads(call("req_unknown", brand_new=["list", {"deep": 1}]))
    plain["inventedLater"] = {"x": 1}
    plain["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["soon"] = [1, 2]
    assert station.post(json.dumps(plain), token, content_type=JSON).status == 200
    # Field 99 with four bytes: what a later protocol may send.
    packed = packed_logs(call("req_unknown_2")) + b"\x9a\x06\x04abcd"
    assert station.post(packed, token).status == 200
    station.settled(station.operator)
    assert station.usage(key)["claude-code"]["calls"] == 2


TIMES = {
    "before 2020": iso(datetime(2019, 6, 1, tzinfo=UTC)),
    "day ahead": iso(datetime.now(UTC) + timedelta(hours=25)),
}


@pytest.mark.parametrize("words", TIMES)
def test_times_that_cannot_be(station, words):
    body = call(f"req {words}", **{"event.timestamp": TIMES[words]})
    before = at_rest(station)
    assert station.post(body, station.alice, content_type=JSON).status == 200
    found = grown(station, before)
    assert (found["visible"], found["rejected"]) == (0, 1)
    assert words in reasons(station)


@pytest.mark.parametrize("count", [-1, 10**12 + 1, "many"])
def test_counts_that_cannot_be(station, count):
    bad = log({**SSE_EVENT, "output_token_count": count})
    body = logs(bad, scope="codex")
    before = at_rest(station)
    answered = station.post(body, station.alice, content_type=JSON)
    assert answered.status == 200
    assert answered.json["partialSuccess"]["rejectedLogRecords"] == "1"
    assert grown(station, before)["rejected"] == 1


GOOD = packed_logs(call("req_good"))
BODIES = {
    "wrong content type": (GOOD, {"content_type": "text/plain"}, 415),
    "truncated protobuf": (GOOD[:-10], {}, 400),
    "truncated JSON": (call("req_x")[:-10], {"content_type": JSON}, 400),
    "truncated gzip": (gzip.compress(GOOD)[:-9], {"content_encoding": "gzip"}, 400),
    "no gzip": (GOOD, {"content_encoding": "gzip"}, 400),
    "over the limit": (bytes(70_000), {}, 413),
    "inflated over the limit": (
        gzip.compress(bytes(300_000)),
        {"content_encoding": "gzip"},
        413,
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_refused(station, name):
    body, headers, status = BODIES[name]
    before = at_rest(station)
    assert station.post(body, station.alice, **headers).status == status
    found = grown(station, before)
    assert (found["visible"], found["rejected"]) == (0, 1)


def test_a_body_over_the_limit_without_a_length(station):
    pieces = iter([bytes(1000)] * 100)
    assert station.post(pieces, station.alice).status == 413


def peak(pid):
    """Return the peak resident memory of a process in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = [one for one in lines if one.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_gzip_bomb_needs_no_memory(station):
    bomb = gzip.compress(bytes(200 * MIB), 6)
    assert len(bomb) > 65_536  # so the inflated limit is tried in pieces below
    small = gzip.compress(bytes(60 * MIB), 9)
    assert len(small) < 65_536
    before = peak(station.pid)
    headers = {"content_encoding": "gzip"}
    assert station.post(bomb, station.alice, **headers).status == 413
    for _ in range(3):
        assert station.post(small, station.alice, **headers).status == 413
    assert peak(station.pid) - before < 16 * MIB


def tree(folder):
    """Every file but the log of who asked, with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("control.")
    }


@pytest.mark.parametrize("token", ["", "mlg_t_wrong", "Basic x", "é".encode().hex()])
def test_a_wrong_or_missing_token_stores_nothing(station, token):
    before = at_rest(station)
    stored = tree(station.data)
    answered = station.post(GOOD, token)
    assert answered.status == 401
    assert taken_in(station) == before
    unchanged = tree(station.data)
    for name in stored.keys() | unchanged.keys():
        if not name.startswith("snapshots"):
            assert stored.get(name) == unchanged.get(name), name


# A process inherits the peak of the one that starts it, so a small one does.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_a_200_mb_line_needs_little_memory(tmp_path):
    """The limit as it ships (32 MiB); a hole in the file costs no disk."""
    projects = tmp_path / "home" / ".claude" / "projects"
    projects.mkdir(parents=True)
    path = projects / "huge.jsonl"
    with path.open("wb") as file:
        file.truncate(200 * MIB)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + answer("msg_after"))
    write_policy(tmp_path / "data", "")
    words = ["collect", "--home", tmp_path / "home", "--data", tmp_path / "data"]
    command = [*MILEAGE, *map(str, words), "--account", ALICE]
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *command],
        env=ENVIRON,
        capture_output=True,
        text=True,
        check=True,
    )
    said, peak = done.stdout.rsplit("\n", 2)[:2]
    assert "1 new witness, 1 rejected" in said
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(peak) * unit < 300 * MIB


def test_the_good_calls_are_all_there(station):
    """After all of that the ledger contradicts nothing and the server lives."""
    done = station.run("verify", "--json")
    assert json.loads(done.stdout)["problems"] == []
    key = station.key("late@example.com")
    token = station.token(email="late@example.com")
    assert station.post(packed_logs(call("req_late")), token).status == 200
    station.settled(station.operator)
    figures = counts(station.usage(key)["claude-code"])
    assert (figures["calls"], figures["input"]) == (1, API_REQUEST["input_tokens"])
