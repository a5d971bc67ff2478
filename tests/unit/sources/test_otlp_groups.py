"""Bodies are walked over where they lie, and never become too many objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from mileage.domain.errors import TooLarge
from mileage.sources import otlp_walk
from mileage.sources.otlp_walk import (
    Group,
    bounded_json,
    framed,
    packed_groups,
    packed_point,
)

if TYPE_CHECKING:
    pass


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let a body have ten items, and look at every message's fields."""
    monkeypatch.setattr(otlp_walk, "MOST_ITEMS", 10)
    monkeypatch.setattr(otlp_walk, "_SMALL", 20)
    return 10


def body(*shape: tuple[int, ...]) -> bytes:
    """Each group is a resource, each number a scope of so many records."""
    request = ExportLogsServiceRequest()
    for number, scopes in enumerate(shape):
        group = request.resource_logs.add()
        group.resource.attributes.add(key="r").value.int_value = number
        for place, records in enumerate(scopes):
            scoped = group.scope_logs.add()
            scoped.scope.name = f"{number}.{place}"
            for time in range(records):
                scoped.log_records.add(time_unix_nano=time + 1)
    return request.SerializeToString()


def attributes(group: Group) -> list[KeyValue]:
    """Decode what is left as it was sent until it is known to be wanted."""
    return list(map(KeyValue.FromString, group.resource.attributes))


def walked(content: bytes) -> list[tuple[str, int, list[int]]]:
    return [
        (
            group.scope.name,
            attributes(group)[0].value.int_value,
            [one.time_unix_nano for one in group.items],
        )
        for group in packed_groups("logs", content)
    ]


def test_items_come_with_their_scope_and_resource() -> None:
    assert walked(body((2, 0), (), (1,))) == [
        ("0.0", 0, [1, 2]),
        ("0.1", 0, []),
        ("2.0", 2, [1]),
    ]
    assert walked(b"") == []


SHAPES = st.lists(st.lists(st.integers(0, 4), max_size=3).map(tuple), max_size=4)


@given(SHAPES)
def test_the_walk_finds_what_the_library_finds(shape: list[tuple[int, ...]]) -> None:
    content = body(*shape)
    request = ExportLogsServiceRequest.FromString(content)
    expected = [
        (
            scoped.scope.name,
            group.resource.attributes[0].value.int_value,
            [one.time_unix_nano for one in scoped.log_records],
        )
        for group in request.resource_logs
        for scoped in group.scope_logs
    ]
    assert walked(content) == expected


@given(st.binary(max_size=80))
def test_any_bytes_are_read_as_the_library_reads_them_or_refused(junk: bytes) -> None:
    try:
        found = sum(len(list(group.items)) for group in packed_groups("logs", junk))
    except (DecodeError, TooLarge):
        return
    try:
        request = ExportLogsServiceRequest.FromString(junk)
    except DecodeError:
        # The walk does not look into what it passes over.
        return
    assert found == sum(
        len(scoped.log_records)
        for group in request.resource_logs
        for scoped in group.scope_logs
    )


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_body_that_was_cut_is_none(cut: int) -> None:
    content = body((2,))
    with pytest.raises(DecodeError):
        walked(content[:-cut])


@pytest.mark.parametrize(
    "wrong",
    [
        b"\x0b",  # a group, which nobody sends
        b"\x0f\x00",  # a wire type that there is not
        b"\x00\x00",  # field number 0
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",  # a length without end
        b"\x0a\x05abc",  # longer than the body
        b"\x09\x00\x00",  # a fixed number that was cut
        b"\x08",  # a number that was cut
    ],
)
def test_what_is_no_message_is_refused(wrong: bytes) -> None:
    with pytest.raises(DecodeError):
        walked(wrong)
    with pytest.raises(DecodeError):
        walked(body((1,)) + wrong)


def test_other_fields_of_any_kind_are_passed_over() -> None:
    numbers = b"\x10\x96\x01" + b"\x19" + b"\x01" * 8 + b"\x25" + b"\x01" * 4
    others = numbers + b"\x2a\x02hi"
    assert walked(others + body((1,)) + others) == [("0.0", 0, [1])]


def test_a_resource_written_in_parts_is_one() -> None:
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.add(key="a").value.int_value = 1
    first = group.SerializeToString()
    group.resource.attributes[0].key = "b"
    both = first + group.SerializeToString()
    group.scope_logs.add().scope.name = "s"
    group.ClearField("resource")
    both += group.SerializeToString()
    content = b"\x0a" + bytes([len(both)]) + both
    (found,) = packed_groups("logs", content)
    assert [one.key for one in attributes(found)] == ["a", "b"]


@pytest.mark.parametrize(
    "shape", [((8,),), ((1,), (1,), (1,)), ((0, 0, 0, 0), (0, 0, 0))]
)
def test_as_many_items_and_groups_as_there_may_be(few: int, shape: Any) -> None:
    del few
    assert len(walked(body(*shape))) > 0


@pytest.mark.parametrize(
    "shape", [((9,),), ((0,),) * 6, ((),) * 11, ((4, 4),), ((3,), (2,), (1,))]
)
def test_one_more_is_too_many_wherever_it_is(few: int, shape: Any) -> None:
    del few
    with pytest.raises(TooLarge, match="send smaller batches"):
        walked(body(*shape))


def test_a_record_of_too_many_fields_is_refused_before_it_is_decoded(few: int) -> None:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    for _ in range(few + 1):
        record.attributes.add(key="")
    (group,) = packed_groups("logs", request.SerializeToString())
    with pytest.raises(TooLarge):
        list(group.items)


def test_a_resource_of_too_many_fields_as_well(few: int) -> None:
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    for _ in range(few + 1):
        group.resource.attributes.add(key="")
    group.scope_logs.add()
    with pytest.raises(TooLarge):
        list(packed_groups("logs", request.SerializeToString()))


def test_a_point_is_decoded_only_as_what_it_is() -> None:
    with pytest.raises(KeyError):
        packed_point("summary", b"")
    with pytest.raises(DecodeError):
        packed_point("sum", b"\x0f")


def test_braces_of_json_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp_walk, "MOST_OBJECTS", 3)
    assert bounded_json(b"{{{") == b"{{{"
    with pytest.raises(TooLarge, match="3 objects; send smaller batches"):
        bounded_json(b"{{{{")


class Sender:
    def __init__(self, **attributes: Any) -> None:
        self.attributes = attributes


def test_a_resource_is_read_once_for_all_its_scopes() -> None:
    asked: list[Any] = []

    def allowed(attributes: Any) -> Any:
        asked.append(attributes)
        return attributes

    one, other = Sender(a=1), Sender(b=2)
    groups = [Group(sender, None, ()) for sender in (one, one, other, other, None, one)]
    found = [frame.resource for frame in framed(groups, allowed)]
    assert found == [{"a": 1}, {"a": 1}, {"b": 2}, {"b": 2}, {}, {"a": 1}]
    assert asked == [{"a": 1}, {"b": 2}, {"a": 1}]
