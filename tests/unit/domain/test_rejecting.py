"""Rejections are added up exactly, are few, and tell nothing of what they held."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mileage.domain import rejecting
from mileage.domain.rejecting import MOST_KINDS, OTHER, folded, kind, less, records
from mileage.domain.witness import Rejected

FEW = st.builds(
    Rejected,
    source=st.sampled_from(["a_log", "b_otlp"]),
    place=st.text(max_size=5),
    reason=st.sampled_from(["no time", "not JSON", "malformed"]),
    client_version=st.sampled_from(["", "1.0"]),
    records=st.integers(1, 10**6),
)


def many(count: int) -> list[Rejected]:
    return [Rejected("a_log", f"line {n}", f"reason {n}") for n in range(count)]


@given(st.lists(FEW))
def test_no_record_is_lost_and_kinds_are_apart(found: list[Rejected]) -> None:
    added = folded(found)
    assert records(added) == records(found)
    assert {kind(one) for one in added} == {kind(one) for one in found}
    assert len(added) == len({kind(one) for one in added})


@given(st.lists(FEW))
def test_adding_up_twice_changes_nothing(found: list[Rejected]) -> None:
    assert folded(folded(found)) == folded(found)


def test_the_first_of_a_kind_says_where() -> None:
    two = [Rejected("a_log", f"line {n}", "not JSON", sample=f"k{n}") for n in (3, 9)]
    assert folded(two) == (two[0]._replace(records=2),)


def test_kinds_without_end_become_one() -> None:
    added = folded(many(10_000))
    assert len(added) == MOST_KINDS + 1
    assert records(added) == 10_000
    assert added[-1].source == OTHER
    assert added[-1].records == 10_000 - MOST_KINDS


def test_kinds_that_are_known_stay_apart_when_there_is_no_room_for_more() -> None:
    full = {kind(one) for one in many(MOST_KINDS)}
    known, new = folded([many(1)[0], Rejected("b", "line 1", "new")], full)
    assert (known.reason, new.reason) == ("reason 0", rejecting.OTHER_REASONS)


def test_where_a_decoder_stopped_is_no_kind_of_its_own() -> None:
    said = "Expected `str`, got `int` - at `$.resourceLogs[{}].scopeLogs[{}].x`"
    two = [
        Rejected("otlp", "request body", said.format(1, 22)),
        Rejected("otlp", "request body", said.format(9, 0)),
        Rejected("otlp", "request body", "JSON is malformed (byte 12)"),
        Rejected("otlp", "request body", "JSON is malformed (byte 9)"),
    ]
    assert [one.records for one in folded(two)] == [2, 2]


def test_what_is_known_is_taken_off_by_kind() -> None:
    known = [Rejected("a_log", "line 1", "not JSON")]
    more = [*known, Rejected("a_log", "row 1", "no time"), *known]
    assert [(one.reason, one.records) for one in less(more, known)] == [
        ("not JSON", 1),
        ("no time", 1),
    ]
    assert less(known, known) == []


def test_a_sample_names_keys_and_types_only() -> None:
    values = {
        "model": "secret",
        "input_tokens": 12345,
        "cost": 0.25,
        "ok": True,
        "gone": None,
        "empty": "",
    }
    assert rejecting.sample(values) == (
        "cost: number, empty: empty text, gone: no scalar, input_tokens: integer, "
        "model: text, ok: boolean"
    )


@given(st.dictionaries(st.text(min_size=1), st.one_of(st.text(), st.integers())))
def test_a_key_that_is_not_declared_is_only_counted(values: dict[str, object]) -> None:
    told = rejecting.sample(values, {"model"})
    others = len(set(values) - {"model"})
    named = [f"model: {rejecting._type(values['model'])}"] if "model" in values else []
    assert told == ", ".join([*named, *([f"{others} other"] if others else [])])


def test_a_sample_is_short() -> None:
    told = rejecting.sample({f"key{n:03}": n for n in range(1000)})
    assert told.endswith(f", {1000 - rejecting.MOST_KEYS} other")
    assert len(told) < 600


def test_a_version_is_a_version() -> None:
    assert rejecting.version("2.1.197-beta+3") == "2.1.197-beta+3"
    for other in ("", "my secret", "1" * 65, None, 5, "-1", "1\n"):
        assert rejecting.version(other) == ""
