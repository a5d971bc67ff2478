"""An organisation of made-up people, and services that answer with it.

Figures have the reported shape: 60 trillion tokens, the largest account 281
billion, mostly cache reads, weekends quiet. Everything follows from a seed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from mileage.access.roles import shipped_roles
from mileage.domain.attendance import Guess, Pattern
from mileage.domain.errors import NotFound, PurposeMissing, Refused, Unauthorised
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
from mileage.domain.people import Account, Viewer
from mileage.domain.sign_in import Session
from mileage.domain.tokens import Tokens
from mileage.domain.window import WINDOWS, Window, micros
from mileage.reports.board_reading import TOP as TOP_PART
from mileage.web.services import Services
from tests.ranking import Whole
from tests.web import boards, darkening, hearing, listing, parking, receiving
from tests.web.awarding import FakeAwards
from tests.web.darkening import FakeDark
from tests.web.departments import FakeDepartments
from tests.web.groups import FakeAdoption, FakeGroups
from tests.web.overseeing import FakeOversight
from tests.web.rights import FakeRights
from tests.web.taking_part import FakeStatements, FakeTakingPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mileage.domain.rejecting import RejectedPage

ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
START, END = micros(NOW - timedelta(days=30)), micros(NOW)
DAYS = tuple((NOW - timedelta(days=30 - i)).date().isoformat() for i in range(31))
TOP = 250
TOTAL = 60_200_000_000_000
LARGEST = 281_000_000_000
PEOPLE = 85_000

FIRST = (
    "Ada",
    "Bela",
    "Chioma",
    "Dmitri",
    "Elif",
    "Farid",
    "Grace",
    "Hana",
    "Ines",
    "Jonas",
    "Kavya",
    "Liam",
    "Mei",
)
LAST = (
    "Okafor",
    "Lindqvist",
    "Rao",
    "Novák",
    "Silva",
    "Haddad",
    "Tanaka",
    "Moreau",
    "Castillo",
    "Weiß",
)
DEPARTMENTS = (
    "Payments",
    "Search and discovery",
    "Platform engineering",
    "Data",
    "Mobile",
    "Security",
    "Developer experience",
)
MODELS = ("opus-5-2", "sonnet-5", "gpt-6-codex", "haiku-5", "gpt-6-mini")
LENSES = (
    (
        "tokens",
        "All tokens",
        "Trying things out: volume, and nothing but volume.",
        "Huge contexts sent again and again.",
    ),
    (
        "output",
        "Output",
        "Letting models write.",
        "Wordy answers, files written twice.",
    ),
    (
        "cost",
        "Cost at list price",
        "Knowing what one's work costs.",
        "The dearest model for everything.",
    ),
    (
        "weighted",
        "Cost-weighted tokens",
        "Warm caches and short prompts.",
        "Agents left running over night.",
    ),
)
TITLES = ("Token Legend", "Session Immortal", "Model Connoisseur", "Cache Wizard")
TIERS = ("emerald", "platinum", "gold", "silver", "bronze")
WARNING = "Volume is no merit: this board can be climbed by leaving agents running."
OPERATOR = Viewer("", "operator", operator=True)


def spread(total: int, random: Random) -> tuple[int, ...]:
    """Spread a total over the days: weekends low, exact in sum."""
    weights = [
        random.uniform(0.4, 1.6)
        * (0.15 if datetime.fromisoformat(d).weekday() > 4 else 1)
        for d in DAYS
    ]
    weights[0] *= 0.6
    weights[-1] *= 0.4
    parts = [int(total * w / sum(weights)) for w in weights]
    parts[3] += total - sum(parts)
    return tuple(parts)


def classes(total: int, random: Random) -> Tokens:
    """Divide a total as agents do: mostly cache reads, very little output."""
    output = int(total * random.uniform(0.001, 0.004))
    reasoning = int(output * random.uniform(0, 0.5))
    writes = int(total * random.uniform(0.02, 0.05))
    hour = int(writes * random.uniform(0, 0.6))
    fresh = int(total * random.uniform(0.002, 0.02))
    tools = fresh // 50
    rest = total - output - writes - fresh
    return Tokens(
        fresh - tools, rest, writes - hour, hour, output - reasoning, reasoning, tools
    )


def figures(total: int, random: Random, *, unpriced: bool = False) -> Figures:
    """Return figures of a total of tokens; some calls may lack a price."""
    calls = max(1, total // 90_000)
    cost = int(total * random.uniform(0.11, 0.19))
    return Figures(calls, classes(total, random), cost, calls // 900 if unpriced else 0)


def standing(index: int, random: Random) -> Standing:
    """Return the account of one rank: a heavy tail from the largest one down."""
    total = int(LARGEST / (1 + index) ** 0.55 * random.uniform(0.97, 1.0))
    kind = "service" if index % 40 == 7 else "person"
    name = f"{random.choice(FIRST)} {random.choice(LAST)}"
    models = tuple(random.sample(MODELS, random.randint(1, 4)))
    return Standing(
        account_id=f"acc-{index:05}",
        name=f"ci-{index}" if kind == "service" else name,
        kind=kind,
        department=random.choice(DEPARTMENTS) if index % 31 else "",
        team="",
        figures=figures(total, random, unpriced=index % 9 == 0),
        sessions=random.randint(20, 1900),
        models=models,
        clients=("claude-code", "codex")[: random.randint(1, 2)],
        active_days=random.randint(12, 31),
        daily=spread(total, random),
        simulated=True,
        tier=TIERS[min(index // 60, 4)] if index % 50 != 44 else "",
        titles=tuple(TITLES[index % 7 : index % 7 + 2]),
    )


COMPLETENESS = Completeness(
    sources=(
        SourceSeen("claude_code_log", 1_204_112, START, END - 1, 12),
        SourceSeen("claude_code_otlp", 2_918_004, START, END - 1),
        SourceSeen("codex_rollout", 318_220, START + 10**12, END - 1),
    ),
    until=END - 40_000_000,
    missing=("98.4% of the tokens are simulated roll-ups, not calls.",),
)


def snapshot(count: int = TOP + 40, seed: int = 1) -> Whole:
    """Return a frozen window of the whole organisation."""
    random = Random(seed)  # noqa: S311 (made-up people)
    standings = tuple(standing(i, random) for i in range(count))
    return Whole(
        window=Window(START, END),
        zone=ZONE,
        as_of=END + 1_500_000,
        days=DAYS,
        total=figures(TOTAL, random, unpriced=True),
        daily=spread(TOTAL, random),
        standings=standings,
        completeness=COMPLETENESS,
        versions={"prices": "2026-11-20", "rules": "4f1c09a2", "format": "1"},
        input_hash="9f2c5a1be07d44c3a8a5c0d1f6e2b7909f2c5a1be07d44c3a8a5c0d1f6e2b790",
        organisation="Northwind Works",
        simulated=True,
        previous=Window(2 * START - END, START),
        lenses=tuple(
            PublishedLens(
                name,
                title,
                "micro_usd" if name == "cost" else "tokens",
                WARNING if name == "tokens" else "",
            )
            for name, title, *_ in LENSES
        ),
        accounts=len(standings),
        active=dict(Counter(one.kind for one in standings)),
    )


def empty_snapshot() -> Whole:
    """Return a window in which nobody used anything."""
    return replace(
        snapshot(0),
        total=Figures(),
        daily=(0,) * len(DAYS),
        completeness=Completeness((), None),
        simulated=False,
        active={},
    )


def value_of(lens: str, figures: Figures) -> int:
    """Rank as the shipped lenses do, near enough for a page."""
    tokens = figures.tokens
    return {
        "tokens": tokens.total,
        "output": tokens.output + tokens.reasoning,
        "cost": figures.cost or 0,
        "weighted": tokens.total - tokens.cache_read * 9 // 10,
    }[lens]


def rank_before(rank: int) -> int | None:
    """Return a rank of the period before: some rose, some fell, some are new."""
    return None if rank % 9 == 5 else max(1, rank + (rank % 5 - 2) * (rank % 7))


def board(
    lens: str = "tokens",
    viewer: str = "",
    source: Whole | None = None,
    top: int = TOP,
) -> Board:
    """Rank a snapshot for somebody."""
    source = source or SNAPSHOT
    ranked = sorted(source.standings, key=lambda s: -value_of(lens, s.figures))
    rows = tuple(
        BoardRow(rank, value_of(lens, s.figures), s, rank_before(rank))
        for rank, s in enumerate(ranked, start=1)
    )
    own = next((r for r in rows[top:] if r.standing.account_id == viewer), None)
    unit = "micro_usd" if lens == "cost" else "tokens"
    return Board(lens, unit, source, rows[:top], own, len(rows))


SNAPSHOT = snapshot()
ME = "acc-00017"
BELOW_ME = "acc-00007"
"""Below ``ME`` in the org chart: opens for a stated purpose."""
BELOW = "acc-00280"


def name_of(account_id: str) -> str:
    """Return the name of an account."""
    return next(s.name for s in SNAPSHOT.standings if s.account_id == account_id)


def hours(daily: tuple[int, ...], random: Random) -> tuple[tuple[int, ...], ...]:
    """Spread each day over working hours."""
    spread_days = []
    for total in daily:
        weights = [
            random.random() if 8 <= hour <= 19 or random.random() < 0.06 else 0
            for hour in range(24)
        ]
        weights[10] += 0.1
        spread_days.append(tuple(int(total * w / sum(weights)) for w in weights))
    return tuple(spread_days)


def divide(whole: Figures, weights: Sequence[int]) -> list[Figures]:
    """Divide figures in proportion, exactly: the parts add up to the whole."""
    parts, left, rest = [], whole, sum(weights)
    for weight in weights:
        taken = Figures(
            left.calls * weight // rest,
            Tokens(*(count * weight // rest for count in left.tokens)),
            (left.cost or 0) * weight // rest,
            left.unpriced_calls * weight // rest,
        )
        parts.append(taken)
        left = minus(left, taken)
        rest = max(1, rest - weight)
    return parts


def minus(whole: Figures, some: Figures) -> Figures:
    """Take figures away."""
    return Figures(
        whole.calls - some.calls,
        Tokens(*(a - b for a, b in zip(whole.tokens, some.tokens, strict=True))),
        (whole.cost or 0) - (some.cost or 0),
        whole.unpriced_calls - some.unpriced_calls,
    )


def shares(whole: Figures, **weights: int) -> tuple[Share, ...]:
    """Divide figures among names."""
    parts = divide(whole, list(weights.values()))
    return tuple(Share(name, part) for name, part in zip(weights, parts, strict=True))


def session_shares(whole: Figures, random: Random) -> tuple[Share, ...]:
    """Return the twelve largest of many sessions."""
    weights = [int(1000 * 0.75**i) for i in range(12)]
    parts = divide(whole, [*weights, 900])[:12]
    return tuple(
        Share(
            f"{random.getrandbits(32):08x}",
            part,
            "codex, 2026-11-19 14:02" if i % 3 else "claude-code, 2026-11-18 09:40",
        )
        for i, part in enumerate(parts)
    )


def personal(account_id: str = ME, seed: int = 2) -> PersonalPage:
    """Return a full page of one person."""
    random = Random(seed)  # noqa: S311 (made-up people)
    row = next(s for s in SNAPSHOT.standings if s.account_id == account_id)
    total = row.figures._replace(unpriced_calls=12)
    return PersonalPage(
        account_id=account_id,
        name=row.name,
        window=SNAPSHOT.window,
        zone=ZONE,
        total=total,
        sessions=row.sessions,
        active_days=row.active_days,
        daily=tuple(
            Share(day, part)
            for day, part in zip(DAYS, divide(total, row.daily), strict=True)
        ),
        hours=hours(row.daily, random),
        by_client=shares(total, **{"claude-code": 61, "codex": 39}),
        by_model=shares(total, **{"opus-5-2": 58, "gpt-6-codex": 39, "haiku-5": 3}),
        by_session=session_shares(total, random),
        activity=(
            ActivityCount("prompt", "", 812),
            ActivityCount("tool_result", "Bash", 20_114),
            ActivityCount("tool_result", "Edit", 6_020),
            ActivityCount("edit_accepted", "Edit", 5_811),
            ActivityCount("edit_rejected", "Edit", 209),
            ActivityCount("lines_added", "", 48_120),
            ActivityCount("commit", "", 91),
            ActivityCount("active_seconds", "", 201_400),
        ),
        attended_calls=441_200,
        unattended_calls=112_800,
        by_pattern=Guess(Pattern(), restless=1_204, crowded=96),
        differing_calls=37,
        rejected=(
            RejectedCount(
                "claude_code_log", "a count above 10^12", 2, "a.jsonl, line 1204"
            ),
            RejectedCount("codex_rollout", "not an object", 1, "b.jsonl, line 7"),
        ),
        rank=18,
        ranked=PEOPLE,
        completeness=COMPLETENESS,
        simulated=True,
    )


def empty_personal(account_id: str = ME) -> PersonalPage:
    """Return the page of somebody who has used nothing yet."""
    return replace(
        personal(account_id),
        total=Figures(),
        sessions=0,
        active_days=0,
        daily=tuple(Share(day, Figures()) for day in DAYS),
        hours=tuple((0,) * 24 for _ in DAYS),
        by_client=(),
        by_model=(),
        by_session=(),
        activity=(),
        attended_calls=0,
        unattended_calls=0,
        differing_calls=0,
        rejected=(),
        rank=None,
        completeness=Completeness((), None),
        simulated=False,
    )


INGEST = IngestStatus(
    accepted=4_440_337,
    durable=4_440_336,
    visible=4_120_330,
    rejected=15,
    ignored=91_022,
    duplicates=320_000,
    lag_seconds=0.4,
    sources=(
        SourceStatus(
            "claude_code_otlp", 2_918_004, 2_700_112, 120_000, 0, 80_010, START, END
        ),
        SourceStatus(
            "claude_code_log", 1_204_112, 1_100_000, 200_000, 12, 11_000, START, END
        ),
        SourceStatus("codex_otlp", 0, 0, 0, 0, 12, None, None),
    ),
    reasons=(
        RejectedCount("claude_code_log", "not JSON", 10, "a.jsonl, line 88"),
        RejectedCount("claude_code_log", "before 2020", 2, "a.jsonl, line 91"),
    ),
    simulated="4,100,000 of the calls behind these figures are simulated roll-ups.",
    since=START,
    load=receiving.BUSY,
    more_reasons=True,
)
EMPTY_INGEST = IngestStatus(0, 0, 0, 0, 0, 0, 0.0)


@dataclass
class FakeReports:
    """Reports that answer from fixtures and remember what was asked."""

    source: Whole = field(default_factory=lambda: SNAPSHOT)
    page: PersonalPage | None = None
    ingest: IngestStatus = INGEST
    told: RejectedPage = receiving.REJECTED
    accounts: int = 290
    top: int = TOP
    name: str = "Northwind Works"
    simulated: bool = True
    lens_texts: tuple[tuple[str, ...], ...] = LENSES
    asked: list[tuple[str, str]] = field(default_factory=list)

    def board(
        self, viewer: Viewer, lens: str | None = None, *, part=TOP_PART, as_of=None
    ):
        return boards.part_of(self._everybody_by(lens), part, viewer, self.top)

    def why(self, viewer: Viewer, account_id: str, of):
        self._known(account_id)
        page = self.page or personal(account_id)
        page = replace(page, account_id=account_id)
        return boards.why_of(self._everybody_by(of.lens), page, viewer, of, BELOW_ME)

    def _everybody_by(self, lens):
        lens = lens or LENSES[0][0]
        if lens not in {known[0] for known in LENSES}:
            raise NotFound(f"There is no lens {lens!r}.")
        return board(lens, "", self.source, len(self.source.standings))

    def _known(self, account_id):
        if account_id not in {s.account_id for s in SNAPSHOT.standings}:
            raise NotFound("There is no such account.")

    def boards(self, viewer: Viewer):
        return Offered(self.source.as_of, WINDOWS, ("org", "services", "contractors"))

    def lenses(self):
        return self.lens_texts

    def personal(self, viewer: Viewer, account_id: str, purpose: str | None = None):
        if account_id == BELOW_ME and not viewer.operator and not purpose:
            raise PurposeMissing("say what for", {"support": "Helping somebody"})
        if account_id != viewer.account_id and not viewer.operator:
            raise Refused("This page is somebody else's.")
        self._known(account_id)
        self.asked.append((viewer.name, account_id))
        return self.page or personal(account_id)

    def usage(self, viewer: Viewer, question: Any):
        return {"window": {}, "rows": [], "completeness": {}}

    def ingest_status(self, viewer: Viewer):
        return self.ingest

    def rejected(self, viewer: Viewer, source: str | None, sort: str):
        return receiving.rejected_page(viewer, source, sort, self.told)

    def unclaimed(self, viewer: Viewer):
        parking.only_operator(viewer)
        return parking.PARKED if self.accounts else ()

    def claimed(self, viewer: Viewer):
        parking.only_operator(viewer)
        return parking.CLAIMED if self.accounts else ()

    def readers(self, viewer: Viewer, before: int | None, most: int):
        return darkening.readers(before, most) if self.accounts else ()

    def people(self, viewer: Viewer, wanted: str = "", page: int = 1):
        if not viewer.operator:
            raise Refused("The list of people is the operator's.")
        return listing.listed(self._everybody(), wanted, page)

    def _everybody(self):
        return tuple(
            Account(s.account_id, s.kind, s.name, f"{s.account_id}@example.test")
            for s in SNAPSHOT.standings[: self.accounts]
        )

    def sources(
        self,
        viewer: Viewer,
        scope: str | None,
        wanted: str = "",
        most: int = 100,
        purpose: str | None = None,
    ):
        self._check_scope(viewer, scope)
        page = hearing.sources_page(viewer, self._everybody(), COMPLETENESS)
        if not self.accounts:
            nothing = Completeness((), None)
            page = replace(page, covered=(), problems=(), completeness=nothing)
        return page

    def disagreements(
        self, viewer: Viewer, scope: str | None, purpose: str | None = None
    ):
        self._check_scope(viewer, scope)
        page = hearing.disagreements_page(viewer, self._everybody(), COMPLETENESS)
        return page if self.accounts else replace(page, rows=())

    def _check_scope(self, viewer: Viewer, scope: str | None):
        if scope == "org" and not viewer.operator:
            raise Refused("Everybody's are for the operator.")

    def opens(self, viewer: Viewer):
        every = {"people", "ingest_status", "rejected", "unclaimed", "metrics"}
        return frozenset(every if viewer.operator else ())

    def roles(self, viewer: Viewer):
        return shipped_roles()

    def reviewed(self):
        return False

    def organisation(self):
        return self.name, self.simulated


@dataclass
class FakeSignIn:
    """Sessions by secret: ``operator``, ``me``, ``below``."""

    viewers: dict[str, Viewer] = field(
        default_factory=lambda: {
            "operator": OPERATOR,
            "me": Viewer(ME, name_of(ME)),
            "below": Viewer(BELOW, name_of(BELOW)),
        }
    )

    def open_link(self, secret: str, device: str = "") -> str:
        return self.open_key(secret)

    def open_key(self, key: str, device: str = "") -> str:
        if key not in self.viewers:
            raise Unauthorised("This key is unknown.")
        return key

    def open_password(self, email: str, password: str, device: str = "") -> str:
        raise Unauthorised("This password is wrong.")

    def has_passwords(self) -> bool:
        return True

    def session_viewer(self, session_secret: str):
        return self.viewers.get(session_secret)

    def session_id(self, session_secret: str) -> str:
        return "ses_2"

    def open_sessions(self, viewer: Viewer | None = None):
        devices = ("Firefox on Linux", "Safari on iOS", "")
        methods = ("oidc", "link", "key")
        return tuple(
            Session(
                f"ses_{number}",
                viewer.account_id if viewer else "",
                viewer.name if viewer else "",
                operator=False,
                method=method,
                device=device,
                created_at=START,
                last_seen_at=START + number * 3_600_000_000,
                ends_at=END,
            )
            for number, (device, method) in enumerate(
                zip(devices, methods, strict=True), start=1
            )
        )

    def end_session(self, session_id: str, actor: Viewer, *, own: bool = True):
        return None

    def end_sessions(self, of: Viewer, actor: Viewer, *, but: str = "") -> int:
        return 0

    def key_viewer(self, key: str):
        return self.viewers.get(key)

    def close(self, session_secret: str) -> None:
        return None


class FakeDoor:
    """A door through which nothing comes in."""

    sources: tuple[Any, ...] = ()

    async def credential(self, bearer: str):
        raise Unauthorised("This token is unknown.")

    def prepare(self, credential: Any, reading: Any, origin: str) -> Any:
        return None

    async def accept(self, prepared: Any) -> None:
        return None

    def refuse(self, credential: Any, source: str, reason: str) -> None:
        return None


def fake_services(
    reports: FakeReports | None = None, *hosts: str, dark: FakeDark | None = None
) -> Services:
    """Return services that need no disk, ledger or clock."""
    return Services(
        reports=reports or FakeReports(),
        sign_in=FakeSignIn(),
        door=FakeDoor(),
        receiver=receiving.FakeReceiver(INGEST),
        claims=parking.FakeDesk(),
        rights=FakeRights(empty=reports is not None and not reports.accounts),
        allowed_hosts=hosts or ("testserver",),
        dark=dark or FakeDark(),
        departments=FakeDepartments(),
        taking_part=FakeTakingPart(),
        statements=FakeStatements(empty=reports is not None and not reports.accounts),
        adoption=FakeAdoption(empty=reports is not None and not reports.accounts),
        groups=FakeGroups(empty=reports is not None and not reports.accounts),
        oversight=FakeOversight(),
        awards=FakeAwards(),
    )
