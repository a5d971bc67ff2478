"""Made-up services behind the real application, and clients of several kinds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from starlette.testclient import TestClient

from mileage.access.roles import Roles, shipped_roles
from mileage.domain.errors import NotFound, Refused, TooMany, Unauthorised
from mileage.domain.figures import (
    ActivityCount,
    Board,
    BoardRow,
    Completeness,
    Figures,
    IngestStatus,
    Offered,
    PersonalPage,
    PublishedLens,
    RejectedCount,
    Share,
    SourceSeen,
    SourceStatus,
    Standing,
)
from mileage.domain.hearing import DisagreementsPage, SourcesPage
from mileage.domain.parking import Claimed, Parked
from mileage.domain.people import Account, Credential, Listed, Viewer
from mileage.domain.rejecting import RejectedPage
from mileage.domain.sign_in import Session
from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND, Window
from mileage.reports.board_reading import TOP, BoardOf, Part
from mileage.reports.why import Why
from mileage.web.app import create_app
from mileage.web.services import Services, UsageQuestion
from tests.ranking import Whole
from tests.web import darkening, hearing, listing, parking, receiving
from tests.web.awarding import FakeAwards
from tests.web.boards import why_of
from tests.web.darkening import FakeDark
from tests.web.departments import FakeDepartments
from tests.web.groups import FakeAdoption, FakeGroups
from tests.web.overseeing import FakeOversight
from tests.web.parking import FakeDesk
from tests.web.receiving import FakeReceiver
from tests.web.rights import FakeRights
from tests.web.taking_part import FakeStatements, FakeTakingPart

HOST = "mileage.test:8470"
ORIGIN = f"http://{HOST}"

ADA = Viewer("acc-ada", "Ada Byron")
BOB = Viewer("acc-bob", "Bob <script>alert(1)</script>")
ROOT = Viewer("", "operator", operator=True)

ADA_ACCOUNT = Account("acc-ada", "person", "Ada Byron", "ada@engines.test")
KEYS = {"key-ada": ADA, "key-bob": BOB, "key-root": ROOT}
LINK = "l1nk-secret-that-nobody-may-log"

START = 1_761_955_200 * SECOND  # 2025-11-01T00:00:00Z
DAYS = tuple(f"2025-11-{day:02}" for day in range(1, 31))
WINDOW = Window(START, START + 30 * 86400 * SECOND)

TOKENS = Tokens(1_000, 950_000, 20_000, 5_000, 2_000, 500, 7)
FIGURES = Figures(12, TOKENS, 1_234_567, 1)
COMPLETENESS = Completeness(
    (SourceSeen("claude_code_log", 12, START, START + 5 * SECOND, 2),),
    WINDOW.end,
    ("Two lines of one log could not be read.",),
)


def standing(viewer: Viewer, factor: int = 1) -> Standing:
    tokens = Tokens(*(count * factor for count in TOKENS))
    return Standing(
        account_id=viewer.account_id,
        name=viewer.name,
        kind="person",
        department="Engines",
        team="Difference",
        figures=Figures(12 * factor, tokens, 1_234_567 * factor, 1),
        sessions=3,
        models=("claude-sonnet-4-5",),
        clients=("claude-code",),
        active_days=2,
        daily=(0,) * 29 + (tokens.total,),
    )


SNAPSHOT = Whole(
    window=WINDOW,
    zone="Asia/Kolkata",
    as_of=WINDOW.end - SECOND,
    days=DAYS,
    total=FIGURES.plus(FIGURES).plus(FIGURES),
    daily=(0,) * 29 + (3 * TOKENS.total,),
    standings=(standing(ADA, 2), standing(BOB)),
    completeness=COMPLETENESS,
    versions={"prices": "1", "format": "1"},
    input_hash="0" * 32,
    organisation="Analytical Engines",
    active={"person": 2},
    lenses=(
        PublishedLens("tokens", "Tokens", "tokens"),
        PublishedLens("cost", "Cost", "micro_usd"),
    ),
)

PERSONAL = PersonalPage(
    account_id=ADA.account_id,
    name=ADA.name,
    window=WINDOW,
    zone="Asia/Kolkata",
    total=FIGURES,
    sessions=3,
    active_days=2,
    daily=tuple(Share(day, Figures()) for day in DAYS),
    hours=((0,) * 23 + (5,),) * 30,
    by_client=(Share("claude-code", FIGURES),),
    by_model=(Share("claude-sonnet-4-5", FIGURES),),
    by_session=(Share("s-1", FIGURES, "claude-code"),),
    activity=(ActivityCount("prompt", "", 4),),
    attended_calls=10,
    unattended_calls=2,
    differing_calls=0,
    rejected=(RejectedCount("claude_code_log", "not JSON", 2, "a.jsonl:7", START),),
    rank=1,
    ranked=2,
    completeness=COMPLETENESS,
)

STATUS = IngestStatus(
    accepted=30,
    durable=28,
    visible=25,
    rejected=2,
    ignored=1,
    duplicates=3,
    lag_seconds=0.5,
    sources=(SourceStatus("claude_code_log", 25, 20, 3, 2, 1, START, WINDOW.end),),
)


def session(session_id: str, viewer: Viewer) -> Session:
    return Session(
        session_id,
        viewer.account_id,
        viewer.name,
        viewer.operator,
        "oidc",
        "Firefox on Linux",
        START,
        START + 60 * SECOND,
        START + 3600 * SECOND,
    )


@dataclass
class FakeReports:
    """Keeps what it was asked; ``broken`` is raised instead of any answer."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    broken: Exception | None = None

    def _note(self, *question: Any) -> None:
        self.asked.append(question)
        if self.broken is not None:
            raise self.broken

    def board(
        self,
        viewer: Viewer,
        lens: str | None = None,
        *,
        part: Part = TOP,
        as_of: int | None = None,
    ) -> Board:
        self._note("board", viewer, lens, as_of)
        if lens not in (None, "", "tokens", "cost"):
            raise NotFound("There is no such lens. Known: tokens, cost.")
        rows = tuple(
            BoardRow(rank, one.figures.tokens.total, one)
            for rank, one in enumerate(SNAPSHOT.standings, start=1)
        )
        return Board(lens or "tokens", "tokens", SNAPSHOT, rows, None, len(rows))

    def why(self, viewer: Viewer, account_id: str, of: BoardOf) -> Why:
        page = self.personal(viewer, account_id)
        return why_of(self.board(viewer), page, viewer, of, "")

    def boards(self, viewer: Viewer) -> Offered:
        self._note("boards", viewer)
        return Offered(SNAPSHOT.as_of, ("30d",), ("org",))

    def lenses(self) -> tuple[tuple[str, ...], ...]:
        return (
            ("tokens", "Tokens", "using more", "idle agents"),
            ("cost", "Cost", "spending more", "dear models"),
        )

    def personal(
        self, viewer: Viewer, account_id: str, purpose: str | None = None
    ) -> PersonalPage:
        self._note("personal", viewer, account_id)
        if account_id not in (ADA.account_id, BOB.account_id):
            raise NotFound("There is no such account.")
        if not viewer.operator and viewer.account_id != account_id:
            raise Refused("Only the operator opens the page of somebody else.")
        return replace(PERSONAL, account_id=account_id)

    def usage(self, viewer: Viewer, question: UsageQuestion) -> dict[str, Any]:
        self._note("usage", viewer, question)
        return {"window": {}, "rows": [], "completeness": {}}

    def rejected(self, viewer: Viewer, source: str | None, sort: str) -> RejectedPage:
        self._note("rejected", viewer, source, sort)
        return receiving.rejected_page(ROOT, source, sort)

    def ingest_status(self, viewer: Viewer) -> IngestStatus:
        self._note("ingest_status", viewer)
        return STATUS

    def sources(
        self,
        viewer: Viewer,
        scope: str | None,
        wanted: str = "",
        most: int = 100,
        purpose: str | None = None,
    ) -> SourcesPage:
        self._note("sources", viewer, scope)
        return hearing.sources_page(viewer, (ADA_ACCOUNT,), COMPLETENESS)

    def disagreements(
        self, viewer: Viewer, scope: str | None, purpose: str | None = None
    ) -> DisagreementsPage:
        self._note("disagreements", viewer, scope)
        return hearing.disagreements_page(viewer, (ADA_ACCOUNT,), COMPLETENESS)

    def readers(self, viewer: Viewer, before: int | None, most: int) -> Any:
        self._note("readers", viewer, before)
        return darkening.readers(before, most)

    def people(self, viewer: Viewer, wanted: str = "", page: int = 1) -> Listed:
        self._note("people", viewer)
        accounts = [
            Account(
                one.account_id, "person", one.name, f"{one.account_id}@engines.test"
            )
            for one in (ADA, BOB)
        ]
        return listing.listed(accounts, wanted, page)

    def unclaimed(self, viewer: Viewer) -> tuple[Parked, ...]:
        self._note("unclaimed", viewer)
        parking.only_operator(viewer)
        return parking.PARKED

    def claimed(self, viewer: Viewer) -> tuple[Claimed, ...]:
        self._note("claimed", viewer)
        parking.only_operator(viewer)
        return parking.CLAIMED

    def opens(self, viewer: Viewer) -> frozenset[str]:
        every = {"people", "ingest_status", "rejected", "unclaimed", "metrics"}
        return frozenset(every if viewer.operator else ())

    def roles(self, viewer: Viewer) -> Roles:
        return shipped_roles()

    def reviewed(self) -> bool:
        return False

    def organisation(self) -> tuple[str, bool]:
        return "Analytical Engines", False


