"""Commands and the owner of a data directory talk over a private socket."""

from __future__ import annotations

from multiprocessing.connection import Client
from typing import TYPE_CHECKING, Any

import pytest

from mileage.domain.errors import NotFound, Unavailable
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
        with Client(str(address(tmp_path)), "AF_UNIX") as stranger:
            stranger.send_bytes(b"\xc1 not msgpack")
            with pytest.raises(EOFError):
                stranger.recv_bytes()
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
