"""How other processes talk to the one that owns a data directory.

A socket inside the directory (0700), so whoever can open the directory can ask,
and nobody else. A message is its length in eight bytes and its bytes. A question is two
of them, an action and its payload; so is an answer: ``value`` and MessagePack, ``text``
and UTF-8, or an error's name and what it says.

Text needs no MessagePack, nor anything else that takes long to load: the command that
turns it dark is there in half the time.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mileage.domain import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_SOCKET_PATH = 100
LENGTH = struct.Struct("!Q")
PIECE = 1 << 20
VALUE, TEXT = b"value", b"text"


def address(data: Path) -> Path:
    """Return where the owner of a data directory listens."""
    path = data.resolve() / "owner.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    import tempfile
    from hashlib import sha256

    name = sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"mileage-{os.getuid()}-{name}" / "owner.sock"


@contextmanager
def listening(data: Path, act: Callable[[str, bytes], Any]) -> Iterator[None]:
    """Answer other processes while the block runs; only the owner may do this."""
    path = address(data)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The ledger's lock says that we own the directory: an old socket is a leftover.
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen()
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
        _connected(path).close()
        thread.join()
        listener.close()
        path.unlink(missing_ok=True)


def _connected(path: Path) -> socket.socket:
    found = socket.socket(socket.AF_UNIX)
    try:
        found.connect(str(path))
    except OSError:
        found.close()
        raise
    return found


def _accept(
    listener: socket.socket, act: Callable[[str, bytes], Any], over: threading.Event
) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            continue
        if over.is_set():
            connection.close()
            return
        thread = threading.Thread(
            target=_serve, args=(connection, act), name="mileage-asked", daemon=True
        )
        thread.start()


def _serve(connection: socket.socket, act: Callable[[str, bytes], Any]) -> None:
    with connection:
        while True:
            try:
                action, payload = _read(connection), _read(connection)
                answer = _answer(action.decode("utf-8", "replace"), payload, act)
                _write(connection, *answer)
            except (EOFError, OSError):
                return


def _answer(
    action: str, payload: bytes, act: Callable[[str, bytes], Any]
) -> tuple[bytes, bytes]:
    import msgspec

    try:
        value = act(action, payload)
    except errors.MileageError as error:
        return _kind(error).encode(), str(error).encode()
    if isinstance(value, str):
        return TEXT, value.encode()
    return VALUE, msgspec.msgpack.encode(value)


def _kind(error: errors.MileageError) -> str:
    """Name the nearest class of an error that its words alone make."""
    plain = vars(Exception)["__init__"]
    return next(
        one.__name__
        for one in type(error).__mro__
        if one.__init__ is plain  # type: ignore[misc]
    )


def _write(connection: socket.socket, *messages: bytes) -> None:
    for one in messages:
        connection.sendall(LENGTH.pack(len(one)))
        connection.sendall(one)


def _read(connection: socket.socket) -> bytes:
    """Read one message; raises EOFError where the stream ends."""
    (size,) = LENGTH.unpack(_exactly(connection, LENGTH.size))
    return _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        piece = connection.recv(min(size - len(found), PIECE))
        if not piece:
            raise EOFError
        found += piece
    return bytes(found)


class Owner:
    """The process that owns a data directory, seen from another one."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def act(self, action: str, payload: bytes, seconds: float | None = None) -> Any:  # noqa: ANN401 - as answered
        """Have the owner do something; raises what it raised.

        Raises Unavailable when it does nothing for so many seconds; it may be done all
        the same, and nothing more can be asked then.
        """
        try:
            self._connection.settimeout(seconds)
            _write(self._connection, action.encode(), payload)
            kind, value = _read(self._connection), _read(self._connection)
        except TimeoutError as error:
            message = "the process that owns this data directory does not answer"
            raise errors.Unavailable(message) from error
        except (EOFError, OSError) as error:
            message = (
                "the process that owns this data directory went away; "
                "repeat the command"
            )
            raise errors.Unavailable(message) from error
        return _answered(kind, value)


def _answered(kind: bytes, value: bytes) -> Any:  # noqa: ANN401 - as answered
    if kind == TEXT:
        return value.decode()
    if kind == VALUE:
        import msgspec

        return msgspec.msgpack.decode(value)
    raise getattr(errors, kind.decode(), errors.Unavailable)(value.decode())


@contextmanager
def owner_of(data: Path) -> Iterator[Owner | None]:
    """Connect to the owner of a data directory, or give None when there is none."""
    try:
        connection = _connected(address(data))
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        yield None
        return
    except PermissionError:
        message = f"{data} is private to somebody else; run this as its owner"
        raise errors.Unavailable(message) from None
    with connection:
        yield Owner(connection)
