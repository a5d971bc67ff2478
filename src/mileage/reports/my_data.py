"""Everything that is kept about a person, as a page and as a file.

The file is complete (GDPR articles 15 and 20): what the page adds up stands in it row
by row. It is written to disk piece by piece, as somebody may have made a million calls.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import IO, TYPE_CHECKING, Any

import msgspec

from mileage.domain.directory import NamedRead
from mileage.domain.errors import NotFound, Refused
from mileage.domain.rights import ERASED, Answer, MyData, PersonRequest
from mileage.reports.shape import dollars, instant_json
from mileage.reports.statement import statement
from mileage.store.control.held import MOST_ROWS
from mileage.store.held import ROWS, held, held_rows
from mileage.store.owners import claims_in_force

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mileage.domain.people import Account, Viewer
    from mileage.domain.rights import RequestKind
    from mileage.domain.settings import Settings
    from mileage.reports.gate import Gate
    from mileage.reports.snapshots import Snapshots
    from mileage.reports.statement import Statement
    from mileage.store.control import Control
    from mileage.store.ledger import Ledger

INSTANTS = ("first", "last", "at")
FILE_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Rights:
    """Implements ``web.services.RightsDesk``; safe to call from threads."""

    ledger: Ledger
    control: Control
    snapshots: Snapshots
    organisation: Callable[[], tuple[str, bool]]
    """Its name, and whether its data is simulated."""
    gate: Gate
    settings: Settings

    def statement(self) -> Statement:
        """Tell what is kept, why, for how long, who may see it; names nobody."""
        return statement(self.settings, self.gate.roles())

    def my_data(self, viewer: Viewer, account_id: str) -> MyData:
        """Answer what is kept about a person; raises Refused, NotFound."""
        account = self._opened(viewer, account_id)
        control, ledger = self.control, self.ledger
        claims = claims_in_force(ledger.cursor())
        others = sorted(one for one, person in claims.items() if person == account_id)
        accounts = (account_id, *others)
        directory: dict[str, list[dict[str, Any]]] = {}
        for one in accounts:
            for table, rows in control.held_about(one).items():
                directory.setdefault(table, []).extend(map(told, rows))
        name, simulated = self.organisation()
        return MyData(
            account_id=account_id,
            name=account.name,
            email=account.email,
            made_at=control.now(),
            organisation=name,
            simulated=simulated,
            accounts=accounts,
            directory=directory,
            usage={
                what: [told(row) for row in rows]
                for what, rows in held(ledger, account_id).items()
            },
            readers=_told_all(control.readers_of(account_id, limit=MOST_ROWS)),
            reads=_told_all(control.reads_by(account_id)),
            changes=_told_all(control.changes_about(_ids(accounts, directory))),
            requests=control.requests(account_id=account_id),
            boards=self.snapshots.count(),
        )

    def write_my_data(self, viewer: Viewer, account_id: str, into: IO[bytes]) -> None:
        """Write everything that is kept about a person as one JSON object."""
        kept = asdict(self.my_data(viewer, account_id))
        kept["made_at"] = instant_json(kept["made_at"])
        kept["requests"] = [told(row) for row in kept["requests"]]
        head = {"format": FILE_FORMAT, **kept}
        into.write(msgspec.json.encode(head)[:-1])
        for what in ROWS:
            into.write(b',\n"%s":[' % what.encode())
            before = b"\n"
            for row in held_rows(self.ledger, account_id, what):
                into.write(before + msgspec.json.encode(told(row)))
                before = b",\n"
            into.write(b"]")
        into.write(b"}\n")

    def ask(self, viewer: Viewer, kind: RequestKind, text: str) -> str:
        """Record a request of somebody about their own data; returns its id."""
        if not viewer.account_id:
            raise Refused("a request is of a person about their own data: sign in")
        return self.control.file_request(viewer, viewer.account_id, kind, text)

    def ask_for(
        self, viewer: Viewer, account_id: str, kind: RequestKind, text: str
    ) -> str:
        """Record what somebody asked for by other means; raises Refused."""
        self._allow(viewer)
        return self.control.file_request(viewer, account_id, kind, text)

    def withdraw(self, viewer: Viewer, request_id: str) -> None:
        """End one's own request; raises NotFound."""
        self.control.withdraw_request(viewer, request_id)

    def requests(self, viewer: Viewer, *, waiting: bool) -> tuple[PersonRequest, ...]:
        """List what people asked for, for who answers; raises Refused."""
        self._allow(viewer)
        return self.control.requests(waiting=waiting)

    def answer(self, viewer: Viewer, answer: Answer) -> None:
        """Decide about a request; raises Refused, NotFound, Invalid."""
        self._allow(viewer)
        self.control.answer_request(viewer, answer)

    def _allow(self, viewer: Viewer) -> None:
        self.gate.allow(viewer, "person_requests")

    def _opened(self, viewer: Viewer, account_id: str) -> Account:
        decision = self.gate.allow(viewer, "my_data", account_id)
        account = self.control.account(account_id)
        if account.kind == ERASED:
            message = "somebody who was erased has no data to show"
            raise NotFound(message)
        if decision.recorded:
            self.control.record_access(
                NamedRead(viewer, decision.purpose, "my_data", account_id, 1)
            )
        return account


def told(row: dict[str, Any]) -> dict[str, Any]:
    """Return a stored row as people read it: instants and dollars, not micros."""
    return {_named(key): _value(key, value) for key, value in row.items()}


def _named(key: str) -> str:
    return "cost_usd" if key == "cost" else key


def _value(key: str, value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and (key.endswith("_at") or key in INSTANTS):
        return instant_json(value)
    if key == "cost" and (value is None or isinstance(value, int)):
        return dollars(value)
    return value


def _told_all(rows: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    return tuple(told(asdict(row)) for row in rows)


def _ids(
    accounts: tuple[str, ...], directory: dict[str, list[dict[str, Any]]]
) -> set[str]:
    """Return the ids of the accounts and of every credential and request of theirs."""
    own = {
        str(row[column])
        for rows in directory.values()
        for row in rows
        for column in row
        if column in ("token_id", "key_id", "request_id") and row[column]
    }
    return own | set(accounts)
