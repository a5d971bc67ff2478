"""Gateways, agents behind them and imports, in at one end of a running server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.golden.test_agent_behind_litellm import billed as billed_calls
from tests.road.markers import STEM, mark, plain
from tests.road.searching import every_row, found_in
from tests.road.station import CLASSES, JSON, counts, mileage, station_in

GOLDEN = Path(__file__).parents[1] / "golden" / "litellm"
AGENT = GOLDEN / "agent"
ALICE = "alice@example.com"
LITELLM, CLOUDEVENTS = "/ingest/litellm", "/ingest/cloudevents"
EVENT = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

CALL = {
    "id": "chatcmpl-kept-1",
    "litellm_call_id": "call-kept-1",
    "call_type": "acompletion",
    "status": "success",
    "startTime": 1_795_176_000.5,
    "model": "openai/gpt-5.1",
    "custom_llm_provider": "openai",
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "response_cost": 0.001,
    "metadata": {"user_api_key_user_email": ALICE},
}
DATA = {
    "model": "gpt-5.1",
    "occurred_at": "2026-11-20T12:00:00Z",
    "input": 10,
    "output": 3,
    "session": "session-kept-by-event",
}
ENVELOPE = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/robots/one",
    "type": "ai.usage.call",
}


def home_in(folder):
    projects = folder / ".claude" / "projects" / "-home-alice-code"
    projects.mkdir(parents=True)
    for path in AGENT.glob("session-*.jsonl"):
        shutil.copy(path, projects / path.name)
    return folder


def expected():
    rows = billed_calls()
    sums = [sum(row[at] for row in rows) for at in range(5)]
    return dict(zip(("calls", *CLASSES), (len(rows), *sums, 0, 0), strict=True))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_an_agent_behind_a_proxy_counts_once_whoever_tells_first(tmp_path, order):
    home = home_in(tmp_path / "home")
    with station_in(tmp_path / "server") as station:
        own = station.token(email=ALICE)
        proxy = station.token(collector="litellm")
        operator = station.key("boss@example.com", "operator")

        def callback():
            for path in sorted(AGENT.glob("callback-*")):
                answer = station.post(
                    path.read_bytes(), proxy, path=LITELLM, content_type=JSON
                )
                assert (answer.status, answer.json["accepted"]) == (200, 1)

        def telemetry():
            for path in sorted(AGENT.glob("logs-*")):
                assert (
                    station.post(path.read_bytes(), own, content_type=JSON).status
                    == 200
                )

        def logs():
            done = station.run("collect", "--home", home, "--account", ALICE)
            assert done.returncode == 0, done.stderr

        steps = (callback, telemetry, logs)
        for _ in range(3):
            for at in order:
                steps[at]()
        station.settled(operator)
        usage = station.usage(operator, "client")
        assert {name: counts(row) for name, row in usage.items()} == {
            "claude-code": expected()
        }
        assert station.run("verify").returncode == 0


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_a_proxy_behind_a_proxy_counts_once_whoever_tells_first(tmp_path, order):
    """Each has call ids of its own, and hands on the answer's."""
    answer = "chatcmpl-AbCdEfGhIjKlMnOp"
    told = [
        {**CALL, "id": answer, "litellm_call_id": f"call-{number}"}
        for number in range(3)
    ]
    with station_in(tmp_path / "server") as station:
        proxy = station.token(collector="litellm")
        operator = station.key("boss@example.com", "operator")
        for at in (*order, *order):
            posted = station.post(
                json.dumps([told[at]]), proxy, path=LITELLM, content_type=JSON
            )
            assert posted.status == 200
            station.settled(operator)
            (row,) = station.usage(operator, "model").values()
            assert (row["calls"], row["input"], row["output"]) == (1, 100, 30)
        assert station.run("verify").returncode == 0


def test_what_was_acknowledged_survives_a_power_cut(tmp_path):
    body = (GOLDEN / "json_array-01.body").read_bytes()
    with station_in(tmp_path / "server") as station:
        proxy = station.token(collector="litellm")
        operator = station.key("boss@example.com", "operator")
        answer = station.post(body, proxy, path=LITELLM, content_type=JSON)
        assert answer.status == 200
        station.kill()
        station.start()
        again = station.post(body, proxy, path=LITELLM, content_type=JSON)
        assert again.json == answer.json
        station.settled(operator)
        usage = station.usage(operator, "model")
        assert sum(row["calls"] for row in usage.values()) == answer.json["accepted"]


