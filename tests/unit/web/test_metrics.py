"""What a scraper reads: whole families, few labels, and sums that agree."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from mileage.domain.figures import IngestStatus, SourceStatus
from mileage.domain.load import KINDS, STATES, Load
from mileage.web.metrics import COUNTED, OTHER, ReceiverFigures
from tests.web.receiving import BUSY, FAILING, IDLE, FakeReceiver

if TYPE_CHECKING:
    from collections.abc import Iterable

STATUS = IngestStatus(30, 28, 20, 7, 9, 5, 1.25, load=IDLE)


def source(name: str, *counts: int) -> SourceStatus:
    visible, duplicates, rejected, ignored = counts
    return SourceStatus(name, visible, 0, duplicates, rejected, ignored, None, None)


def scraped(receiver: FakeReceiver) -> dict[tuple[str, tuple[Any, ...]], float]:
    """Return every sample by its name and labels, as a scraper parses them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ReceiverFigures(receiver))  # type: ignore[arg-type]
    text = generate_latest(registry).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: dict[Any, float], name: str, **labels: str) -> float | None:
    return found.get((f"mileage_{name}", tuple(sorted(labels.items()))))


def with_sources(*sources: SourceStatus) -> dict[Any, float]:
    return scraped(FakeReceiver(replace(STATUS, sources=sources)))


@pytest.mark.parametrize("name", COUNTED)
def test_the_six_counters_are_those_of_the_status(name: str) -> None:
    found = scraped(FakeReceiver(STATUS))
    assert value(found, f"{name}_total") == getattr(STATUS, name)


def test_what_waits_is_where_it_is() -> None:
    found = scraped(FakeReceiver(STATUS))
    assert value(found, "pending_witnesses", place="memory") == 30 - 28
    assert value(found, "pending_witnesses", place="disk") == 28 - (20 + 5)
    assert value(found, "lag_seconds") == 1.25


def test_every_family_is_there_before_anything_has_happened() -> None:
    idle = scraped(FakeReceiver(IngestStatus(0, 0, 0, 0, 0, 0, 0.0)))
    for name in ("segment_sync_failures_total", "ledger_append_failures_total"):
        assert value(idle, name) == 0
    assert value(idle, "ledger_last_append_timestamp_seconds") == 0
    assert value(idle, "segment_sync_seconds_count") == 0


def test_registering_asks_nothing() -> None:
    class Untouchable:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(ReceiverFigures(Untouchable()))  # type: ignore[arg-type]


def test_sources_are_told_apart_by_outcome() -> None:
    found = with_sources(source("claude_code_log", 1, 2, 3, 4))
    told = {"source": "claude_code_log"}
    assert value(found, "source_witnesses_total", outcome="visible", **told) == 1
    assert value(found, "source_witnesses_total", outcome="duplicate", **told) == 2
    assert value(found, "source_records_total", outcome="rejected", **told) == 3
    assert value(found, "source_records_total", outcome="ignored", **told) == 4


def test_a_name_that_is_no_source_makes_no_label() -> None:
    found = with_sources(
        source("gone_plugin", 1, 0, 0, 2),
        source('evil"} 1\n', 10, 0, 0, 20),
        source("otlp", 100, 0, 0, 200),
    )
    visible = {
        dict(labels)["source"]: count
        for (name, labels), count in found.items()
        if name == "mileage_source_witnesses_total" and ("outcome", "visible") in labels
    }
    assert visible == {OTHER: 11, "otlp": 100}


COUNTS = st.tuples(*[st.integers(0, 10**6)] * 4)


@given(st.lists(st.tuples(st.sampled_from(["otlp", "a", "b", "other"]), COUNTS)))
def test_no_record_is_lost_between_sources(told: list[Any]) -> None:
    # One source may come in several rows, and all that are unknown are one.
    found = with_sources(*(source(name, *counts) for name, counts in told))
    total = sum(sum(counts) for _, counts in told)
    names = ("mileage_source_witnesses_total", "mileage_source_records_total")
    assert total == sum(count for (name, _), count in found.items() if name in names)


def test_requests_are_told_by_transport_and_status() -> None:
    receiver = FakeReceiver(STATUS)
    door = receiver.meters.door
    door.opened(1000)
    for transport, status in (("http", 200), ("http", 200), ("grpc", 503)):
        door.began()
        door.ended(transport, status)
    door.began()
    door.took(70)
    found = scraped(receiver)
    assert value(found, "requests_total", transport="http", status="200") == 2
    assert value(found, "requests_total", transport="grpc", status="503") == 1
    assert value(found, "requests_in_flight") == 1
    assert value(found, "request_body_bytes_total") == 70
    assert value(found, "body_room_bytes", kind="taken") == 70
    assert value(found, "body_room_bytes", kind="most") == 1000


def test_durations_are_a_histogram_that_only_rises() -> None:
    receiver = FakeReceiver(STATUS)
    for _ in range(3):
        with receiver.meters.appends.timed():
            pass
    with suppress(OSError), receiver.meters.appends.timed():
        raise OSError
    found = scraped(receiver)
    buckets = [
        count
        for (name, _), count in found.items()
        if name == "mileage_ledger_append_seconds_bucket"
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == value(found, "ledger_append_seconds_count") == 4
    assert value(found, "ledger_append_failures_total") == 1
    at = value(found, "ledger_last_append_timestamp_seconds")
    assert at == pytest.approx(time.time(), abs=60)


def ones(found: dict[Any, float], name: str, label: str) -> dict[str, float]:
    return {
        dict(labels)[label]: count
        for (held, labels), count in found.items()
        if held == f"mileage_{name}"
    }


@pytest.mark.parametrize(
    ("load", "state"), [(IDLE, "ok"), (BUSY, "degraded"), (FAILING, "refusing")]
)
def test_it_is_in_one_state(load: Load, state: str) -> None:
    states = ones(scraped(FakeReceiver(replace(STATUS, load=load))), "state", "state")
    assert states == {name: float(name == state) for name in STATES}


@pytest.mark.parametrize("load", [IDLE, BUSY, FAILING])
def test_every_strain_is_0_or_1(load: Load) -> None:
    status = replace(STATUS, load=load)
    found = ones(scraped(FakeReceiver(status)), "strain", "kind")
    assert set(found) == set(KINDS)
    near = {kind for kind, count in found.items() if count == 1}
    assert near == {one.kind for one in status.strains}
    assert set(found.values()) <= {0, 1}


def test_what_nobody_knows_is_left_out_and_not_0() -> None:
    unknown = replace(IDLE, disk_free=None, disk_size=None, snapshot_age=None)
    found = scraped(FakeReceiver(replace(STATUS, load=unknown)))
    assert value(found, "data_disk_bytes", kind="free") is None
    assert value(found, "snapshot_age_seconds") is None
    known = scraped(FakeReceiver(STATUS))
    assert value(known, "data_disk_bytes", kind="free") == IDLE.disk_free
    assert value(known, "snapshot_age_seconds") == IDLE.snapshot_age


def labels_of(found: Iterable[tuple[str, tuple[Any, ...]]]) -> set[str]:
    return {key for _, labels in found for key, _ in labels}


def test_no_label_could_name_a_person() -> None:
    receiver = FakeReceiver(replace(STATUS, sources=(source("otlp", 1, 1, 1, 1),)))
    receiver.meters.door.began()
    receiver.meters.door.ended("http", 200)
    assert labels_of(scraped(receiver)) == {
        *("version", "source", "outcome", "transport", "status", "kind"),
        *("queue", "place", "state", "le"),
    }
