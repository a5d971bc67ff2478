"""Health, readiness and metrics over the whole application."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mileage import __version__
from mileage.domain.figures import SourceStatus
from mileage.domain.load import Load
from tests.web.receiving import BUSY, FAILING, IDLE
from tests.web.stage import STATUS, Stage


@pytest.fixture
def stage():
    return Stage()


def scraped(stage):
    text = stage.program("key-root").get("/metrics").text
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def set_load(stage, load):
    stage.receiver.status = replace(STATUS, load=load)


@pytest.mark.parametrize(
    ("load", "status", "word"),
    [
        (Load(), 200, "ok"),
        (IDLE, 200, "ok"),
        (BUSY, 200, "degraded"),
        (FAILING, 503, "refusing"),
    ],
)
def test_readiness_is_503_only_while_usage_is_refused(stage, load, status, word):
    set_load(stage, load)
    answer = stage.stranger().get("/readyz")
    assert answer.status_code == status
    assert answer.json() == {"status": word, "version": __version__}


@pytest.mark.parametrize("load", [IDLE, BUSY, FAILING])
def test_liveness_does_not_depend_on_the_load(stage, load):
    set_load(stage, load)
    answer = stage.stranger().get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_neither_asks_the_ledger(stage, monkeypatch):
    monkeypatch.setattr(stage.receiver, "counts", None)
    assert stage.stranger().get("/healthz").status_code == 200
    assert stage.stranger().get("/readyz").status_code == 200


def test_counts_are_exact_and_by_source(stage):
    found = scraped(stage)
    assert found["mileage_accepted_total",] == 30
    assert found["mileage_pending_witnesses", ("place", "memory")] == 2
    assert found["mileage_pending_witnesses", ("place", "disk")] == 0
    by_source = {
        (labels[1][1], labels[0][1]): value
        for (name, *labels), value in found.items()
        if name in {"mileage_source_witnesses_total", "mileage_source_records_total"}
    }
    assert by_source == {
        ("claude_code_log", "visible"): 25,
        ("claude_code_log", "duplicate"): 3,
        ("claude_code_log", "rejected"): 2,
        ("claude_code_log", "ignored"): 1,
    }


def test_a_hostile_source_makes_no_label(stage):
    """A client that makes up sources must not make up time series."""
    made_up = (
        SourceStatus(f"made_up_{n}", 1, 0, 0, 2, 0, None, None) for n in range(99)
    )
    stage.receiver.status = replace(STATUS, sources=(*STATUS.sources, *made_up))
    found = scraped(stage)
    sources = {
        value
        for (name, *labels) in found
        for label, value in labels
        if label == "source"
    }
    assert sources == {"claude_code_log", "other"}
    other = ("outcome", "rejected"), ("source", "other")
    assert found["mileage_source_records_total", *other] == 198


def test_the_state_and_its_strains(stage):
    set_load(stage, BUSY)
    found = scraped(stage)
    assert found["mileage_state", ("state", "degraded")] == 1
    assert found["mileage_state", ("state", "ok")] == 0
    assert found["mileage_strain", ("kind", "lag")] == 1
    assert found["mileage_strain", ("kind", "ledger-fails")] == 0
    assert (
        found["mileage_queue_records", ("kind", "waiting"), ("queue", "append")] == 730
    )
    assert found["mileage_data_disk_bytes", ("kind", "free")] == 2**29
    set_load(stage, FAILING)
    assert scraped(stage)["mileage_state", ("state", "refusing")] == 1


def test_durations_are_cumulative_histograms(stage):
    with stage.receiver.meters.syncs.timed():
        pass
    with pytest.raises(ZeroDivisionError), stage.receiver.meters.syncs.timed():
        raise ZeroDivisionError
    found = scraped(stage)
    buckets = [v for (name, *_), v in found.items() if "sync_seconds_bucket" in name]
    assert buckets == sorted(buckets)
    assert found["mileage_segment_sync_seconds_count",] == 2
    assert found["mileage_segment_sync_failures_total",] == 1
    assert found["mileage_ledger_append_seconds_count",] == 0
    assert found["mileage_ledger_last_append_timestamp_seconds",] == 0


def test_requests_that_bring_usage_are_counted_and_no_others(stage):
    client = stage.stranger()
    client.post("/v1/logs", content=b"x" * 1000)
    client.post("/v1/traces", headers={"Authorization": "Bearer no"}, content=b"y" * 24)
    client.get("/healthz")
    client.post("/sign-in", content=b"z")
    found = scraped(stage)
    refused = ("status", "401"), ("transport", "http")
    assert found["mileage_requests_total", *refused] == 2
    assert len([name for name, *_ in found if name == "mileage_requests_total"]) == 1
    assert found["mileage_requests_in_flight",] == 0
    assert found["mileage_body_room_bytes", ("kind", "taken")] == 0


def test_a_wrong_method_is_counted_too(stage):
    assert stage.stranger().get("/v1/logs").status_code == 405
    refused = ("status", "405"), ("transport", "http")
    assert scraped(stage)["mileage_requests_total", *refused] == 1