def marked_record(**changed):
    """A record with content in every place that can hold it."""
    return {
        **CALL,
        "messages": [{"role": "user", "content": mark("prompt")}],
        "response": plain("response"),
        "error_str": mark("error"),
        "error_information": {"traceback": mark("traceback")},
        "model_parameters": plain("parameters"),
        "request_tags": [mark("tag")],
        "api_base": f"https://host/{mark('base')}",
        "requester_ip_address": mark("address"),
        "guardrail_information": [plain("guardrail")],
        mark("key"): plain("unknown"),
        "metadata": {
            **CALL["metadata"],
            "spend_logs_metadata": plain("spend"),
            "requester_metadata": {"headers": plain("headers"), mark("m"): mark("m")},
            "usage_object": {mark("usage"): mark("usage")},
        },
        "hidden_params": {
            "additional_headers": {mark("header"): mark("header")},
            mark("hidden"): plain("hidden"),
        },
        **changed,
    }


def callbacks():
    bad = (
        {"prompt_tokens": mark("count")},
        {"startTime": mark("time")},
        {"metadata": mark("metadata")},
        {"metadata": {"usage_object": {"prompt_tokens": mark("count")}}},
        {"prompt_tokens": None},
        {"litellm_call_id": None, "id": {mark("id"): 1}},
        {"status": "failure"},
        {"cache_hit": True},
    )
    records = [marked_record(), *(marked_record(**one) for one in bad)]
    yield json.dumps(records).encode(), JSON
    yield (
        b"\n".join(json.dumps(one).encode() for one in records),
        "application/x-ndjson",
    )
    for record in records:
        yield json.dumps(record).encode(), JSON
    whole = json.dumps(records).encode()
    yield whole[: len(whole) // 2], JSON
    yield b"[" + whole, JSON
    yield mark("text").encode(), JSON
    yield whole, f"text/{mark('type')}"


def events():
    good = {**ENVELOPE, "data": DATA, mark("extension"): mark("extension")}
    bad = (
        {"data": {**DATA, mark("field"): mark("value")}},
        {"data": {**DATA, "input": mark("count")}},
        {"data": mark("data")},
        {"data": {**DATA, "occurred_at": mark("time")}},
        {"data": {**DATA, "reported_cost_usd": mark("cost")}},
        {"specversion": mark("version")},
        {"type": mark("type")},
        {"datacontenttype": mark("form")},
        {"source": mark("source"), "id": mark("id")},
        {"data_base64": mark("base64")},
    )
    batch = [good, *({**good, **one} for one in bad)]
    yield json.dumps(batch).encode(), BATCH
    for one in batch:
        yield json.dumps(one).encode(), EVENT
    yield json.dumps(batch).encode()[:-40], BATCH
    yield mark("text").encode(), EVENT
    yield json.dumps(DATA).encode(), JSON


def test_nothing_that_was_said_is_kept_anywhere(tmp_path):
    mapping, rows = tmp_path / "map.toml", tmp_path / "rows.ndjson"
    mapping.write_text(
        'name = "kept-name"\n[columns]\nkey = "id"\noccurred_at = "at"\n'
        'model = "model"\ninput = "in"\n[fixed]\nclient = "robot"\n'
    )
    row = {"id": mark("id"), "at": "2026-11-20T12:00:00Z", "model": "gpt-5.1", "in": 5}
    lines = [
        {**row, "prompt": mark("prompt"), mark("column"): plain("cell")},
        {**row, "in": mark("count")},
        {**row, "at": mark("time")},
        {**row, "model": mark("model") * 30},
    ]
    text = "\n".join(json.dumps(one) for one in lines) + f"\n{mark('line')}\n"
    rows.write_text(text)
    with station_in(tmp_path / "server") as station:
        token = station.token(collector="gateway")
        operator = station.key("boss@example.com", "operator")
        answers = [
            station.post(data, token, path=path, content_type=kind)
            for path, bodies in ((LITELLM, callbacks()), (CLOUDEVENTS, events()))
            for data, kind in bodies
        ]
        assert {answer.status for answer in answers} == {200, 400, 415}
        for answer in answers:
            assert STEM.encode() not in answer.body.lower()
        done = station.run("import", "--source", "rows", "--mapping", mapping, rows)
        assert "1 new witnesses, 4 rejected" in done.stdout, done.stderr
        status = station.settled(operator)
        assert status["visible"] == 4
        assert status["rejected"] > 20
        assert status["ignored"] > 3
        station.kill()
        assert found_in(station.folder, STEM) == []
        station.start()
        assert station.stop() == 0
    assert found_in(station.folder, STEM) == []
    kept = every_row(station.data / "ledger.duckdb")
    assert STEM not in kept.lower()
    # The search can fail: what may be kept is found by it.
    for word in (
        "call-kept-1",
        "chatcmpl-kept-1",
        "session-kept-by-event",
        "kept-name",
    ):
        assert word in kept


HOSTILE = [
    b"",
    b"\x00" * 100,
    b"[" * 200_000,
    b'{"a":' * 50_000,
    b"\xff" * 1000,
    b"[" + b"{}," * 200_000 + b"{}]",
    b'"' * 10_001,
    b"[" + b'"\\' * 100_000,
]


def test_hostile_bodies_get_an_answer(tmp_path):
    with station_in(tmp_path / "server") as station:
        token = station.token(collector="gateway")
        operator = station.key("boss@example.com", "operator")
        for path, kinds in ((LITELLM, (JSON,)), (CLOUDEVENTS, (EVENT, BATCH, JSON))):
            for kind in kinds:
                for data in HOSTILE:
                    answer = station.post(data, token, path=path, content_type=kind)
                    assert answer.status in (200, 400, 413), (path, kind, data[:20])
                    if answer.status != 200:
                        assert answer.json["error"]["status"] == answer.status
        status = station.settled(operator)
        assert status["visible"] == 0
        assert status["rejected"] > 10
        answer = station.post(b"[]", "", path=LITELLM, content_type=JSON)
        assert answer.status == 401


def test_imports_work_while_the_server_runs_and_change_nothing_twice(tmp_path):
    activity = tmp_path / "activity.json"
    line = {"date": "2026-11-20", "model": "openai/gpt-5.1", "endpoint_id": "e-1"}
    figures = {"usage": 0.5, "requests": 2, "prompt_tokens": 40, "completion_tokens": 6}
    activity.write_text(json.dumps({"data": [{**line, **figures}]}))
    event = {**DATA, "provider": "openrouter", "model": "openai/gpt-5.1"}
    with station_in(tmp_path / "server") as station:
        token = station.token(email=ALICE)
        operator = station.key("boss@example.com", "operator")
        for new, ignored in ((12, 1), (0, 0)):
            done = station.run(
                "import", "--source", "litellm", GOLDEN / "spend_logs.ndjson"
            )
            assert f"{new} new witnesses, 0 rejected, {ignored} ignored" in done.stdout
        assert (
            station.post(
                json.dumps({**ENVELOPE, "data": event}),
                token,
                path=CLOUDEVENTS,
                content_type=EVENT,
            ).status
            == 200
        )
        station.settled(operator)
        before = station.usage(operator, "model")
        for new in (1, 0):
            done = station.run("import", "--source", "openrouter_activity", activity)
            said = f"1 buckets, {new} new, 0 replaced, 0 rejected"
            assert said in done.stdout, done
        # Buckets are beside the calls, in no figure of them.
        assert station.usage(operator, "model") == before
        days = ("--since", "2026-11-20", "--until", "2026-11-20")
        shown = json.loads(station.run("buckets", *days, "--json").stdout)
        assert shown["rows"] == [
            {
                "day": "2026-11-20",
                "provider": "openrouter",
                "model": "gpt-5.1",
                "bucket": {
                    "requests": 2,
                    "prompt": 40,
                    "answer": 6,
                    "cost_usd": "0.500000",
                },
                "calls": {
                    "requests": 1,
                    "prompt": 10,
                    "answer": 3,
                    "cost_usd": "0.000042",
                },
            }
        ]
        told = station.run("buckets", *days).stdout
        assert "-33" in told
        assert "gpt-5.1" in told
        assert (
            station.run(
                "buckets", "--since", "2026-12-02", "--until", "2026-12-01"
            ).returncode
            == 2
        )
        empty = station.run("buckets", "--until", "2020-02-01")
        assert "No provider's buckets" in empty.stdout


MAPPING = """\
name = "robots"
[columns]
key = "id"
occurred_at = "at"
model = "model"
input = "usage.in"
output = "usage.out"
cache_read = "usage.cached"
[fixed]
client = "our-robot"
[format]
cache_in_input = "yes"
"""


class TestRows:
    @pytest.fixture
    def files(self, tmp_path):
        """The same three rows in every form, and their mapping."""
        rows = [
            {
                "id": number,
                "at": f"2026-11-20T12:00:0{number}+00:00",
                "model": "gpt-5.1",
                "usage": {"in": 100 + number, "out": 7, "cached": 40},
            }
            for number in range(3)
        ]
        (tmp_path / "map.toml").write_text(MAPPING)
        (tmp_path / "rows.ndjson").write_text("\n".join(map(json.dumps, rows)))
        (tmp_path / "rows.json").write_text(json.dumps(rows, indent=1))
        text = "id,at,model,usage.in,usage.out,usage.cached\n" + "".join(
            ",".join(
                map(str, (one["id"], one["at"], one["model"], *one["usage"].values()))
            )
            + "\n"
            for one in rows
        )
        (tmp_path / "rows.csv").write_text(text)
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (select * from read_json('{tmp_path / 'rows.ndjson'}')) "  # noqa: S608 - ours
                f"to '{tmp_path / 'rows.parquet'}' (format parquet)"
            )
        return tmp_path

    def run(self, files, *words):
        return mileage(
            *("import", "--data", files / "data", "--source", "rows"),
            *("--mapping", files / "map.toml", *words),
        )

    def test_every_form_says_the_same(self, files):
        """What one form brought, the others bring nothing new to."""
        names = [f"rows.{end}" for end in ("csv", "ndjson", "json", "parquet")]
        first = self.run(files, "--account", ALICE, files / names[0])
        assert "3 rows: 3 new witnesses, 0 rejected, 0 ignored" in first.stdout, first
        rest = self.run(files, "--account", ALICE, *(files / one for one in names[1:]))
        assert "9 rows: 0 new witnesses, 0 rejected, 0 ignored" in rest.stdout, rest

    def test_a_dry_run_shows_rows_and_writes_nothing(self, files):
        done = self.run(files, "--dry-run", files / "rows.parquet")
        assert done.returncode == 0, done.stderr
        assert (
            "row 1: 2026-11-20 12:00:00 UTC; input 60, cache_read 40, output 7"
            in done.stdout
        )
        assert "client our-robot; model gpt-5.1" in done.stdout
        assert "3 calls" in done.stdout
        assert not (files / "data").exists()

    def test_a_bad_mapping_is_told_by_file_line_and_key(self, files):
        (files / "map.toml").write_text(MAPPING.replace('cache_in_input = "yes"', ""))
        done = self.run(files, files / "rows.csv")
        assert done.returncode == 2
        assert "map.toml:11: format.cache_in_input: is missing" in done.stderr
        assert not (files / "data").exists()

    def test_rejects_are_counted_with_their_rows(self, files):
        path = files / "bad.ndjson"
        path.write_text((files / "rows.ndjson").read_text() + '\n{"id": 9}\nnoise\n')
        done = self.run(files, "--account", ALICE, path)
        assert "3 new witnesses, 2 rejected" in done.stdout, done
        shown = mileage("doctor", "--data", files / "data")
        assert "bad.ndjson:4" in shown.stdout + shown.stderr

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--source", "rows"), "needs --mapping"),
            (("--source", "litellm", "--dry-run"), "belong to --source rows"),
            (("--source", "claude_code_log"), "--account EMAIL is needed"),
            (("--source", "claude_code_otlp"), "--account EMAIL is needed"),
            (("--source", "nobodys"), "there is no source 'nobodys'"),
        ],
    )
    def test_what_is_asked_wrongly(self, files, words, said):
        done = mileage("import", "--data", files / "data", *words, files / "rows.csv")
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr
