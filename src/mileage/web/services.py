"""What the web needs from the rest, as protocols; ``wiring`` hands it over.

Every report takes a viewer and a purpose and records a read that names somebody
else before it returns. All methods are synchronous and safe to call from threads,
except ``Door.accept``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mileage.access.roles import Roles
    from mileage.domain.darkness import Darkness
    from mileage.domain.directory import AccessRow
    from mileage.domain.figures import Board, IngestStatus, Offered, PersonalPage
    from mileage.domain.hearing import DisagreementsPage, SourcesPage
    from mileage.domain.load import Load
    from mileage.domain.parking import Claimed, Parked
    from mileage.domain.people import Credential, Listed, Viewer
    from mileage.domain.rejecting import RejectedPage
    from mileage.domain.rights import Answer, MyData, PersonRequest, RequestKind
    from mileage.domain.sign_in import Session
    from mileage.domain.witness import Reading
    from mileage.ingest.meters import Meters
    from mileage.ingest.pending import Waiting
    from mileage.ingest.push_format import Push, Receipt
    from mileage.reports.board_reading import BoardOf, Part
    from mileage.reports.statement import Statement
    from mileage.reports.why import Why
    from mileage.sources.base import OtlpSource
    from mileage.web.desks import (
        AdoptionDesk,
        AwardsDesk,
        DepartmentDesk,
        GroupDesk,
        OversightDesk,
        StatementDesk,
        TakingPartDesk,
    )


@dataclass(frozen=True, slots=True)
class UsageQuestion:
    """The parameters of ``GET /api/v1/usage``, not yet checked."""

    scope: str | None
    """``me``, ``org``; None takes the viewer's default."""
    since: int | None
    until: int | None
    """UTC microseconds, half-open; None takes the last 30 days."""
    group_by: tuple[str, ...]
    purpose: str | None


class Reports(Protocol):
    """The questions that pages and the API may ask."""

    def board(
        self,
        viewer: Viewer,
        lens: str | None = None,
        *,
        part: Part = ...,
        as_of: int | None = None,
    ) -> Board:
        """Rank what is published; raises NotFound, Refused, Unavailable."""
        ...

    def why(self, viewer: Viewer, account_id: str, of: BoardOf) -> Why:
        """Explain somebody's rank; raises as ``personal`` does."""
        ...

    def boards(self, viewer: Viewer) -> Offered:
        """Tell which boards there are, and of when the last one is; raises Refused."""
        ...

    def lenses(self) -> tuple[tuple[str, str, str, str], ...]:
        """Return (name, title, what it encourages, how it is gamed), default first."""
        ...

    def personal(
        self, viewer: Viewer, account_id: str, purpose: str | None = None
    ) -> PersonalPage:
        """Answer 'my page'; of somebody else what the viewer may, for this purpose.

        Raises PurposeMissing when there is one that opens it, Refused otherwise.
        """
        ...

    def usage(self, viewer: Viewer, question: UsageQuestion) -> dict[str, Any]:
        """Answer ``/api/v1/usage`` as its JSON object."""
        ...

    def sources(
        self,
        viewer: Viewer,
        scope: str | None,
        wanted: str = "",
        most: int = 100,
        purpose: str | None = None,
    ) -> SourcesPage:
        """Answer which sources tell of whom; None takes the viewer's default.

        Of everybody: the first ``most`` by name whose name or address holds every
        word of ``wanted``.
        """
        ...

    def disagreements(
        self, viewer: Viewer, scope: str | None, purpose: str | None = None
    ) -> DisagreementsPage:
        """Answer on which calls sources disagree; scope as for ``sources``."""
        ...

    def ingest_status(self, viewer: Viewer) -> IngestStatus:
        """Answer the ingest page."""
        ...

    def rejected(self, viewer: Viewer, source: str | None, sort: str) -> RejectedPage:
        """Answer what could not be read, of one source or of all; raises Invalid."""
        ...

    def readers(
        self, viewer: Viewer, before: int | None, most: int
    ) -> tuple[AccessRow, ...]:
        """Answer who read what names the viewer, before an entry, newest first."""
        ...

    def people(self, viewer: Viewer, wanted: str = "", page: int = 1) -> Listed:
        """List whose page this viewer may open, found by every word, a page of it."""
        ...

    def opens(self, viewer: Viewer) -> frozenset[str]:
        """Return the reports about many that this viewer may open; for menus."""
        ...

    def roles(self, viewer: Viewer) -> Roles:
        """Answer who may see what."""
        ...

    def reviewed(self) -> bool:
        """Tell whether performance review is a purpose; every page says so."""
        ...

    def unclaimed(self, viewer: Viewer) -> tuple[Parked, ...]:
        """Answer which identities belong to nobody, the most tokens first."""
        ...

    def claimed(self, viewer: Viewer) -> tuple[Claimed, ...]:
        """Answer which identities somebody has claimed."""
        ...

    def organisation(self) -> tuple[str, bool]:
        """Return the organisation's name and whether its data is simulated."""
        ...


class SignIn(Protocol):
    """Who is asking."""

    def has_passwords(self) -> bool:
        """Tell whether anybody can sign in with a password."""
        ...

    def open_link(self, secret: str, device: str = "") -> str:
        """Use up a one-time link; returns a session secret or raises Unauthorised."""
        ...

    def open_key(self, key: str, device: str = "") -> str:
        """Start a session for the holder of an API key."""
        ...

    def open_password(self, email: str, password: str, device: str = "") -> str:
        """Start a session of a local administrator; raises TooMany after some tries."""
        ...

    def session_viewer(self, session_secret: str) -> Viewer | None:
        """Return who holds this session, None when it is unknown or over."""
        ...

    def key_viewer(self, key: str) -> Viewer | None:
        """Return who holds this API key, None when unknown or revoked."""
        ...

    def close(self, session_secret: str) -> None:
        """End a session."""
        ...

    def session_id(self, session_secret: str) -> str:
        """Return the id of an open session, '' when it is unknown or over."""
        ...

    def open_sessions(self, viewer: Viewer | None = None) -> tuple[Session, ...]:
        """List a viewer's open sessions, oldest first; everybody's for None."""
        ...

    def end_session(self, session_id: str, actor: Viewer, *, own: bool = True) -> None:
        """End a session of the actor's; raises NotFound."""
        ...

    def end_sessions(self, of: Viewer, actor: Viewer, *, but: str = "") -> int:
        """End all sessions of a viewer, except the one of the secret ``but``."""
        ...


class SingleSignOn(Protocol):
    """Signing in with an identity provider."""

    @property
    def button(self) -> str:
        """Return what the button on the sign-in page says."""
        ...

    def address(self, secret: str, come_back: str) -> str:
        """Return where to send a browser that holds ``secret``; raises Unavailable."""
        ...

    def open(
        self, secret: str, come_back: str, query: Mapping[str, str], device: str
    ) -> str:
        """Return a session's secret for who came back; raises Unauthorised."""
        ...

    def end(self, logout_token: str) -> int:
        """End the sessions that a logout token names; raises Unauthorised."""
        ...


