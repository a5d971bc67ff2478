from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mileage.sources.openrouter_activity import SOURCE
from tests.drawing import examples

LINE = {
    "date": "2026-11-20",
    "model": "openai/gpt-5.1",
    "model_permaslug": "openai/gpt-5.1-2025-11-13",
    "endpoint_id": "550e8400-e29b-41d4-a716-446655440000",
    "provider_name": "Open AI",
    "usage": 0.015,
    "byok_usage_inference": 0.012,
    "requests": 5,
    "prompt_tokens": 50,
    "completion_tokens": 125,
    "reasoning_tokens": 25,
}
CSV = (
    "date,model,endpoint_id,provider_name,usage,byok_usage_inference,requests,"
    "prompt_tokens,completion_tokens,reasoning_tokens\n"
    "2026-11-20 00:00:00,openai/gpt-5.1,550e8400-e29b-41d4-a716-446655440000,Open AI,"
    "0.015,0.012,5,50,125,25\n"
)


def read(tmp_path, content, account=""):
    path = tmp_path / "activity"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return SOURCE.read_buckets(str(path), "activity", account)


def one(tmp_path, **changed):
    found = read(tmp_path, json.dumps({"data": [{**LINE, **changed}]}))
    assert found.rejected == ()
    return found.buckets[0]


def test_a_bucket(tmp_path):
    bucket = one(tmp_path)
    assert (bucket.source, bucket.provider) == ("openrouter_activity", "openrouter")
    assert bucket.start == 1_795_132_800_000_000
    assert bucket.end - bucket.start == 86_400_000_000
    assert bucket.model == "openai/gpt-5.1"
    assert bucket.dimensions == (
        "endpoint=550e8400-e29b-41d4-a716-446655440000 upstream=Open_AI"
    )
    assert (bucket.requests, bucket.prompt, bucket.answer) == (5, 50, 125)
    assert (bucket.reasoning, bucket.cache_read) == (25, None)
    assert bucket.cost == 27_000


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"data": [LINE]}),
        json.dumps({"data": [LINE]}, indent=2),
        json.dumps([LINE]),
        json.dumps(LINE) + "\n",
        CSV,
    ],
)
def test_every_form_says_the_same(tmp_path, content):
    found = read(tmp_path, content)
    assert found.rejected == ()
    assert found.buckets == (one(tmp_path),)


def test_accounts_are_told_apart(tmp_path):
    content = json.dumps([LINE])
    here = read(tmp_path, content, "research").buckets[0]
    assert here.account == "research"
    assert here.bucket_id != read(tmp_path, content).buckets[0].bucket_id


def test_figures_do_not_make_another_bucket(tmp_path):
    assert one(tmp_path).bucket_id == one(tmp_path, requests=9, usage=9).bucket_id
    assert one(tmp_path).bucket_id != one(tmp_path, endpoint_id="e-2").bucket_id


def test_costs(tmp_path):
    assert one(tmp_path, byok_usage_inference=None).cost == 15_000
    assert one(tmp_path, usage=None, byok_usage_inference=None).cost is None
    assert one(tmp_path, usage=-1).cost is None
    assert one(tmp_path, usage=1e300).cost is None


@pytest.mark.parametrize(
    "changed",
    [
        {"date": None},
        {"date": "yesterday"},
        {"date": "1999-01-01"},
        {"date": "9999-12-31"},
        {"model": None},
        {"model": ""},
        {"requests": -1},
        {"prompt_tokens": 1.5},
        {"requests": None, "prompt_tokens": None, "usage": None},
    ],
)
def test_what_cannot_be_read_is_refused_by_its_number(tmp_path, changed):
    found = read(tmp_path, json.dumps([LINE, {**LINE, **changed}]))
    assert len(found.buckets) == 1
    (rejected,) = found.rejected
    assert rejected.place == "activity:2"
    assert rejected.source == "openrouter_activity"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=examples(50),
)
@given(st.binary())
def test_any_bytes(tmp_path, content):
    found = read(tmp_path, content)
    assert found.buckets == ()


def test_no_file(tmp_path):
    found = SOURCE.read_buckets(str(tmp_path / "none"), "none")
    assert found.rejected[0].reason == "No such file or directory"