@dataclass
class FakeSignIn:
    """One link, some keys, and the sessions they opened."""

    links: dict[str, Viewer] = field(default_factory=lambda: {LINK: ROOT})
    sessions: dict[str, Viewer] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    tries: int = 0
    most_tries: int = 3

    def _open(self, viewer: Viewer) -> str:
        secret = f"session-secret-{len(self.sessions)}"
        self.sessions[secret] = viewer
        return secret

    def open_link(self, secret: str, device: str = "") -> str:
        if secret not in self.links:
            raise Unauthorised("used or unknown")
        return self._open(self.links.pop(secret))

    def open_key(self, key: str, device: str = "") -> str:
        if key not in KEYS:
            raise Unauthorised("unknown key")
        return self._open(KEYS[key])

    def has_passwords(self) -> bool:
        return bool(self.passwords)

    def open_password(self, email: str, password: str, device: str = "") -> str:
        self.tries += 1
        if self.tries > self.most_tries:
            raise TooMany(90, "Too many passwords were tried. Wait 2 minutes.")
        if self.passwords.get(email) != password:
            raise Unauthorised("wrong")
        return self._open(ADA)

    def session_viewer(self, session_secret: str) -> Viewer | None:
        return self.sessions.get(session_secret)

    def session_id(self, session_secret: str) -> str:
        known = session_secret in self.sessions
        return f"ses_{session_secret}" if known else ""

    def open_sessions(self, viewer: Viewer | None = None) -> tuple[Session, ...]:
        return tuple(
            session(f"ses_{secret}", one)
            for secret, one in self.sessions.items()
            if viewer in (None, one)
        )

    def sessions_of(self, viewer: Viewer) -> list[str]:
        return [secret for secret, one in self.sessions.items() if one == viewer]

    def end_session(self, session_id: str, actor: Viewer, *, own: bool = True) -> None:
        for secret in self.sessions_of(actor):
            if f"ses_{secret}" == session_id:
                del self.sessions[secret]
                return
        raise NotFound("There is no such session, or it is over.")

    def end_sessions(self, of: Viewer, actor: Viewer, *, but: str = "") -> int:
        ending = [secret for secret in self.sessions_of(of) if secret != but]
        for secret in ending:
            del self.sessions[secret]
        return len(ending)

    def key_viewer(self, key: str) -> Viewer | None:
        return KEYS.get(key)

    def close(self, session_secret: str) -> None:
        self.sessions.pop(session_secret, None)


