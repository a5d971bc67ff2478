"""Limits are named before they are reached, and refusing is told from degraded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain import load as module
from mileage.domain.load import KINDS, STATES, Load, state, strains

GIB = 2**30
CALM = Load(queue_most=1000, room=2**27, disk_free=300 * GIB, disk_size=500 * GIB)


def kinds(load: Load) -> list[str]:
    return [one.kind for one in strains(load)]


def test_an_idle_receiver_is_ok() -> None:
    assert strains(CALM) == ()
    assert state(()) == "ok"
    assert strains(Load()) == ()


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"to_write": 500}, "write-queue"),
        ({"to_append": 500}, "append-queue"),
        ({"room_taken": 2**26}, "body-room"),
        ({"lag_seconds": 30.1}, "lag"),
        ({"catching_up": True}, "catching-up"),
        ({"disk_free": GIB - 1}, "disk-nearly-full"),
        ({"snapshot_age": 4201.0, "uptime": 1e6}, "snapshot-late"),
        ({"write_refused": 15.1}, "disk-refuses"),
    ],
)
def test_a_limit_that_is_near_degrades(changed: dict[str, float], kind: str) -> None:
    near = strains(replace(CALM, **changed))  # type: ignore[arg-type]
    assert [(one.kind, one.severity) for one in near] == [(kind, "degraded")]
    assert state(near) == "degraded"


@pytest.mark.parametrize(
    "changed",
    [
        {"to_write": 499},
        {"to_append": 499},
        {"room_taken": 2**26 - 1},
        {"lag_seconds": 30.0},
        {"disk_free": 20 * GIB},
        {"snapshot_age": 4200.0, "uptime": 1e6},
        {"snapshot_age": 1e9, "uptime": 5.0},
    ],
)
def test_a_little_less_does_not(changed: dict[str, float]) -> None:
    assert strains(replace(CALM, **changed)) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"append_failing": 0.0}, "ledger-fails"),
        ({"write_refused": 15.0}, "disk-refuses"),
    ],
)
def test_what_refuses_comes_first(changed: dict[str, float], kind: str) -> None:
    busy = replace(CALM, to_append=999, disk_free=0, **changed)  # type: ignore[arg-type]
    assert kinds(busy)[0] == kind
    assert state(strains(busy)) == "refusing"


def test_a_disk_that_nobody_tried_again_is_not_refusing_for_ever() -> None:
    """Otherwise nobody would send, and it would never be found to work again."""
    assert state(strains(replace(CALM, write_refused=60.0))) == "degraded"


def test_a_small_disk_and_a_large_one_have_their_own_limits() -> None:
    small = replace(CALM, disk_size=4 * GIB, disk_free=2 * GIB)
    large = replace(CALM, disk_size=100_000 * GIB, disk_free=21 * GIB)
    assert kinds(small) == kinds(large) == []
    assert kinds(replace(large, disk_free=19 * GIB)) == ["disk-nearly-full"]
    assert kinds(replace(CALM, disk_free=None)) == []


def test_catching_up_explains_the_lag() -> None:
    assert kinds(replace(CALM, catching_up=True, lag_seconds=900.0)) == ["catching-up"]


def test_it_is_said_in_words_that_can_be_read() -> None:
    worst = replace(
        CALM,
        to_write=730,
        room_taken=2**27,
        lag_seconds=7_300.0,
        disk_free=300 * 2**20,
        append_failing=200.0,
        write_refused=200_000.0,
    )
    told = " ".join(one.problem for one in strains(worst))
    assert "has not for 3 min" in told
    assert "73% full" in told
    assert "100% of the memory" in told
    assert "2 h behind" in told
    assert "300.0 MiB left" in told
    assert "2 days ago" in told
    fixes = {one.kind: one.fix for one in strains(worst)}
    assert "until 20.0 GiB are free" in fixes["disk-nearly-full"]


@pytest.mark.parametrize(
    ("count", "text"), [(5, "0 KiB"), (2**40, "1.0 TiB"), (3 * 2**29, "1.5 GiB")]
)
def test_bytes_are_readable(count: int, text: str) -> None:
    assert module._bytes(count) == text


LOADS = st.builds(
    Load,
    to_write=st.integers(0, 1000),
    to_append=st.integers(0, 1000),
    queue_most=st.just(1000),
    room_taken=st.integers(0, 100),
    room=st.sampled_from([0, 100]),
    lag_seconds=st.floats(0, 1e6),
    catching_up=st.booleans(),
    disk_free=st.none() | st.integers(0, 2**45),
    disk_size=st.none() | st.integers(0, 2**45),
    write_refused=st.none() | st.floats(0, 1e6),
    append_failing=st.none() | st.floats(0, 1e6),
    snapshot_age=st.none() | st.floats(0, 1e6),
    uptime=st.floats(0, 1e6),
)


@given(LOADS)
def test_every_strain_is_known_said_once_and_says_what_to_do(load: Load) -> None:
    found = strains(load)
    assert len({one.kind for one in found}) == len(found)
    assert {one.kind for one in found} <= set(KINDS)
    assert all(one.problem and one.fix for one in found)
    severities = [one.severity for one in found]
    assert severities == sorted(severities, reverse=True)
    assert state(found) == max(["ok", *severities], key=STATES.index)  # type: ignore[arg-type]


@given(LOADS)
def test_less_room_is_never_better(load: Load) -> None:
    worse = replace(load, to_write=1000, to_append=1000, append_failing=1.0)
    order = STATES.index
    assert order(state(strains(worse))) >= order(state(strains(load)))
