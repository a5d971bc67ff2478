"""What a real LiteLLM proxy sent and would have stored, against what was billed."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

import pytest

from mileage.domain.call import Seen
from mileage.domain.join import resolve
from mileage.sources.litellm import SOURCE
from mileage.sources.litellm_spend_log import SOURCE as OLD_ROWS
from mileage.wiring.policy import load_policy

FOLDER = Path(__file__).parent / "litellm"
TRAITS = {one.traits.name: one.traits for one in (SOURCE, OLD_ROWS)}
CLASSES = (
    "input",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "output",
    "reasoning",
)
SESSION = "11111111-2222-4333-8444-555555555555"


def billed(form="json_array"):
    text = (FOLDER / f"billed-{form}.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def bodies(form):
    return [path.read_bytes() for path in sorted(FOLDER.glob(f"{form}-*.body"))]


def callbacks(form="json_array"):
    readings = [SOURCE.read_body(body) for body in bodies(form)]
    assert not [one for reading in readings for one in reading.rejected]
    return [row for reading in readings for row in reading.witnesses.rows()]


def table(path=FOLDER / "spend_logs.ndjson"):
    readings = list(SOURCE.read_file(str(path), path.name))
    assert not [one for reading in readings for one in reading.rejected]
    return [row for reading in readings for row in reading.witnesses.rows()]


def tokens(rows):
    return sorted(list(row.tokens)[:6] for row in rows)


def truth(rows):
    return sorted([row[name] for name in CLASSES] for row in rows)


def test_every_billed_call_and_no_other():
    assert len(billed()) == 12
    assert tokens(callbacks()) == truth(billed())


def test_failed_requests_and_answers_of_litellms_own_cache_are_ignored():
    readings = [SOURCE.read_body(body) for body in bodies("json_array")]
    assert sum(reading.ignored for reading in readings) == 3
    statuses = [
        (entry["status"], entry["cache_hit"])
        for body in bodies("json_array")
        for entry in json.loads(body)
    ]
    assert statuses.count(("failure", False)) == 2
    assert statuses.count(("success", True)) == 1


def test_lines_of_json_under_the_same_content_type():
    """One call of this recording is missing: the proxy itself dropped its record."""
    found, known = tokens(callbacks("ndjson")), truth(billed("ndjson"))
    assert len(found) == 11
    assert all(one in known for one in found)


def test_single_records():
    found, known = tokens(callbacks("single")), truth(billed("single"))
    assert len(found) == 3
    assert all(one in known for one in found)


def test_the_table_tells_the_same_calls_under_the_same_keys():
    sent, stored = callbacks(), table()
    assert {row.key for row in sent} == {row.key for row in stored}
    assert tokens(sent) == tokens(stored)
    assert {row.reported_cost for row in sent} == {row.reported_cost for row in stored}


@pytest.mark.parametrize("seed", range(5))
def test_callback_and_table_together_count_once(seed):
    rows = [*callbacks(), *table()] * 3
    random.Random(seed).shuffle(rows)  # noqa: S311 - an order
    seen = [Seen(row, "acc-1", asserted=True) for row in rows]
    calls = resolve(seen, TRAITS)
    assert sorted(list(call.tokens)[:6] for call in calls) == truth(billed())
    assert not [call for call in calls if call.differs]


def test_rows_of_a_version_without_call_ids_join_by_the_providers_ids():
    old = [
        row._replace(source="litellm_spend_log", key=f"row-{number}")
        for number, row in enumerate(table())
        if row.link
    ]
    assert len(old) == 11
    seen = [Seen(row, "acc-1", asserted=True) for row in [*old, *callbacks()]]
    assert len(resolve(seen, TRAITS, load_policy(None).join)) == 12


def test_a_ledger_of_a_version_that_named_calls_otherwise_learns_nothing_new():
    """Calls were named by their call id alone; then a table is imported again."""
    before = [row._replace(key=row.key.partition(":")[0]) for row in callbacks()]
    named = [row.key for row in before]
    assert [row.key for row in callbacks()] != named
    seen = [Seen(row, "acc-1", asserted=True) for row in [*before, *table()]]
    found = resolve(seen, TRAITS, load_policy(None).join)
    assert sorted(list(call.tokens)[:6] for call in found) == truth(billed())
    assert not [call for call in found if call.differs]


def test_such_rows_are_told_apart_from_the_others(tmp_path):
    kept = []
    for line in (FOLDER / "spend_logs.ndjson").read_text().splitlines():
        row = json.loads(line)
        about = json.loads(row["metadata"])
        del row["litellm_call_id"], about["litellm_call_id"]
        kept.append(json.dumps({**row, "metadata": json.dumps(about)}))
    path = tmp_path / "old.ndjson"
    path.write_text("\n".join(kept))
    rows = table(path)
    assert {row.source for row in rows} == {"litellm_spend_log"}
    assert tokens(rows) == truth(billed())


def rows_of_the_table():
    lines = (FOLDER / "spend_logs.ndjson").read_text().splitlines()
    return [json.loads(line) for line in lines]


def as_csv(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(
        {
            name: json.dumps(cell) if isinstance(cell, (dict, list)) else cell
            for name, cell in row.items()
        }
        for row in rows
    )
    return text.getvalue()


FORMS = {
    "array": json.dumps,
    "pretty array": lambda rows: json.dumps(rows, indent=2),
    "page of the REST interface": lambda rows: json.dumps(
        {"data": rows, "total": len(rows), "page": 1, "page_size": 50}, indent=1
    ),
    "page in one line": lambda rows: json.dumps({"total": 1, "data": rows}),
    "metadata as objects": lambda rows: json.dumps(
        [{**row, "metadata": json.loads(row["metadata"])} for row in rows]
    ),
    "csv": as_csv,
    "csv with a byte order mark": lambda rows: "\ufeff" + as_csv(rows),
    "lines": lambda rows: "\n".join(json.dumps(row) for row in rows),
}


@pytest.mark.parametrize("form", FORMS)
def test_exports_of_every_form(tmp_path, form):
    path = tmp_path / "export"
    path.write_text(FORMS[form](rows_of_the_table()), "utf-8")
    assert tokens(table(path)) == truth(billed())
    assert {row.key for row in table(path)} == {row.key for row in callbacks()}


def by_id(rows):
    return {one: row for row in rows for one in row.link.split()}


def test_the_agent_behind_the_proxy_is_named():
    rows = by_id(callbacks())
    claude = rows["msg_mock0006"]
    assert (claude.client, claude.client_version) == ("claude-code", "2.1.197")
    assert claude.session == rows["msg_mock0007"].session == SESSION
    assert claude.link == "msg_mock0006 req_mock0006"
    codex = rows["resp_mock0009"]
    assert (codex.client, codex.client_version) == ("codex", "0.169.0")
    assert codex.session == "01999999-aaaa-7bbb-8ccc-dddddddddddd"
    assert rows["chatcmpl-mock0001"].client == "litellm"
    # What a proxy makes up for a request without a session is none.
    assert rows["chatcmpl-mock0001"].session == ""
    assert by_id(table())["chatcmpl-mock0001"].session == ""


def test_who_what_and_for_how_much():
    row = by_id(callbacks())["chatcmpl-mock0001"]
    assert row.identity == "alice@example.com"
    assert (row.provider, row.model) == ("openai", "gpt-5.1")
    assert row.reported_cost == 1224
    assert row.occurred_at == 1_795_328_184_307_166
    assert by_id(table())["chatcmpl-mock0001"].occurred_at == row.occurred_at


def test_a_request_that_failed_once_is_one_call():
    rows = [row for row in callbacks() if "chatcmpl-mock0012" in row.link]
    assert len(rows) == 1
    failed = [
        entry
        for body in bodies("json_array")
        for entry in json.loads(body)
        if entry["litellm_call_id"] == rows[0].key.partition(":")[0]
    ]
    assert [entry["status"] for entry in failed] == ["failure", "success"]
