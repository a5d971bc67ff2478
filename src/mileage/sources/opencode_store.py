"""Databases and older message files of OpenCode and of clients that keep its schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mileage.domain.witness import Reading, Rejected
from mileage.sources import opencode_activity as activity_of
from mileage.sources.documents import read_document
from mileage.sources.jsonl import Gathering, text
from mileage.sources.opencode_rows import (
    Message,
    Session,
    begun,
    decoded,
    witness,
)
from mileage.sources.sqlite_rows import (
    MAX_VALUE_BYTES,
    UNKNOWN_TABLES,
    Row,
    Scan,
    SqliteRows,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mileage.domain.call import SourceTraits

MESSAGES = Scan("message", "opencode_messages")
SESSION_MESSAGES = Scan("session_message", "opencode_session_messages")
PARTS = Scan("part", "opencode_parts")
_SESSIONS = ("opencode_session", "opencode_session_v2")
_IS_THERE = ("opencode_message_is_there", "opencode_session_message_is_there")
_KIND = 4
# Folders between a message's file and the database that took its place.
_NEAREST_FOLDERS = 6


class OpenCodeStore:
    """Reads databases whose rows are messages of OpenCode."""

    def __init__(self, traits: SourceTraits) -> None:
        self._traits = traits

    def read_file(self, path: str, place: str, *, activity: bool) -> Iterator[Reading]:
        """Read a database, or one message in a file of its own."""
        if path.endswith(".json"):
            yield self._single(path, place)
        else:
            yield from self._database(path, place, activity=activity)

    def _database(self, path: str, place: str, *, activity: bool) -> Iterator[Reading]:
        with SqliteRows(path) as rows:
            reader = _Reader(self._traits, place, rows, activity=activity)
            yield from reader.readings()
        refused = [
            Rejected(self._traits.name, ":".join(filter(None, (place, at))), reason)
            for at, reason in rows.problems
        ]
        if refused:
            yield Reading(rejected=tuple(refused))

    def _single(self, path: str, place: str) -> Reading:
        """Read a file of the time before databases; a row with its id is preferred."""
        gathered = Gathering(self._traits, place)
        data = read_document(path, MAX_VALUE_BYTES)
        if isinstance(data, str):
            return Reading(rejected=(Rejected(self._traits.name, place, data),))
        message = decoded(data)
        named = text(message.id) if isinstance(message, Message) else ""
        row_id = named or Path(path).stem
        if message is None or _is_stored(path, row_id):
            return Reading(ignored=1)
        if isinstance(message, str):
            return Reading(rejected=(Rejected(self._traits.name, place, message),))
        session = Session(text(message.session_id))
        problem = _take(gathered, row_id, message, session)
        if problem:
            return Reading(rejected=(Rejected(self._traits.name, place, problem),))
        if message.role == "user":
            activity_of.prompted(gathered, session, begun(message))
        return gathered.reading()


class _Reader:
    """One database, table by table."""

    def __init__(
        self, traits: SourceTraits, place: str, rows: SqliteRows, *, activity: bool
    ) -> None:
        self._traits = traits
        self._place = place
        self._rows = rows
        self._activity = activity
        self._session = Session("")

    def readings(self) -> Iterator[Reading]:
        """Yield a reading for each page of rows."""
        if not self._rows.problems and not any(
            self._rows.has(scan.table) for scan in (MESSAGES, SESSION_MESSAGES)
        ):
            self._rows.problems.append(("", UNKNOWN_TABLES))
        yield from self._table(MESSAGES, self._message)
        yield from self._table(SESSION_MESSAGES, self._message)
        if self._activity:
            yield from self._table(PARTS, self._part)

    def _table(
        self, scan: Scan, take: Callable[[Gathering, Row], None]
    ) -> Iterator[Reading]:
        if not self._rows.has(scan.table):
            return
        gathered = Gathering(self._traits, f"{self._place}:{scan.table}")
        for page in self._rows.pages(scan):
            for row in page:
                take(gathered, row)
            yield gathered.reading()

    def _message(self, gathered: Gathering, row: Row) -> None:
        """Take a message in; of version 2, the kind stands in a column of its own."""
        kind = text(_text(row[_KIND])) if len(row) > _KIND else None
        data = _bytes(row[3])
        message = decoded(data)
        if isinstance(message, str):
            if kind in ("assistant", None):
                gathered.reject(row[0], message)
            else:
                gathered.ignored += 1
            return
        if message is None:
            gathered.ignored += 1
            return
        if kind is not None:
            message.role = kind
        session = self._of(text(_text(row[2])))
        problem = _take(gathered, _text(row[1]), message, session)
        if problem:
            gathered.reject(row[0], problem)
        if self._activity:
            self._beside(gathered, row, message, session)

    def _beside(
        self, gathered: Gathering, row: Row, message: Message, session: Session
    ) -> None:
        if message.role == "assistant":
            activity_of.used_tools(gathered, session, _bytes(row[3]))
        elif message.role == "user" and self._is_typed(row[1]):
            activity_of.prompted(gathered, session, begun(message))

    def _is_typed(self, message_id: object) -> bool:
        """Look at the first part of a prompt; the client writes prompts as well."""
        part = self._rows.one("opencode_first_part", _text(message_id))
        return part is None or activity_of.is_typed(_bytes(part["data"]))

    def _part(self, gathered: Gathering, row: Row) -> None:
        session = self._of(text(_text(row[2])))
        activity_of.used_tool(gathered, session, _bytes(row[3]))

    def _of(self, session_id: str) -> Session:
        """Look a session up; messages of one lie together, so the last is enough."""
        if self._session.session_id != session_id:
            found = (self._rows.one(one, session_id) for one in _SESSIONS)
            self._session = _session(session_id, next(filter(None, found), {}))
        return self._session


def _take(gathered: Gathering, row_id: str, message: Message, session: Session) -> str:
    """Take a message in; return the reason if its usage cannot be read, or ''."""
    if message.role != "assistant":
        gathered.ignored += 1
        return ""
    source = (gathered.traits.name, gathered.traits.client)
    found = witness(source, row_id, message, session)
    if isinstance(found, str):
        return found
    if found is None:
        gathered.ignored += 1
    else:
        gathered.witness(found)
    return ""


def _session(session_id: str, columns: dict[str, Any]) -> Session:
    return Session(
        session_id,
        text(_text(columns.get("directory"))),
        text(_text(columns.get("version"))),
        bool(_text(columns.get("parent_id"))),
    )


def _is_stored(path: str, message_id: str) -> bool:
    """Tell whether a database nearby has taken this message over."""
    for folder in Path(path).parents[:_NEAREST_FOLDERS]:
        databases = sorted(folder.glob("opencode*.db"))
        for database in databases:
            with SqliteRows(str(database)) as rows:
                if any(rows.one(one, message_id) for one in _IS_THERE):
                    return True
        if databases:
            return False
    return False


def _text(value: object) -> str:
    """Return a text of a database, whatever bytes it has; anything else is none."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8", "replace") if isinstance(value, str) else b""
