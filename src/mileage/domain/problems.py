"""What is missing or wrong in what was heard, and how to fix it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal, NamedTuple

from mileage.domain.client_faults import faults_of
from mileage.domain.coverage import GONE_DAYS, LATE, RECENT_DAYS, SKEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mileage.domain.client_faults import Fault
    from mileage.domain.coverage import Coverage, VersionSeen

STALE_DAYS = 7
"""A client that reported within these is not asked after."""
TELEMETRY_CLIENTS = (
    "claude-code",
    "codex",
    "gemini-cli",
    "copilot",
    "opencode",
    "qwen-code",
)
"""Clients whose telemetry ``mileage setup`` switches on."""
FILES_ONLY_CLIENTS = ("pi", "amp", "droid", "kimi", "kilo", "aider")
"""Clients that only ``mileage collect`` covers."""
NO_SPLIT_CLIENT = "claude-code"
"""Its telemetry has one class of cache writes where its logs have two."""

INSTALL = "`mileage collect install --to URL`, the token in MILEAGE_TOKEN"
COLLECT = f"run `mileage collect` there, or have it run: {INSTALL}"
_MINUTE = 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something missing, stale or wrong, and what to do."""

    kind: str
    severity: Literal["todo", "note"]
    """A note is worth knowing and needs nobody to act."""
    account: str
    """Account id, '' for the whole organisation."""
    client: str
    source: str
    problem: str
    """A sentence's part that names no person: "no telemetry since 2026-11-03"."""
    fix: str
    """What to do, in the imperative."""


class Alike(NamedTuple):
    """A problem that several accounts have, which is said once."""

    one: Problem
    accounts: tuple[str, ...]
    """Of those at hand, in their order; () if it is the whole organisation's."""
    total: int
    """Of how many it is said, those who are not at hand as well."""


def said_once(
    problems: Iterable[Problem], counts: Mapping[str, int] | None = None
) -> list[Alike]:
    """Put together what is said alike of several, in the order of the first of each.

    ``counts`` are of all problems by kind, where of a kind only the first are at hand;
    those whose words are not known are counted only if their kind has but one.
    """
    alike: dict[tuple[str, str, str], list[Problem]] = defaultdict(list)
    for one in problems:
        alike[one.kind, one.problem, one.fix].append(one)
    wordings = Counter(kind for kind, _, _ in alike)
    return [
        Alike(
            same[0],
            tuple(one.account for one in same if one.account),
            max(len(same), (counts or {}).get(kind, 0) if wordings[kind] == 1 else 0),
        )
        for (kind, _, _), same in alike.items()
    ]


def problems_of(
    covered: Iterable[Coverage],
    versions: Iterable[VersionSeen] = (),
    faults: Sequence[Fault] = (),
) -> list[Problem]:
    """Return what is wrong with each client of each account, to do before notes.

    A source that is not used any more is as one that never was.
    """
    used = (one for one in covered if one.silent_days <= GONE_DAYS)
    ordered = sorted(used, key=lambda one: (one.account, one.client, one.source))
    agents = {one.account for one in ordered if one.kind != "gateway"}
    found: list[Problem] = []
    for _, group in groupby(ordered, key=lambda one: (one.account, one.client)):
        found += _of_client(list(group), agents)
    idle = _idle_fillers(ordered)
    counted = (
        one for one in versions if (one.account, one.client, one.source) not in idle
    )
    found += _known_faults(counted, faults)
    return sorted(found, key=lambda one: one.severity != "todo")


def _idle_fillers(covered: Sequence[Coverage]) -> set[tuple[str, str, str]]:
    """Return the fillers of clients that other sources know: they count nothing."""
    known = {(one.account, one.client) for one in covered if one.kind != "filler"}
    return {
        (one.account, one.client, one.source)
        for one in covered
        if one.kind == "filler" and (one.account, one.client) in known
    }


def _of_client(group: Sequence[Coverage], agents: set[str]) -> Iterator[Problem]:
    """Yield the problems of one client of one account."""
    if all(one.kind == "gateway" for one in group):
        yield from _gateway_only(group, agents)
        return
    stale = min(one.silent_days for one in group) > _allowed_silence(group)
    if stale:
        yield from _stale(group)
    else:
        for one in group:
            yield from _stopped(one, group)
            yield from _quiet_machines(one)
    for one in group:
        yield from _skew(one)
        yield from _gaps(one, group)
    yield from _one_kind_only(group)


def _allowed_silence(group: Sequence[Coverage]) -> int:
    """Return after how many days a client is missed: those used weekly later."""
    rhythms = [one.cadence_days for one in group if one.cadence_days]
    return max(STALE_DAYS, 3 * min(rhythms, default=0))


def _problem(  # a row of the table that follows
    one: Coverage, kind: str, severity: Literal["todo", "note"], told: tuple[str, str]
) -> Problem:
    return Problem(kind, severity, one.account, one.client, one.source, *told)


def _stale(group: Sequence[Coverage]) -> Iterator[Problem]:
    latest = max(group, key=lambda one: one.last)
    rhythm = latest.cadence_days
    days = "day" if rhythm == 1 else f"{rhythm} days"
    every = f", usually every {days}" if rhythm else ""
    told = (
        (
            f"nothing from {latest.client} since {latest.last_day} "
            f"({latest.silent_days} days{every})"
        ),
        (
            "is it still used? Then see that its telemetry is still switched on "
            f"(`mileage setup`), or that `mileage collect` runs there ({INSTALL})"
        ),
    )
    yield _problem(latest, "stale", "todo", told)


