"""How other processes talk to the one that owns a data directory.

A socket inside the directory (0700), so whoever can open the directory can ask,
and nobody else. One request, one answer: MessagePack in both directions.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from contextlib import contextmanager
from hashlib import sha256
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

LONGEST_SOCKET_PATH = 100
FAMILY = "AF_UNIX"

_encoder = msgspec.msgpack.Encoder()


class _Request(msgspec.Struct):
    action: str
    payload: bytes


class _Answer(msgspec.Struct):
    value: Any = None
    error: str = ""
    message: str = ""


_requests = msgspec.msgpack.Decoder(_Request)
_answers = msgspec.msgpack.Decoder(_Answer)


def address(data: Path) -> Path:
    """Return where the owner of a data directory listens."""
    path = data.resolve() / "owner.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"mileage-{os.getuid()}-{name}" / "owner.sock"


@contextmanager
def listening(data: Path, act: Callable[[str, bytes], Any]) -> Iterator[None]:
    """Answer other processes while the block runs; only the owner may do this."""
    path = address(data)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The ledger's lock says that we own the directory: an old socket is a leftover.
    path.unlink(missing_ok=True)
    listener = Listener(str(path), FAMILY)
    path.chmod(0o600)
    over = threading.Event()
    thread = threading.Thread(
        target=_accept, args=(listener, act, over), name="mileage-owner", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        # Closing a socket does not wake who waits on it; a caller does.
        Client(str(path), FAMILY).close()
        thread.join()
        listener.close()
        path.unlink(missing_ok=True)


def _accept(
    listener: Listener, act: Callable[[str, bytes], Any], over: threading.Event
) -> None:
    while True:
        try:
            connection = listener.accept()
        except OSError:
            continue
        if over.is_set():
            connection.close()
            return
        thread = threading.Thread(
            target=_serve, args=(connection, act), name="mileage-asked", daemon=True
        )
        thread.start()


def _serve(connection: Connection[Any, Any], act: Callable[[str, bytes], Any]) -> None:
    with connection:
        while True:
            try:
                request = _requests.decode(connection.recv_bytes())
                connection.send_bytes(_encoder.encode(_answer(request, act)))
            except (EOFError, OSError, msgspec.MsgspecError):
                return


def _answer(request: _Request, act: Callable[[str, bytes], Any]) -> _Answer:
    try:
        return _Answer(value=act(request.action, request.payload))
    except errors.MileageError as error:
        return _Answer(error=type(error).__name__, message=str(error))


class Owner:
    """The process that owns a data directory, seen from another one."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection

    def act(self, action: str, payload: bytes, seconds: float | None = None) -> Any:  # noqa: ANN401 - as answered
        """Have the owner do something; raises what it raised.

        Raises Unavailable when it takes longer than so many seconds; it may be done
        all the same.
        """
        try:
            self._connection.send_bytes(_encoder.encode(_Request(action, payload)))
            if not self._connection.poll(seconds):
                message = "the process that owns this data directory does not answer"
                raise errors.Unavailable(message)
            answer = _answers.decode(self._connection.recv_bytes())
        except (EOFError, OSError) as error:
            message = (
                "the process that owns this data directory went away; "
                "repeat the command"
            )
            raise errors.Unavailable(message) from error
        if answer.error:
            kind = getattr(errors, answer.error, errors.Unavailable)
            raise kind(answer.message)
        return answer.value


@contextmanager
def owner_of(data: Path) -> Iterator[Owner | None]:
    """Connect to the owner of a data directory, or give None when there is none."""
    try:
        connection = Client(str(address(data)), FAMILY)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        yield None
        return
    except PermissionError:
        message = f"{data} is private to somebody else; run this as its owner"
        raise errors.Unavailable(message) from None
    with connection:
        yield Owner(connection)
