"""Every report behind its gate: decide, record, then answer.

No figure leaves here without a viewer; a read that names somebody else is recorded
before the answer is returned (design, invariant 7).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mileage.access.marks import Marker, Marks
from mileage.access.roles import Roles, shipped_roles
from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.errors import Invalid, NotFound
from mileage.domain.figures import Asked as Rows
from mileage.domain.figures import Offered
from mileage.domain.people import PEOPLE_SHOWN
from mileage.domain.window import Window
from mileage.reports.board import board_detail, without_claimants
from mileage.reports.board_reading import TOP, BoardReading
from mileage.reports.board_totals import BoardTotals, thresholds
from mileage.reports.boards import SCOPES, scope_of
from mileage.reports.gate import Gate
from mileage.reports.hearing import (
    Asked,
    disagreements_page,
    everybodys_sources,
    sources_page,
)
from mileage.reports.kept import Kept
from mileage.reports.overview import look_over
from mileage.reports.participation import Participation
from mileage.reports.parts import check_parts, guessed_for, permitted
from mileage.reports.personal import personal_page, with_guess
from mileage.reports.rejected import rejected_page
from mileage.reports.shown import (
    marked_board,
    marked_page,
    marked_usage,
    without_few,
    without_totals,
)
from mileage.reports.standings import windows
from mileage.reports.unclaimed import claimed, unclaimed
from mileage.reports.usage import UsageRequest, check_groups, usage
from mileage.reports.why import explain, shown_to
from mileage.store import queries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from mileage.access.policy import Allowed
    from mileage.domain.attendance import Pattern
    from mileage.domain.client_faults import Fault
    from mileage.domain.directory import AccessRow
    from mileage.domain.figures import Board, IngestStatus, PersonalPage
    from mileage.domain.hearing import DisagreementsPage, SourcesPage
    from mileage.domain.parking import Claimed, Parked
    from mileage.domain.people import Account, Listed, Viewer
    from mileage.domain.rejecting import RejectedPage
    from mileage.domain.settings import Settings
    from mileage.honours.lenses import Lens
    from mileage.reports.board_reading import BoardOf, Part
    from mileage.reports.boards import Boards
    from mileage.reports.overview import Overview
    from mileage.reports.snapshots import Snapshots
    from mileage.reports.status import Receiving
    from mileage.reports.usage import Question
    from mileage.reports.why import Why
    from mileage.store.control import Control
    from mileage.store.ledger import Ledger


MENU = (
    *("people", "ingest_status", "rejected", "unclaimed"),
    *("dark", "metrics", "oversight"),
)
"""Reports of which a menu shows the ones that a viewer may open."""
BOARD = ("board", ORGANISATION)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the answers are made from."""

    ledger: Ledger
    control: Control
    snapshots: Snapshots
    boards: Boards
    settings: Settings
    lenses: Callable[[], Sequence[Lens]]
    """As they are in force now, the default first."""
    now: Callable[[], int]
    receiving: Receiving
    faults: tuple[Fault, ...] = ()
    """Versions of clients that are known to report wrong figures."""
    attendance: Pattern | None = None
    roles: Callable[[], Roles] = shipped_roles
    """The table of who may read what, as it is in force now."""