class FakeDoor:
    """Lets nobody in; counts a little."""

    sources = ()

    async def credential(self, bearer: str) -> Credential:
        raise Unauthorised(f"unknown token of {len(bearer)} characters")

    def prepare(self, credential: Any, reading: Any, origin: str) -> Any:
        raise AssertionError

    async def accept(self, prepared: Any) -> None:
        raise AssertionError

    def refuse(self, credential: Any, source: str, reason: str) -> None:
        raise AssertionError


@dataclass
class Stage:
    """The application with its made-up services, and ways to reach it."""

    reports: FakeReports = field(default_factory=FakeReports)
    sign_in: FakeSignIn = field(default_factory=FakeSignIn)
    door: FakeDoor = field(default_factory=FakeDoor)
    receiver: FakeReceiver = field(default_factory=lambda: FakeReceiver(STATUS))
    desk: FakeDesk = field(default_factory=FakeDesk)
    dark: FakeDark = field(default_factory=FakeDark)
    departments: FakeDepartments = field(default_factory=FakeDepartments)
    rights: FakeRights = field(default_factory=FakeRights)
    taking_part: FakeTakingPart = field(default_factory=FakeTakingPart)
    statements: FakeStatements = field(default_factory=FakeStatements)
    awards: FakeAwards = field(default_factory=FakeAwards)
    groups: FakeGroups = field(default_factory=FakeGroups)
    adoption: FakeAdoption = field(default_factory=FakeAdoption)
    page_rate: int = 0

    def __post_init__(self) -> None:
        services = Services(
            self.reports,
            self.sign_in,  # type: ignore[arg-type]
            self.door,
            self.receiver,
            self.desk,
            self.rights,
            allowed_hosts=(HOST,),
            page_rate=self.page_rate,
            dark=self.dark,
            departments=self.departments,
            taking_part=self.taking_part,
            statements=self.statements,
            groups=self.groups,
            adoption=self.adoption,
            oversight=FakeOversight(),
            awards=self.awards,
        )
        self.app = create_app(services)

    def stranger(self, origin: str = ORIGIN) -> TestClient:
        return TestClient(self.app, base_url=origin, follow_redirects=False)

    def browser(self, viewer: Viewer = ADA, origin: str = ORIGIN) -> TestClient:
        """Somebody who has signed in."""
        client = self.stranger(origin)
        secret = self.sign_in._open(viewer)
        prefix = "__Host-" if origin.startswith("https:") else ""
        name = f"{prefix}mileage_session"
        client.cookies.set(name, secret, domain="mileage.test")
        return client

    def program(self, key: str = "key-ada") -> TestClient:
        """A script with an API key."""
        client = self.stranger()
        client.headers["Authorization"] = f"Bearer {key}"
        return client