def _stopped(one: Coverage, group: Sequence[Coverage]) -> Iterator[Problem]:
    if not one.stopped:
        return
    others = ", ".join(other.source for other in group if other.last_day > one.last_day)
    since = f"since {one.last_day}, while {others} went on"
    told = {
        "telemetry": (
            f"no telemetry of {one.client} {since}",
            (
                f"run `mileage setup {one.client}` and compare the settings of that "
                "machine"
            ),
        ),
        "log": (
            f"no session logs of {one.client} {since}",
            f"{COLLECT}; see also that session persistence is on",
        ),
        "gateway": (
            f"no calls of {one.client} through {one.source} {since}",
            "see whether the client still goes through the gateway",
        ),
    }[one.kind]
    severity: Literal["todo", "note"] = "note" if one.kind == "gateway" else "todo"
    yield _problem(one, "stopped", severity, told)


def _quiet_machines(one: Coverage) -> Iterator[Problem]:
    newest = max((each.last_day for each in one.machines), default=one.last_day)
    for each in one.machines:
        if STALE_DAYS < (newest - each.last_day).days <= RECENT_DAYS:
            told = (
                (
                    f"machine {each.machine} sent nothing of {one.client} since "
                    f"{each.last_day}, while another one did"
                ),
                f"is it still used? Then {COLLECT}",
            )
            yield _problem(one, "quiet-machine", "todo", told)


def _skew(one: Coverage) -> Iterator[Problem]:
    ahead = one.clock_ahead
    if ahead is None or abs(ahead) <= SKEW or ahead < -LATE:
        return
    minutes = abs(ahead) // _MINUTE
    told = (
        f"when heard last, the clock behind {one.client} was about {minutes} min ahead"
        if ahead > 0
        else f"when heard last, the clock behind {one.client} was about {minutes} min "
        "behind, or its telemetry was held back that long"
    )
    fix = "switch on time synchronisation (NTP) there: calls are counted at their time"
    yield _problem(one, "clock-skew", "todo", (told, fix))


def _gaps(one: Coverage, group: Sequence[Coverage]) -> Iterator[Problem]:
    if not one.gap_days or one.stopped or one.kind not in ("log", "telemetry"):
        return
    others = ", ".join(other.source for other in group if other.source != one.source)
    days = len(one.gap_days)
    when = f"{'1 day' if days == 1 else f'{days} days'} of the last {RECENT_DAYS}"
    told = {
        "log": (
            f"on {when} {others} saw {one.client} at work and {one.source} did not",
            (
                "collect on every machine that is used; sessions with persistence "
                "switched off leave no log"
            ),
        ),
        "telemetry": (
            f"on {when} {others} saw {one.client} at work and {one.source} did not",
            f"run `mileage setup {one.client}` for every machine that is used",
        ),
    }[one.kind]
    yield _problem(one, "gaps", "note", told)


def _one_kind_only(group: Sequence[Coverage]) -> Iterator[Problem]:
    kinds = {one.kind for one in group if one.kind != "gateway"}
    first = min(group, key=lambda one: one.kind == "gateway")
    client = first.client
    setup = f"run `mileage setup {client}`"
    if kinds == {"filler"}:
        told = (
            f"of {client} only metrics or traces are known, not its events",
            f"{setup}: it switches the events on, which are counted call by call",
        )
        yield _problem(first, "no-events", "note", told)
    elif kinds == {"log"} and client in TELEMETRY_CLIENTS:
        told = (
            (
                f"of {client} only local files are known: sessions that are not kept, "
                "or not collected yet, are missing"
            ),
            setup,
        )
        yield _problem(first, "logs-only", "note", told)
    elif "log" not in kinds and client == NO_SPLIT_CLIENT:
        told = (
            (
                f"of {client} only telemetry is known: cache writes for one hour are "
                "priced as if for five minutes"
            ),
            COLLECT,
        )
        yield _problem(first, "telemetry-only", "note", told)


def _gateway_only(group: Sequence[Coverage], agents: set[str]) -> Iterator[Problem]:
    one = group[0]
    if one.client in TELEMETRY_CLIENTS:
        fix = f"run `mileage setup {one.client}`"
    elif one.client in FILES_ONLY_CLIENTS:
        fix = COLLECT
    elif one.account in agents:
        # Some agent is heard of itself, and may be the one behind the gateway.
        return
    else:
        fix = "run `mileage setup CLIENT` for the agents that are behind it"
    told = (
        (
            f"of {one.client} only the gateway {one.source} tells: its sessions, "
            "projects and activity are missing"
        ),
        fix,
    )
    yield _problem(one, "gateway-only", "todo", told)


def _known_faults(
    versions: Iterable[VersionSeen], faults: Sequence[Fault]
) -> Iterator[Problem]:
    for one in versions:
        for fault in faults_of(faults, one.client, one.source, one.client_version):
            what = f"version {one.client_version} of {one.client}"
            now, before = f"{what} is in use", f"{what} was in use until lately"
            yield Problem(
                "client-version",
                "todo" if one.current else "note",
                one.account,
                one.client,
                one.source,
                f"{now if one.current else before}: {fault.problem}",
                fault.fix if one.current else f"where it is used still: {fault.fix}",
            )
