"""What people and models wrote is nowhere: not on disk, not in logs, not on pages."""

from __future__ import annotations

import zlib

import pytest

from mileage.store.control import FILE_NAME
from tests.otlp_bodies import packed_logs, packed_metrics
from tests.road.markers import (
    STEM,
    bad_bodies,
    bad_claude_lines,
    bad_codex_lines,
    claude_body,
    claude_lines,
    codex_body,
    codex_lines,
    mark,
    metrics_body,
)
from tests.road.searching import every_row, found_in
from tests.road.station import JSON, mileage, station_in

ALICE = "alice@example.com"
PAGES = ("/", "/me", "/ingest", "/people", "/api/docs")
ANSWERS = (
    "/api/v1/ingest/status",
    "/api/v1/boards/cost-weighted",
    "/metrics",
    "/api/v1/usage?scope=org&purpose=operations&group_by=account,session,project,model",
)


@pytest.fixture
def home(tmp_path):
    """A home whose folders, repository and logs are full of content."""
    return marked_home(tmp_path / "home")


def marked_home(folder):
    repository = folder / mark("repository")
    (repository / ".git").mkdir(parents=True)
    (repository / ".git" / "config").write_text(
        f'[remote "origin"]\n\turl = https://{mark("login")}:{mark("secret")}@host/'
        f"{mark('owner')}/{mark('project')}.git\n"
        f"[user]\n\tname = {mark('name')}\n"
    )
    projects = folder / ".claude" / "projects" / mark("slug")
    sessions = folder / ".codex" / "sessions" / mark("year")
    for place in (projects, sessions):
        place.mkdir(parents=True)
    cwd = str(repository)
    for path, lines in (
        (projects / "good.jsonl", claude_lines(cwd)),
        (projects / "bad.jsonl", claude_lines(cwd) + bad_claude_lines(cwd)),
        (sessions / "rollout-good.jsonl", codex_lines(cwd)),
        (sessions / "rollout-bad.jsonl", codex_lines(cwd) + bad_codex_lines(cwd)),
        (sessions / "rollout-noise.jsonl", bad_codex_lines(mark("folder"))),
    ):
        path.write_bytes(b"".join(lines))
    return folder


def post_everything(station, token):
    """Send every body in both forms, whole and cut; none may crash the server."""
    statuses = []
    for path, body, pack in (
        ("/v1/logs", claude_body(), packed_logs),
        ("/v1/logs", codex_body(), packed_logs),
        ("/v1/metrics", metrics_body(), packed_metrics),
    ):
        packed = pack(body)
        for data, kind in (
            (body, {"content_type": JSON}),
            (packed, {}),
            (packed[:-25], {}),
            (body[: len(body) // 2], {"content_type": JSON}),
            (zlib.compress(body), {"content_type": JSON, "content_encoding": "gzip"}),
            (body, {"content_type": f"text/{mark('type')}"}),
            (body, {"content_type": JSON, "content_encoding": mark("encoding")}),
        ):
            statuses.append(station.post(data, token, path=path, **kind).status)
    for data in bad_bodies():
        statuses.append(station.post(data, token, content_type=JSON).status)
        statuses.append(station.post(data, token).status)
    statuses.append(station.post(claude_body(), mark("token")).status)
    return statuses


def assert_clean(station):
    """Search the data directory and all output."""
    assert found_in(station.folder, STEM) == []


def assert_pages_clean(station, operator):
    cookie = station.session()
    for path in PAGES:
        answer = station.ask("GET", path, cookie=cookie)
        assert STEM.encode() not in answer.body.lower(), path
    for path in ANSWERS:
        answer = station.get(path, operator)
        assert answer.status == 200, (path, answer)
        assert STEM.encode() not in answer.body.lower(), path


def test_nothing_that_was_said_is_kept_anywhere(tmp_path, home):
    with station_in(tmp_path / "server") as station:
        token = station.token(email=ALICE)
        operator = station.key("boss@example.com", "operator")
        statuses = post_everything(station, token)
        assert set(statuses) == {200, 400, 401, 415}
        gateway = station.token(collector="gateway")
        assert station.post(packed_logs(codex_body()), gateway).status == 200
        # Cut off while the ledger is behind: the segments are all there is.
        station.kill()
        assert_clean(station)
        assert "session-kept" not in station.said
        station.start()
        commands = [
            station.run("collect", "--home", home, "--account", ALICE),
            station.run(
                *("import", *(home / ".claude").rglob("*.jsonl")),
                *("--source", "claude_code_log", "--account", ALICE),
            ),
        ]
        status = station.settled(operator)
        assert status["visible"] > 5
        assert status["rejected"] > 20
        commands += [
            station.run("board"),
            station.run("doctor"),
            station.run("verify", "--json"),
        ]
        assert_pages_clean(station, operator)
        station.kill()
        assert_clean(station)
        station.start()
        assert station.stop() == 0
    assert_clean(station)
    assert STEM not in every_row(station.data / "ledger.duckdb").lower()
    for done in commands:
        assert STEM not in (done.stdout + done.stderr).lower()
        assert "Traceback" not in done.stderr
    the_search_can_fail(station)


def the_search_can_fail(station):
    """What may be kept is found by the same search, in each kind of file."""
    rows = every_row(station.data / "ledger.duckdb")
    for kept in ("session-kept", "req_kept_otlp", "thread-kept", "bad.jsonl"):
        assert kept in rows
    files = {hit.partition(":")[0] for hit in found_in(station.data, ALICE)}
    assert {FILE_NAME} <= files
    assert any(name.endswith("unpacked") for name in files)


def test_kept_bodies_and_logs_without_a_server(tmp_path, home):
    """The command reads, filters and writes by itself: no other rule may hold."""
    data = tmp_path / "station" / "data"
    bodies = tmp_path / "bodies"
    bodies.mkdir()
    for number, body in enumerate([claude_body(), codex_body(), *bad_bodies()]):
        (bodies / f"{number}-logs.json").write_bytes(body)
        (bodies / f"{number}-logs.pb").write_bytes(body)
    files = sorted(bodies.iterdir())
    who = ("--account", ALICE, "--data", data)
    runs = [
        mileage("import", *files, "--source", "claude_code_otlp", *who),
        mileage("collect", "--home", home, *who),
        mileage("me", "--home", home, "--json"),
        mileage("doctor", "--data", data),
    ]
    # Of some bodies nothing could be used, which a job of the night must notice.
    for done, code in zip(runs, (2, 0, 0), strict=False):
        assert done.returncode == code, done.stderr
        assert STEM not in (done.stdout + done.stderr).lower()
    assert STEM not in (runs[3].stdout + runs[3].stderr).lower()
    assert found_in(tmp_path / "station", STEM) == []
    assert STEM not in every_row(data / "ledger.duckdb").lower()