class Provisioning(Protocol):
    """Where a directory service keeps users and groups (SCIM 2.0)."""

    def answer(
        self,
        asked: tuple[str, str, str, Mapping[str, str], Mapping[str, str], bytes],
        key: str,
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer a request: method, root, path, query, headers, body.

        Returns status, headers and body.
        """
        ...


class Door(Protocol):
    """Where telemetry comes in."""

    sources: tuple[OtlpSource, ...]

    async def credential(self, bearer: str) -> Credential:
        """Return what a token stands for.

        Raises Unauthorised, TooMany, and Unavailable when there is no room for more.
        """
        ...

    def prepare(self, credential: Credential, reading: Reading, origin: str) -> Waiting:
        """Do all of the work that ``accept`` does not wait for; runs in a thread.

        Records that are no usage are counted under ``origin``.
        """
        ...

    async def accept(self, prepared: Waiting) -> None:
        """Return once it is on disk; raises Unavailable if it cannot be."""
        ...

    async def take_push(self, credential: Credential, push: Push | None) -> Receipt:
        """Return once a machine's rows are on disk; None only asks who answers.

        Raises Unavailable when they cannot be, Invalid when none of them is taken.
        """
        ...

    def refuse(self, credential: Credential, source: str, reason: str) -> None:
        """Count a body that could not be decoded (answered 4xx)."""
        ...


class Receiver(Protocol):
    """What the door tells machines of itself; nothing here names anybody."""

    @property
    def meters(self) -> Meters:
        """What was measured since the process began."""
        ...

    @property
    def sources(self) -> frozenset[str]:
        """Names of sources that may be labels: there are few of them."""
        ...

    def counts(self) -> IngestStatus:
        """Return the counts since the data directory began."""
        ...

    def load(self) -> Load:
        """Return how near the receiver is to its limits; asks no database."""
        ...


class ClaimDesk(Protocol):
    """Where usage that belongs to nobody gets an owner."""

    def claim(self, viewer: Viewer, identity: str, email: str) -> object:
        """Give an identity's usage to the owner of an address.

        Raises Refused, NotFound, Invalid and Conflict; on record before it happens.
        """
        ...

    def unclaim(self, viewer: Viewer, identity: str) -> object:
        """Give an identity its usage back; raises Refused and NotFound."""
        ...


class RightsDesk(Protocol):
    """What people may ask about their own data; synchronous, safe from threads."""

    def my_data(self, viewer: Viewer, account_id: str) -> MyData:
        """Answer what is kept about a person; raises Refused, NotFound."""
        ...

    def write_my_data(self, viewer: Viewer, account_id: str, into: IO[bytes]) -> None:
        """Write everything that is kept about a person as one JSON object."""
        ...

    def statement(self) -> Statement:
        """Tell what is kept, why, for how long, who may see it; names nobody."""
        ...

    def ask(self, viewer: Viewer, kind: RequestKind, text: str) -> str:
        """Record a request about one's own data; raises Invalid, Conflict."""
        ...

    def withdraw(self, viewer: Viewer, request_id: str) -> None:
        """End one's own request; raises NotFound."""
        ...

    def requests(self, viewer: Viewer, *, waiting: bool) -> tuple[PersonRequest, ...]:
        """List requests for who answers them, oldest first; raises Refused."""
        ...

    def answer(self, viewer: Viewer, answer: Answer) -> None:
        """Decide about a request; raises Refused, NotFound, Invalid."""
        ...


class DarkDesk(Protocol):
    """The switch that closes whatever names or ranks anybody."""

    def darkness(self) -> Darkness | None:
        """Return why it is dark now, or None; raises Unavailable."""
        ...

    def state(self, viewer: Viewer) -> Darkness | None:
        """Return the present darkness or the last one; raises Refused."""
        ...

    def on(self, viewer: Viewer, reason: str) -> object:
        """Turn it dark; raises Refused, and Invalid without a reason."""
        ...

    def off(self, viewer: Viewer) -> object:
        """Ask for the end, or confirm it; raises Refused, NotFound."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request handler may reach."""

    reports: Reports
    sign_in: SignIn
    door: Door
    receiver: Receiver
    claims: ClaimDesk
    rights: RightsDesk
    allowed_hosts: tuple[str, ...]
    """Values of the Host header that are answered (name:port)."""
    dark: DarkDesk
    departments: DepartmentDesk
    taking_part: TakingPartDesk
    groups: GroupDesk
    adoption: AdoptionDesk
    statements: StatementDesk
    oversight: OversightDesk
    awards: AwardsDesk
    single_sign_on: SingleSignOn | None = None
    provisioning: Provisioning | None = None
    address: str = ""
    """Where people reach this server through a proxy; its host is answered too."""
    zone: str = "UTC"
    """The organisation's: of times that somebody writes without an offset."""
    page_rate: int = 0
    """Pages and API answers a minute for one person; 0 is no limit."""
