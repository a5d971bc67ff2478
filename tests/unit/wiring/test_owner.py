"""Commands and the owner of a data directory talk over a private socket."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from mileage.domain.errors import (
    Dark,
    Invalid,
    MileageError,
    NewerData,
    NotFound,
    PolicyError,
    PurposeMissing,
    TooMany,
    Unavailable,
)
from mileage.wiring.owner import address, listening, owner_of

if TYPE_CHECKING:
    from pathlib import Path


def act(action: str, payload: bytes) -> Any:
    if action == "missing":
        message = "there is no such thing"
        raise NotFound(message)
    return {"action": action, "size": len(payload)}


def test_an_action_is_done_by_the_owner(tmp_path: Path) -> None:
    with listening(tmp_path, act), owner_of(tmp_path) as owner:
        assert owner is not None
        assert owner.act("count", b"abc") == {"action": "count", "size": 3}
        assert owner.act("count", b"") == {"action": "count", "size": 0}


def test_an_error_comes_back_as_what_it_was(tmp_path: Path) -> None:
    with listening(tmp_path, act), owner_of(tmp_path) as owner:
        assert owner is not None
        with pytest.raises(NotFound, match="no such thing"):
            owner.act("missing", b"")
        assert owner.act("count", b"a")["size"] == 1


def test_without_an_owner_there_is_none(tmp_path: Path) -> None:
    with owner_of(tmp_path) as owner:
        assert owner is None
    with listening(tmp_path, act):
        pass
    with owner_of(tmp_path) as owner:
        assert owner is None
    assert not address(tmp_path).exists()


def test_a_leftover_socket_is_nobody_and_is_replaced(tmp_path: Path) -> None:
    address(tmp_path).write_bytes(b"")
    with owner_of(tmp_path) as owner:
        assert owner is None
    with listening(tmp_path, act), owner_of(tmp_path) as owner:
        assert owner is not None


def test_garbage_on_the_socket_ends_that_talk_only(tmp_path: Path) -> None:
    with listening(tmp_path, act):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(address(tmp_path)))
            stranger.sendall(b"\xff" * 20)
            stranger.shutdown(socket.SHUT_WR)
            assert stranger.recv(1) == b""
        with owner_of(tmp_path) as owner:
            assert owner is not None
            assert owner.act("count", b"")["size"] == 0


def test_an_owner_that_goes_away_is_said_so(tmp_path: Path) -> None:
    with listening(tmp_path, act), owner_of(tmp_path) as owner:
        assert owner is not None
        owner._connection.close()
        with pytest.raises(Unavailable, match="went away"):
            owner.act("count", b"")


def test_the_socket_is_private(tmp_path: Path) -> None:
    with listening(tmp_path, act):
        assert address(tmp_path).stat().st_mode & 0o777 == 0o600


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    assert len(str(address(deep))) <= 100
    with listening(deep, act), owner_of(deep) as owner:
        assert owner is not None
        assert owner.act("count", b"")["size"] == 0


def echo(action: str, payload: bytes) -> Any:
    if action == "raise":
        raise NotFound(payload.decode())
    return payload.decode() if action == "text" else payload


@pytest.mark.parametrize("size", [0, 1, 7, 8, 65_536, 3_000_001])
def test_messages_of_any_length_arrive_whole(tmp_path: Path, size: int) -> None:
    sent = bytes(number % 251 for number in range(size))
    with listening(tmp_path, echo), owner_of(tmp_path) as owner:
        assert owner is not None
        assert owner.act("bytes", sent) == sent
        assert owner.act("text", b"x" * size) == "x" * size


@pytest.mark.parametrize("text", ["", "plain", "ümläut → \u2028", "0", "error\n"])
def test_text_comes_back_as_it_is(tmp_path: Path, text: str) -> None:
    with listening(tmp_path, echo), owner_of(tmp_path) as owner:
        assert owner is not None
        assert owner.act("text", text.encode()) == text
        with pytest.raises(NotFound) as raised:
            owner.act("raise", text.encode())
        assert str(raised.value) == text


@pytest.mark.parametrize("value", [None, True, 0, -7, 2**60, 0.5, [], {"a": [1, None]}])
def test_values_come_back_as_they_are(tmp_path: Path, value: Any) -> None:
    with listening(tmp_path, lambda *_: value), owner_of(tmp_path) as owner:
        assert owner is not None
        assert owner.act("any", b"") == value


def test_several_talk_at_once(tmp_path: Path) -> None:
    with listening(tmp_path, echo), owner_of(tmp_path) as one:
        with owner_of(tmp_path) as other:
            assert one is not None
            assert other is not None
            assert [who.act("text", b"a") for who in (one, other, one)] == ["a"] * 3
        assert one.act("text", b"b") == "b"


def test_who_does_not_answer_in_time_is_said_so(tmp_path: Path) -> None:
    with listening(tmp_path, lambda *_: time.sleep(0.3)), owner_of(tmp_path) as owner:
        assert owner is not None
        with pytest.raises(Unavailable, match="does not answer"):
            owner.act("slow", b"", 0.01)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PolicyError("roles.toml", 3, "k", "a = b"), Invalid),
        (PurposeMissing("say what for", {"planning": "Planning"}), Invalid),
        (TooMany(4, "wait 4 seconds"), MileageError),
        (Dark("it is dark"), Dark),
        (NewerData("of 2.0"), NewerData),
    ],
    ids=lambda one: type(one).__name__,
)
def test_errors_that_hold_more_than_words_come_as_their_kin(
    tmp_path: Path, error: MileageError, kind: type[MileageError]
) -> None:
    def fail(_: str, __: bytes) -> Any:
        raise error

    with listening(tmp_path, fail), owner_of(tmp_path) as owner:
        assert owner is not None
        with pytest.raises(MileageError) as raised:
            owner.act("any", b"")
        assert type(raised.value) is kind
        assert str(raised.value) == str(error)


def test_an_error_of_a_newer_server_is_one_all_the_same(tmp_path: Path) -> None:
    class LaterError(Invalid):
        pass

    def later(_: str, __: bytes) -> Any:
        raise LaterError("of later")

    with listening(tmp_path, later), owner_of(tmp_path) as owner:
        assert owner is not None
        with pytest.raises(Unavailable, match="of later"):
            owner.act("any", b"")


def test_a_directory_that_is_none_has_no_owner(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "gone", tmp_path / "file"):
        with owner_of(folder) as owner:
            assert owner is None
