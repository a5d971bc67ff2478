"""Points of metrics: what adds up is told apart from what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.call import SourceTraits
from mileage.domain.errors import TooLarge
from mileage.sources import otlp_points
from mileage.sources.otlp import OtlpReader
from mileage.sources.otlp_record import gather
from tests.otlp_bodies import (
    AT_MICROS,
    AT_NANOS,
    metric,
    metrics,
    packed_metrics,
    point,
)

NAME = "a.tokens"
DELTA, CUMULATIVE = 1, 2


class Keeper:
    """A source that wants one metric and keeps its points."""

    traits = SourceTraits("keeper", "c", 1, "link", replayable=False)
    names = frozenset({NAME})
    keys = frozenset({"model", "type", "host"})

    def __init__(self) -> None:
        self.records: list[Any] = []

    def wants(self, record: Any) -> bool:
        del record
        return True

    def read(self, records: list[Any]) -> Any:
        self.records += records
        return gather(() for _ in records)


def read(*made: dict[str, Any], **resource: Any) -> tuple[list[Any], int]:
    """Read both encodings of a body; they must say the same."""
    body = metrics(*made, scope="a.scope", **resource)
    told = []
    for form, content in (("json", body), ("protobuf", packed_metrics(body))):
        keeper = Keeper()
        reading = OtlpReader([keeper]).read("metrics", form, content)  # type: ignore[list-item, arg-type]
        told.append((keeper.records, reading.ignored - len(keeper.records)))
    assert told[0] == told[1]
    return told[0]


def one(*made: dict[str, Any], **resource: Any) -> Any:
    ((record,), _) = read(*made, **resource)
    return record


def shaped(kind: str, *points: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": NAME, kind: {"dataPoints": list(points), **fields}}


def observed(total: float | None = 7.5, **fields: Any) -> dict[str, Any]:
    made = point(0, {"model": "m"}, count="3", **fields)
    del made["asDouble"]
    return made if total is None else {**made, "sum": total}


def test_a_point_of_a_sum_has_all_that_a_source_needs() -> None:
    record = one(metric(NAME, point(12.0, {"model": "m", "type": "input"})), host="h")
    assert (record.signal, record.scope, record.name) == ("metrics", "a.scope", NAME)
    assert record.attributes == {"model": "m", "type": "input"}
    assert record.resource == {"host": "h"}
    assert record.occurred_at == AT_MICROS
    told = record.point
    assert (told.value, told.kind, told.temporality) == (12.0, "number", "delta")
    assert (told.started_at, told.ended_at) == (AT_NANOS - 10**9, AT_NANOS)


@pytest.mark.parametrize(
    ("sent", "temporality"), [(0, ""), (1, "delta"), (2, "cumulative"), (3, "")]
)
def test_how_points_add_up_is_said_or_not_known(sent: int, temporality: str) -> None:
    assert one(metric(NAME, point(1, {}), temporality=sent)).point.temporality == (
        temporality
    )


def test_json_may_name_the_temporality() -> None:
    for name, temporality in (("DELTA", "delta"), ("CUMULATIVE", "cumulative")):
        text = f"AGGREGATION_TEMPORALITY_{name}"
        body = metrics(metric(NAME, point(1, {}), temporality=text))
        keeper = Keeper()
        OtlpReader([keeper]).read("metrics", "json", body)  # type: ignore[list-item]
        assert keeper.records[0].point.temporality == temporality


def test_a_sum_that_may_fall_does_not_add_up() -> None:
    made = metric(NAME, point(1, {}))
    made["sum"]["isMonotonic"] = False
    assert one(made).point.temporality == ""


def test_a_gauge_does_not_add_up_and_has_its_value() -> None:
    told = one(shaped("gauge", point(3.5, {}))).point
    assert (told.value, told.temporality, told.kind) == (3.5, "", "number")


@pytest.mark.parametrize("kind", ["histogram", "exponentialHistogram"])
@pytest.mark.parametrize("total", [0.0, 7.5])
def test_of_a_histogram_the_sum_is_read(kind: str, total: float) -> None:
    made = shaped(kind, observed(total), aggregationTemporality=DELTA)
    told = one(made).point
    assert (told.value, told.temporality, told.kind) == (total, "delta", "histogram")


def test_a_histogram_without_a_sum_has_no_value() -> None:
    made = shaped("histogram", observed(None), aggregationTemporality=DELTA)
    assert one(made).point.value is None


def test_a_summary_is_told_of_and_says_nothing() -> None:
    record = one({"name": NAME, "summary": {"dataPoints": [{"count": "1"}]}})
    assert record.point == (None, "", 0, 0, "", "", "number")
    assert (record.occurred_at, record.attributes) == (None, {})


def test_a_point_without_a_value_is_passed_over() -> None:
    # OTLP 1.x: DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK; a series that went stale.
    stale, fresh = point(0, {"model": "a"}, flags=1), point(2, {"model": "b"}, flags=2)
    records, ignored = read(metric(NAME, stale, fresh))
    assert [record.attributes["model"] for record in records] == ["b"]
    assert ignored == 1


def test_integers_stay_integers() -> None:
    made = point(0, {}, asInt=str(2**53 + 1))
    del made["asDouble"]
    value = one(metric(NAME, made)).point.value
    assert (value, type(value)) == (2**53 + 1, int)


def test_a_point_without_a_time_has_none() -> None:
    made = point(1, {}, timeUnixNano="0")
    assert one(metric(NAME, made)).occurred_at is None


def test_points_are_numbered_through_the_body_wanted_or_not() -> None:
    records, ignored = read(
        metric("another", point(1, {}), point(2, {})),
        metric(NAME, point(3, {}), point(4, {})),
        {"name": NAME},
        metric(NAME),
        metric(NAME, point(5, {})),
    )
    assert [record.number for record in records] == [3, 4, 5]
    assert ignored == 2


def test_points_are_bounded_wanted_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp_points, "MOST_ITEMS", 4)
    two = (point(1, {}), point(2, {}))
    assert len(read(metric("another", *two), metric(NAME, *two))[0]) == 2
    with pytest.raises(TooLarge):
        read(metric("another", *two), metric(NAME, *two), metric("x", point(3, {})))


def series(attributes: dict[str, Any], **resource: Any) -> tuple[str, str]:
    told = one(metric(NAME, point(1, attributes)), **resource).point
    return told.series, told.siblings


def test_a_series_is_known_by_labels_that_no_source_reads() -> None:
    plain = series({"model": "m"})
    assert series({"model": "m"}) == plain
    others = [
        series({"model": "n"}),
        series({"model": "m", "undeclared": "x"}),
        series({"model": "m", "undeclared": 1}),
        series({"model": "m"}, host="h"),
    ]
    assert len({plain, *others}) == 5


def test_no_label_can_be_read_out_of_a_series() -> None:
    told = series({"undeclared": "a secret project"})
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in told)


@pytest.mark.parametrize("label", ["type", "token_type", "gen_ai.token.type"])
def test_series_of_one_measurement_are_siblings(label: str) -> None:
    first, second = series({label: "input"}), series({label: "output"})
    assert first[0] != second[0]
    assert first[1] == second[1]
    assert first[1] != series({label: "input", "model": "m"})[1]


def test_a_point_without_such_a_label_is_its_own_only_sibling() -> None:
    told = series({"model": "m"})
    assert told[0] == told[1]


LABELS = st.dictionaries(
    st.sampled_from(["model", "type", "x", "y=", "z\0"]),
    st.one_of(st.text(max_size=4), st.integers(-9, 9), st.booleans()),
    max_size=4,
)


@given(LABELS, st.randoms(use_true_random=False))
def test_a_series_is_its_labels_in_any_order(labels, rng) -> None:
    told = list(labels.items())
    rng.shuffle(told)
    assert series(dict(told)) == series(labels)
    assert series({**labels, "one": "more"})[0] != series(labels)[0]


def test_a_value_that_is_no_number_is_none() -> None:
    body = json.loads(metrics(metric(NAME, point(1, {}))))
    (made,) = body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    made["sum"]["dataPoints"][0]["asDouble"] = "NaN"
    keeper = Keeper()
    OtlpReader([keeper]).read("metrics", "json", json.dumps(body).encode())  # type: ignore[list-item]
    value = keeper.records[0].point.value
    assert value is None or value != value  # noqa: PLR0124 - NaN


def test_attributes_beyond_the_allow_list_do_not_leave_the_body() -> None:
    secret = {"prompt": "a secret", "model": "m"}
    record = one(metric(NAME, point(1, secret)), cwd="/home/secret", host="h")
    assert "secret" not in repr(record)
