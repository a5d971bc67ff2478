"""Corrections, objections and erasures that people asked for, and their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from mileage.domain.errors import Conflict, Invalid, NotFound
from mileage.domain.rights import (
    LONGEST_TEXT,
    MOST_OPEN,
    REQUEST_KINDS,
    Answer,
    PersonRequest,
    RequestKind,
)
from mileage.store.control.audit import Change, note
from mileage.store.control.database import OnDatabase, Remembered
from mileage.store.control.minting import new_id
from mileage.store.control.rights_tables import PERSON_REQUEST
from mileage.store.control.tokens import require_account

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from mileage.domain.people import Viewer
    from mileage.store.control.database import Database

HEEDED = ("open", "granted")


class Requests(OnDatabase):
    """Requests of people about their own data."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._objectors: Remembered[str, frozenset[str]] = Remembered(database, 1)

    def file_request(
        self, viewer: Viewer, account_id: str, kind: RequestKind, text: str
    ) -> str:
        """Record what somebody asks for; returns its id.

        ``viewer`` brings it in. Raises Invalid for a kind or text that cannot be,
        Conflict when too many wait.
        """
        text = checked_text(text)
        if kind not in REQUEST_KINDS:
            raise Invalid(f"a request is one of {', '.join(REQUEST_KINDS)}")
        now = self._database.now()
        request_id = new_id("ask", self._database.random_bytes)
        own = PERSON_REQUEST.c.account_id == account_id
        waiting = select(func.count()).where(own, PERSON_REQUEST.c.state == "open")
        row = {
            "request_id": request_id,
            "account_id": account_id,
            "kind": kind,
            "text": text,
            "filed_at": now,
            "state": "open",
        }
        with self._database.writing() as connection:
            require_account(connection, account_id)
            if connection.execute(waiting).scalar_one() >= MOST_OPEN:
                raise Conflict(
                    f"{MOST_OPEN} requests of this person wait for an answer: "
                    "withdraw one of them first"
                )
            connection.execute(insert(PERSON_REQUEST).values(row))
            note(connection, now, Change(f"{kind} asked for", request_id, "", viewer))
        return request_id

    def withdraw_request(self, viewer: Viewer, request_id: str) -> None:
        """End one's own request, or objection that was granted; raises NotFound."""
        own = PERSON_REQUEST.c.account_id == viewer.account_id
        self._end_request(
            request_id, Change("request withdrawn", request_id, "", viewer),
            (own, PERSON_REQUEST.c.state.in_(HEEDED)), state="withdrawn",
        )  # fmt: skip

    def answer_request(self, viewer: Viewer, answer: Answer) -> None:
        """Decide about a request that is open; raises NotFound, Invalid."""
        state = "granted" if answer.granted else "declined"
        change = Change(f"request {state}", answer.request_id, "", viewer)
        self._end_request(
            answer.request_id, change, (PERSON_REQUEST.c.state == "open",),
            state=state, answered_by=viewer.name, answer=checked_text(answer.text),
        )  # fmt: skip

    def _end_request(
        self,
        request_id: str,
        change: Change,
        which: tuple[ColumnElement[bool], ...],
        **values: str,
    ) -> None:
        now = self._database.now()
        one = PERSON_REQUEST.c.request_id == request_id
        with self._database.writing() as connection:
            ended = connection.execute(
                update(PERSON_REQUEST)
                .where(one, *which)
                .values(answered_at=now, **values)
            )
            if ended.rowcount != 1:
                raise NotFound(
                    f"no request {request_id} waits: see 'mileage person requests'"
                )
            note(connection, now, change)

    def requests(
        self, *, account_id: str | None = None, waiting: bool = False
    ) -> tuple[PersonRequest, ...]:
        """List requests, oldest first: of all or of one, all or those that wait."""
        columns = [PERSON_REQUEST.c[name] for name in PersonRequest.__slots__]
        statement = select(*columns).order_by(
            PERSON_REQUEST.c.filed_at, PERSON_REQUEST.c.request_id
        )
        if account_id is not None:
            statement = statement.where(PERSON_REQUEST.c.account_id == account_id)
        if waiting:
            statement = statement.where(PERSON_REQUEST.c.state == "open")
        with self._database.reading() as connection:
            return tuple(PersonRequest(*row) for row in connection.execute(statement))

    def objectors(self) -> frozenset[str]:
        """Return who is not to be named on boards, in force from the next read on."""
        return self._objectors.ask("", self._look_up_objectors) or frozenset()

    def _look_up_objectors(self, _: str) -> frozenset[str]:
        statement = select(PERSON_REQUEST.c.account_id).where(
            PERSON_REQUEST.c.kind == "objection", PERSON_REQUEST.c.state.in_(HEEDED)
        )
        with self._database.reading() as connection:
            return frozenset(connection.execute(statement).scalars())


def checked_text(text: str) -> str:
    """Return what somebody wrote in a form or a shell; raises Invalid."""
    written = text.strip().replace("\r\n", "\n")
    legible = all(one.isprintable() or one == "\n" for one in written)
    if not written or len(written) > LONGEST_TEXT or not legible:
        raise Invalid(f"write 1 to {LONGEST_TEXT:,} printable characters")
    return written
