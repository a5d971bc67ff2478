"""What is kept about people, why, for how long and who may see it.

Told from the configuration in force, for the page that everybody may read and for the
works council. What no setting changes is said here; a test holds each of these claims
against the tables that there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mileage.access.readables import READABLES
from mileage.access.roles import IMPLIED

if TYPE_CHECKING:
    from mileage.access.roles import Roles
    from mileage.domain.settings import Settings


class Datum(NamedTuple):
    """One kind of data."""

    name: str
    says: str
    why: str
    kept: str
    tables: tuple[str, ...]
    """Of the ledger and the control plane."""


class Right(NamedTuple):
    """One line of who may see what."""

    role: str
    held_by: str
    report: str
    of: str
    purposes: tuple[str, ...]
    without: tuple[str, ...]
    """Parts of the report that stay hidden."""


class Use(NamedTuple):
    """A purpose, and whether it is accepted."""

    name: str
    title: str
    on: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything that is told."""

    organisation: str
    data: tuple[Datum, ...]
    rights: tuple[Right, ...]
    uses: tuple[Use, ...]
    thresholds: tuple[str, ...]
    never: tuple[str, ...]
    excluded: tuple[str, ...]
    logs: tuple[str, ...]
    reviewed: bool
    """Whether performance review is an accepted purpose."""


NEVER = (
    "what anybody wrote to a model, and what it answered",
    "names or contents of files, command lines, arguments of tools",
    "names of repositories: of a project only a keyed hash is kept",
    "keystrokes, screens, locations, addresses of machines",
)
EXCLUDED = (
    (
        "No decision about somebody rests on these figures alone (GDPR article 22): "
        "findings carry evidence, can be contested, and change nothing by themselves."
    ),
    (
        "Token counts do not measure performance: every page says so, and boards can "
        "rank by value instead of volume."
    ),
    (
        "Figures are not handed to third parties; at run time nothing is sent anywhere "
        "but to addresses that the operator has entered."
    ),
    (
        "Nobody's location, health or membership is told from usage, and no group "
        "smaller than the thresholds below is shown."
    ),
)
REVIEW_OFF = (
    "Judging somebody's work by these figures is refused: the purpose is off, and "
    "switching it on is published to everybody on every page."
)
REVIEW_ON = (
    "JUDGING SOMEBODY'S WORK BY THESE FIGURES IS SWITCHED ON HERE; every page says so."
)
LOGS = (
    (
        "The access log: each read that names somebody else or could, with who, when, "
        "what and why, on disk before the answer leaves; a read that cannot be "
        "recorded is refused. Everybody sees who read them."
    ),
    (
        "The log of changes: who changed tokens, keys, roles, sessions, claims, "
        "requests; ids, never secrets."
    ),
    (
        "Both are append-only and part of a Merkle tree with signed checkpoints: "
        "`mileage audit verify` finds a row that was changed, left out or put in."
    ),
    (
        "Records of deletion and erasure, chained by hashes: `mileage verify` "
        "recomputes them and looks for what should be gone."
    ),
)


def statement(settings: Settings, roles: Roles) -> Statement:
    """Tell it all from the configuration in force."""
    return Statement(
        organisation=settings.organisation,
        data=_data(settings),
        rights=tuple(_rights(roles)),
        uses=(
            *(Use(why.name, why.title, why.on) for why in roles.purposes),
            *(Use(name, title, on=True) for name, title in IMPLIED.items()),
        ),
        thresholds=_thresholds(settings),
        never=NEVER,
        excluded=(REVIEW_ON if roles.reviewed else REVIEW_OFF, *EXCLUDED),
        logs=LOGS,
        reviewed=roles.reviewed,
    )


def _rights(roles: Roles) -> list[Right]:
    return [
        Right(
            line.role.name,
            line.role.held_by,
            READABLES[line.report].title,
            line.of,
            on,
            tuple(
                one for one in READABLES[line.report].fields if one not in line.fields
            ),
        )
        for line in roles.lines
        if (on := tuple(one for one in line.purposes if one in roles.in_force))
    ]


def _data(settings: Settings) -> tuple[Datum, ...]:
    return (*_calls(settings), *_others(settings), *_directory(), *_access())