class Answers:
    """Implements ``web.services.Reports``; safe to call from threads."""

    def __init__(self, holdings: Holdings) -> None:
        self._have = holdings
        self._marks = Marks(holdings.control.marks_key())
        self.gate = Gate(holdings.control, holdings.roles, self._today)
        """What every report asks first, those of other modules too."""
        self.participation = Participation(holdings.control, holdings.settings)
        self._reading = BoardReading(
            holdings.boards, self.gate, self.participation, holdings.settings.top
        )
        self._totals = BoardTotals(
            holdings.boards, thresholds(holdings.settings), holdings.settings.top
        )
        self.overview = Kept(self._looked_over, self._moved)
        """Everybody who is heard of; whoever serves pages refreshes it beside them."""

    def board(
        self,
        viewer: Viewer,
        lens: str | None = None,
        *,
        part: Part = TOP,
        as_of: int | None = None,
    ) -> Board:
        """Rank what is published of a window; raises NotFound, Refused."""
        board, allowed, now = self._reading.read(viewer, lens or "", part, as_of)
        named = (row.standing.account_id for row in board.rows)
        self._record_named(viewer, allowed, BOARD, named, board_detail(board))
        rows = self.participation.masked(board.rows, viewer.account_id, now)
        seen = without_claimants(replace(board, rows=rows), viewer)
        if viewer.operator:
            return seen
        seen = without_few(seen, self._totals.limits.people)
        if not self._totals.told(board.snapshot, now.hidden):
            seen = without_totals(seen)
        return marked_board(seen, self.shows(viewer))

    def warm(self) -> None:
        """Find what the board of everybody begins with; raises NotFound."""
        self._totals.told(self._reading.warm(), self.participation.hidden())

    def why(self, viewer: Viewer, account_id: str, of: BoardOf) -> Why:
        """Explain somebody's rank, as far as this viewer may know; raises as a page."""
        have, purpose = self._have, of.part.purpose
        allowed = self.gate.allow(viewer, "personal", account_id, purpose)
        account = have.control.account(account_id)
        placed = self._reading.placed(viewer, account, of, allowed)
        rules = (one for one in have.lenses() if one.name == placed.lens.name)
        detail = f"why, lens {placed.lens.name}, as of {placed.head.as_of}"
        self._record(viewer, allowed, ("personal", account_id), 1, detail)
        why = explain(have.ledger, account, placed, next(rules, None), have.faults)
        return shown_to(why, allowed, self.shows(viewer, account_id))

    def shows(self, viewer: Viewer, account_id: str = "") -> Marker | None:
        """Mark what people see of others; operators see it as it is."""
        if viewer.operator or account_id == viewer.account_id:
            return None
        return Marker(self._marks, viewer.account_id)

    def boards(self, viewer: Viewer) -> Offered:
        """Tell which boards there are, and of when the last one is."""
        self.gate.allow(viewer, "board")
        names = windows(self._have.settings)
        return Offered(self._have.snapshots.published_at(), names, tuple(SCOPES))

    def lenses(self) -> tuple[tuple[str, str, str, str], ...]:
        """Return (name, title, what it encourages, how it is gamed), default first."""
        return tuple(
            (one.name, one.title, one.encourages, one.gamed_by)
            for one in self._have.lenses()
        )

    def personal(
        self, viewer: Viewer, account_id: str, purpose: str | None = None
    ) -> PersonalPage:
        """Answer 'my page' over the rolling window, without what may not be seen."""
        allowed = self.gate.allow(viewer, "personal", account_id, purpose)
        account = self._have.control.account(account_id)
        self._record(viewer, allowed, ("personal", account_id), 1)
        page = personal_page(
            self._have.ledger,
            account,
            self._window(),
            self._place(account, viewer),
            self._have.faults,
        )
        if self._have.attendance and guessed_for(viewer, account):
            page = with_guess(self._have.ledger, page, self._have.attendance)
        return marked_page(permitted(page, allowed), self.shows(viewer, account_id))

    def usage(self, viewer: Viewer, question: Question) -> dict[str, Any]:
        """Answer ``/api/v1/usage``; the scope defaults to what the viewer may."""
        account, subject = _scope(viewer, question.scope)
        allowed = self.gate.allow(viewer, "usage", subject, question.purpose)
        check_parts(allowed, question.group_by)
        request = UsageRequest(
            self._asked_window(question),
            account,
            check_groups(question.group_by),
            self._have.faults,
        )
        rests_on = None if account else self.overview.value().completeness
        answer = usage(self._have.ledger, request, rests_on)
        shows = self.shows(viewer, account or "")
        if shows and "account" in request.group_by:
            answer["rows"] = [marked_usage(row, shows) for row in answer["rows"]]
        detail = "by " + ",".join(request.group_by)
        named = len(answer["rows"]) if "account" in request.group_by else 0
        self._record(viewer, allowed, ("usage", subject), named, detail)
        return answer

    def sources(
        self,
        viewer: Viewer,
        scope: str | None,
        wanted: str = "",
        most: int = 100,
        purpose: str | None = None,
    ) -> SourcesPage:
        """Answer which sources tell of whom, and what is missing."""
        account, subject = _scope(viewer, scope)
        allowed = self.gate.allow(viewer, "sources", subject, purpose)
        have = self._have
        if account is not None:
            own = (have.control.account(account),)
            found = sources_page(have.ledger, account, own, have.faults)
        else:
            asked, overview = Asked(wanted, most, have.faults), self.overview.value()
            found = everybodys_sources(
                have.ledger, overview, asked, have.control.accounts_of
            )
        self._record_named(viewer, allowed, ("sources", subject), found.named)
        return found

    def disagreements(
        self, viewer: Viewer, scope: str | None, purpose: str | None = None
    ) -> DisagreementsPage:
        """Answer on which calls of the rolling window sources disagree."""
        account, subject = _scope(viewer, scope)
        allowed = self.gate.allow(viewer, "disagreements", subject, purpose)
        overview = None if account else self.overview.value()
        rests_on = overview.completeness if overview else None
        found = disagreements_page(self._have.ledger, account, self._window(), rests_on)
        named = {one.account for one in found.rows}
        self._record_named(viewer, allowed, ("disagreements", subject), named)
        people = self._have.control.accounts_of(named)
        return replace(found, people={one.account_id: one for one in people})

    def ingest_status(self, viewer: Viewer) -> IngestStatus:
        """Answer the ingest page."""
        self.gate.allow(viewer, "ingest_status")
        return self._have.receiving.status()

    def rejected(self, viewer: Viewer, source: str | None, sort: str) -> RejectedPage:
        """Answer what could not be read; raises Invalid for an unknown order."""
        self.gate.allow(viewer, "rejected")
        return rejected_page(self._have.ledger, source, sort)

    def readers(
        self, viewer: Viewer, before: int | None, most: int
    ) -> tuple[AccessRow, ...]:
        """Answer who read what names the viewer, the latest first."""
        own = viewer.account_id
        self.gate.allow(viewer, "my_data", own)
        return self._have.control.readers_of(own, before=before, limit=most)

    def people(self, viewer: Viewer, wanted: str = "", page: int = 1) -> Listed:
        """List accounts whose page this viewer may open, some at a time."""
        allowed = self.gate.allow(viewer, "people")
        among = None if "organisation" in allowed.of else self.gate.below(viewer)
        words = wanted.casefold().split()
        found = self._have.control.find_accounts(words, page, PEOPLE_SHOWN, among)
        named = (one.account_id for one in found.accounts)
        self._record_named(viewer, allowed, ("people", ORGANISATION), named)
        return found

    def unclaimed(self, viewer: Viewer) -> tuple[Parked, ...]:
        """Answer which identities belong to nobody."""
        allowed = self.gate.allow(viewer, "unclaimed")
        found = unclaimed(self._have.ledger, self._have.control)
        self._record(viewer, allowed, ("unclaimed", ORGANISATION), len(found))
        return found

    def claimed(self, viewer: Viewer) -> tuple[Claimed, ...]:
        """Answer which identities somebody has claimed."""
        allowed = self.gate.allow(viewer, "unclaimed")
        found = claimed(self._have.ledger, self._have.control)
        self._record(viewer, allowed, ("claims", ORGANISATION), len(found))
        return found

    def opens(self, viewer: Viewer) -> frozenset[str]:
        """Return the reports about many that this viewer may open; for menus."""
        return frozenset(name for name in MENU if self.gate.opens(viewer, name))

    def roles(self, viewer: Viewer) -> Roles:
        """Answer who may see what."""
        self.gate.allow(viewer, "access")
        return self._have.roles()

    def reviewed(self) -> bool:
        """Tell whether performance review is a purpose; everybody is told."""
        return self._have.roles().reviewed

    def organisation(self) -> tuple[str, bool]:
        """Return the organisation's name and whether its data is simulated."""
        try:
            simulated = self._have.boards.head().simulated
        except NotFound:
            simulated = queries.span(self._have.ledger).simulated_calls > 0
        return self._have.settings.organisation, simulated

    def _looked_over(self) -> Overview:
        have, left = self._have, self._have.control.departed(self._today())
        return look_over(have.ledger, have.control.living(), have.faults, left=left)

    def _moved(self) -> tuple[int, date, int]:
        """Return what an overview depends on: the last append, the day, the people."""
        ledger = self._have.ledger
        accounts = self._have.control.count_accounts()
        return queries.span(ledger).seq, self._today(), accounts

    def _today(self) -> date:
        return self._have.ledger.rules.clock.day(self._have.now())

    def _record(
        self,
        viewer: Viewer,
        allowed: Allowed,
        read: tuple[str, str],
        subjects: int,
        detail: str = "",
        named: tuple[str, ...] = (),
    ) -> None:
        if allowed.recorded:
            report, subject = read
            self._have.control.record_access(
                NamedRead(
                    viewer, allowed.purpose, report, subject, subjects, detail, named
                )
            )

    def _record_named(
        self,
        viewer: Viewer,
        allowed: Allowed,
        read: tuple[str, str],
        named: Iterable[str],
        detail: str = "",
    ) -> None:
        """Record a read about many by those whom the answer names, if anybody."""
        (report, subject), them = read, tuple(named)
        others = sum(one != viewer.account_id for one in them)
        of = (report, subject if them else "")
        self._record(viewer, allowed, of, others, detail, them)

    def _place(self, account: Account, viewer: Viewer) -> tuple[int | None, int]:
        """Return (rank by the default lens or None, how many are ranked)."""
        boards, now = self._have.boards, self.participation.now()
        # A rank beside a name would tell whose the row of that rank is.
        other = account.account_id != viewer.account_id
        nameless = other and account.account_id in now.unnamed
        if nameless or self._have.control.darkness() is not None:
            return None, 0
        asked = Rows(count=0, scope=scope_of(account.kind), without=now.hidden)
        try:
            head = boards.head()
        except NotFound:
            return None, 0
        own = boards.row_of(head, asked, account.account_id)
        return own.rank if own else None, boards.rows(head, asked).ranked

    def _window(self) -> Window:
        settings, clock = self._have.settings, self._have.ledger.rules.clock
        return Window.rolling(
            settings.window_days, now=self._have.now(), zone=clock.zone
        )

    def _asked_window(self, question: Question) -> Window:
        rolling = self._window()
        start = rolling.start if question.since is None else question.since
        end = rolling.end if question.until is None else question.until
        if start >= end:
            raise Invalid("`from` must be earlier than `until`.")
        return Window(start, end)


def _scope(viewer: Viewer, asked: str | None) -> tuple[str | None, str]:
    """Return (account or None for all, the subject) of a scope; raises Invalid."""
    scope = asked or ("org" if viewer.operator else "me")
    if scope not in ("me", "org"):
        message = f"scope {scope!r} is unknown; use me or org"
        raise Invalid(message)
    if scope == "org":
        return None, ORGANISATION
    return viewer.account_id, viewer.account_id
