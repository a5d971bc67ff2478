"""Data points of metrics, one record each, by the data model of OTLP 1.x.

Sums and histograms are read, of histograms the sum; buckets, quantiles and exemplars
are not. A sum that may fall, a gauge and a summary are no amounts that add up: their
points become records without a temporality, which sources reject. A point flagged as
having no value (a series that went stale) tells nothing and is counted as ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal

from mileage.domain.errors import TooLarge
from mileage.sources.otlp_protobuf import pairs_of
from mileage.sources.otlp_record import OtlpRecord, Point
from mileage.sources.otlp_scalar import double, integer, nanoseconds, plain
from mileage.sources.otlp_walk import MOST_ITEMS, TOO_MANY, framed, packed_point

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mileage.sources.otlp_json import KeyValue
    from mileage.sources.otlp_record import Scalar
    from mileage.sources.otlp_walk import Group

_TEMPORALITY: dict[int | str | None, Literal["delta", "cumulative"]] = {
    1: "delta",
    "AGGREGATION_TEMPORALITY_DELTA": "delta",
    2: "cumulative",
    "AGGREGATION_TEMPORALITY_CUMULATIVE": "cumulative",
}
_KINDS: dict[str, Literal["number", "histogram"]] = {
    "sum": "number",
    "gauge": "number",
    "histogram": "histogram",
    "exponential_histogram": "histogram",
}
# Labels that split one measurement into token types (Claude Code, Codex, GenAI).
_TYPE_LABELS = frozenset({"type", "token_type", "gen_ai.token.type"})
_NO_RECORDED_VALUE = 1


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the points of one metric have in common."""

    scope: str
    name: str
    resource: dict[str, Scalar]
    kind: str
    temporality: Literal["delta", "cumulative", ""]


@dataclass(frozen=True, slots=True)
class PointReader:
    """Reads the points of wanted metrics."""

    names: frozenset[str]
    attributes: Callable[[Any], dict[str, Scalar]]
    """The allow-list of attributes."""

    def records(self, groups: Iterable[Group]) -> Iterator[OtlpRecord | int]:
        """Yield the points of wanted metrics, and how many the others were."""
        number = 0
        for resource, scope, metrics in framed(groups, self.attributes):
            for metric in metrics:
                kind = metric.WhichOneof("data") or ""
                data = getattr(metric, kind) if kind else None
                points = (data.data_points or ()) if data else ()
                first, number = number + 1, number + len(points)
                if number > MOST_ITEMS:
                    raise TooLarge(TOO_MANY)
                if metric.name not in self.names:
                    yield len(points)
                    continue
                told = _temporality(kind, data)
                frame = _Frame(scope, metric.name, resource, kind, told)
                for place, point in enumerate(points, start=first):
                    yield self._record(frame, point, place)

    def _record(self, frame: _Frame, sent: Any, number: int) -> OtlpRecord | int:  # noqa: ANN401
        kind = _KINDS.get(frame.kind)
        if kind is None:
            unread = Point(None, "", 0, 0, "")
            return OtlpRecord(
                "metrics", frame.scope, frame.name, number, None, {}, {}, unread
            )
        packed = isinstance(sent, bytes)
        point = packed_point(frame.kind, sent) if packed else sent
        if (integer(point.flags) or 0) & _NO_RECORDED_VALUE:
            return 1
        pairs = pairs_of(point) if packed else point.attributes or ()
        ended = nanoseconds(point.time_unix_nano)
        told = Point(
            _value(point),
            frame.temporality,
            nanoseconds(point.start_time_unix_nano),
            ended,
            _series(frame, pairs),
            _series(frame, [one for one in pairs if one.key not in _TYPE_LABELS]),
            kind,
        )
        return OtlpRecord(
            "metrics",
            frame.scope,
            frame.name,
            number,
            ended // 1000 or None,
            self.attributes(point.attributes),
            frame.resource,
            told,
        )


def _temporality(kind: str, data: Any) -> Literal["delta", "cumulative", ""]:  # noqa: ANN401
    """Tell how points add up; '' when they do not, or nobody says how."""
    if kind not in _KINDS or kind == "gauge":
        return ""
    if kind == "sum" and not data.is_monotonic:
        return ""
    return _TEMPORALITY.get(data.aggregation_temporality, "")


def _series(frame: _Frame, pairs: Iterable[KeyValue]) -> str:
    """Hash everything that tells this series from others.

    All scalar attributes of the point count, declared or not: two series may differ
    in a label only that no source reads. Only the hash leaves this function.
    """
    parts = [f"{key}={value}" for key, value in frame.resource.items()]
    parts += [f"{pair.key}\0{plain(pair.value)}" for pair in pairs]
    text = "\0".join([frame.scope, frame.name, *sorted(parts)])
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _value(point: Any) -> int | float | None:  # noqa: ANN401
    kind = point.WhichOneof("value")
    if kind == "as_int":
        return integer(point.as_int)
    return double(getattr(point, kind)) if kind else None