def _calls(settings: Settings) -> tuple[Datum, ...]:
    """Return what is told of calls."""
    return (
        Datum(
            "calls and witnesses",
            "that a model was called: when, by whose account, client, model, session, "
            "how many tokens of which class, what it cost, a hash of the project",
            "to count and price each call exactly once and to reconcile with bills",
            _for(settings.calls_days),
            ("plain_call", "joined_call", "joined_witness", "superseded", "witness_id"),
        ),
        Datum(
            "sums",
            "calls, tokens and cost by hour, day, client and model",
            "to draw pages without reading calls",
            "for ever (they stay when calls go)",
            ("rollup_hour", "rollup_day", "past_hour", "past_total", "past_changed"),
        ),
        Datum(
            "sums of sessions",
            "calls, tokens and cost by hour and session",
            "to draw pages without reading calls",
            f"as long as calls: {_for(settings.calls_days)}",
            ("rollup_session", "past_session"),
        ),
    )


def _others(settings: Settings) -> tuple[Datum, ...]:
    """Return what is told beside calls, and boards."""
    return (
        Datum(
            "activities",
            "that there was a prompt, a tool result by the tool's name, an edit taken "
            "or refused, a commit, lines and seconds; never what was in it",
            "to set volume against what came of it",
            _for(settings.activities_days),
            ("activity", "rollup_activity", "past_activity"),
        ),
        Datum(
            "presence and rejections",
            "from which opaque installation an account was heard, and what could not "
            "be read and why",
            "to say how complete a figure is",
            "presence for ever, rejections " + _for(settings.rejections_days),
            ("presence", "presence_day", "rejection"),
        ),
        Datum(
            "boards",
            f"a frozen ranking of {settings.window_days} days; the first "
            f"{settings.top} are shown",
            "so that everybody sees the same figures, and past ones can be checked",
            f"every one {settings.every_snapshot_days} days, then one an hour up to "
            f"{settings.hourly_snapshot_days} days, then one a day",
            ("snapshots",),
        ),
    )


def _directory() -> tuple[Datum, ...]:
    """Return what is told of who people are."""
    return (
        Datum(
            "the directory",
            "name, address, department, team, manager, role, with dates; under which "
            "identities usage came",
            "to tell whose usage it is and who may see it",
            "until it is corrected or the person erased",
            (
                *("account", "identity", "membership", "claim", "role_grant"),
                *("provisioned", "provisioned_member"),
            ),
        ),
        Datum(
            "credentials and sessions",
            "hashes of tokens, keys and sessions, when they were made and last used",
            "to sign in and to let telemetry in",
            "sessions until they end; tokens and keys until the person is erased",
            (
                *("token", "former_secret", "api_key", "session", "sign_in_link"),
                *("oidc_subject", "local_password", "password_attempt"),
            ),
        ),
    )


def _access() -> tuple[Datum, ...]:
    """Return what people ask for, and what is recorded."""
    return (
        Datum(
            "taking part",
            "how you choose to stand on boards, your titles and tiers with their "
            "reasons, which of them you declined, trainings you have done",
            "to show boards as people want it, and how far teams are with targets",
            "until the person is erased",
            (
                *("participation", "award", "award_choice", "tier_reference"),
                "training",
            ),
        ),
        Datum(
            "requests",
            "corrections, objections and erasures asked for, and their answers",
            "to answer them",
            "until the person is erased",
            ("person_request", "erasure"),
        ),
        Datum(
            "logs",
            "who read whom and why; who changed what",
            "so that reading others leaves a trace that the person read can see",
            "for ever",
            (
                *("access_row", "named_account", "account_set"),
                *("audit_row", "checkpoint"),
            ),
        ),
    )


def _for(days: int) -> str:
    return f"{days} days" if days else "for ever (no limit is set)"


def _thresholds(settings: Settings) -> tuple[str, ...]:
    return (
        (
            f"No figure of a group in which fewer than {settings.group_people} people "
            f"used anything; {settings.group_people_managers} for who sees their names."
        ),
        f"Of groups below {settings.sum_people} people bands, no sums.",
        (
            f"Nobody's part of a sum can be worked out more closely than "
            f"{settings.sum_percent} %."
        ),
        f"Figures of groups stay the same for {settings.renew_days} days.",
        f"Boards show the first {settings.top}; an objection takes a person off them.",
    )
