"""The pages of sources and of disagreements, of one account or of everybody."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.hearing import DisagreementsPage, SourcesPage
from mileage.reports.completeness import completeness, coverage, problems
from mileage.reports.overview import covered_by, look_over, problems_among
from mileage.reports.shape import (
    completeness_json,
    instant_json,
    seconds_json,
    window_json,
)
from mileage.store.disagreements import disagreements
from mileage.store.heard import hearing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mileage.domain.client_faults import Fault
    from mileage.domain.coverage import Coverage
    from mileage.domain.disagreement import Disagreement
    from mileage.domain.figures import Completeness
    from mileage.domain.people import Account
    from mileage.domain.problems import Problem
    from mileage.domain.window import Window
    from mileage.reports.overview import Overview
    from mileage.store.ledger import Ledger

DISAGREEMENTS_SHOWN = 100
EVERYBODY_SHOWN = 1000


def sources_page(
    ledger: Ledger,
    account: str | None,
    people: Iterable[Account],
    faults: Sequence[Fault],
) -> SourcesPage:
    """Tell what is heard of one account, or of everybody for None."""
    known = {one.account_id: one for one in people}
    if account is None:
        overview = look_over(ledger, tuple(known.values()), faults)
        asked = Asked("", EVERYBODY_SHOWN, faults)
        return everybodys_sources(
            ledger, overview, asked, lambda ids: [known[i] for i in ids if i in known]
        )
    covered = coverage(ledger, account)
    return SourcesPage(
        whole=False,
        zone=ledger.rules.clock.zone.key,
        covered=tuple(covered),
        problems=tuple(problems(ledger, covered, account, faults)),
        people=known,
        completeness=completeness(ledger, account, faults),
    )


class Asked(NamedTuple):
    """What is asked about everybody."""

    wanted: str
    """Words of names or addresses, '' for all."""
    most: int
    """Accounts that are shown."""
    faults: Sequence[Fault]


def everybodys_sources(
    ledger: Ledger,
    overview: Overview,
    asked: Asked,
    accounts_of: Callable[[Iterable[str]], Iterable[Account]],
) -> SourcesPage:
    """Tell what is heard of the first of those who are asked for, by name.

    Everybody is told as of the overview; those who were searched for as of now.
    """
    found = overview.matching(asked.wanted)
    shown = found[: asked.most]
    told, counts = overview.problems, overview.counts
    if overview.first.keys() >= set(shown) and not asked.wanted:
        covered = [row for owner in shown for row in overview.first[owner]]
    else:
        with hearing(ledger) as heard:
            booked = [one for owner in shown for one in heard.booked(owner)]
            covered = covered_by(ledger, heard, booked, ledger.now())
            if asked.wanted:
                told = tuple(
                    problems_among(ledger, heard, booked, covered, asked.faults)
                )
                counts = Counter(one.kind for one in told)
    told = _first(told, asked.most)
    named = {*shown, *(one.account for one in told)}
    return SourcesPage(
        whole=True,
        zone=ledger.rules.clock.zone.key,
        covered=tuple(covered),
        problems=told,
        people={one.account_id: one for one in accounts_of(named)},
        completeness=overview.completeness,
        accounts=len(found),
        lines=overview.lines if len(found) > len(shown) else len(covered),
        counts=counts,
        at=overview.at,
    )


def _first(told: Sequence[Problem], most: int) -> tuple[Problem, ...]:
    """Return so many that are to do, and so many notes."""
    severities = ("todo", "note")
    parts = ([one for one in told if one.severity == each] for each in severities)
    return tuple(one for part in parts for one in part[:most])


def disagreements_page(
    ledger: Ledger,
    account: str | None,
    window: Window,
    rests_on: Completeness | None = None,
) -> DisagreementsPage:
    """Tell on which calls the sources of one account, or all, disagree.

    Names nobody: who they are is for the caller to add.
    """
    rows = disagreements(ledger, window, account, DISAGREEMENTS_SHOWN)
    return DisagreementsPage(
        whole=account is None,
        zone=ledger.rules.clock.zone.key,
        window=window,
        rows=tuple(rows),
        limit=DISAGREEMENTS_SHOWN,
        people={},
        completeness=rests_on or completeness(ledger, account),
    )


def sources_json(page: SourcesPage) -> dict[str, Any]:
    """Write the page of sources."""
    return {
        "scope": _scope(page.whole),
        "tz": page.zone,
        "accounts": len({one.account for one in page.covered})
        if page.accounts is None
        else page.accounts,
        "rows": [_coverage(one, page.people) for one in page.covered],
        "problems": [
            {
                "kind": one.kind,
                "severity": one.severity,
                "account": one.account,
                "name": _name(one.account, page.people),
                "client": one.client,
                "source": one.source,
                "problem": one.problem,
                "fix": one.fix,
            }
            for one in page.problems
        ],
        "problem_counts": dict(page.counts)
        or dict(Counter(one.kind for one in page.problems)),
        "completeness": completeness_json(page.completeness),
    }


def _coverage(one: Coverage, people: Mapping[str, Account]) -> dict[str, Any]:
    return {
        "account": one.account,
        "name": _name(one.account, people),
        "client": one.client,
        "source": one.source,
        "kind": one.kind,
        "witnesses": one.witnesses,
        "from": instant_json(one.first),
        "until": instant_json(one.last),
        "active_days": one.active_days,
        "cadence_days": one.cadence_days,
        "gap_days": [day.isoformat() for day in one.gap_days],
        "silent_days": one.silent_days,
        "stopped": one.stopped,
        "version": one.version,
        "clock_ahead_seconds": seconds_json(one.clock_ahead),
        "machines": [
            {
                "machine": each.machine,
                "witnesses": each.witnesses,
                "active_days": each.active_days,
                "last_day": each.last_day.isoformat(),
                "gap_days": [day.isoformat() for day in each.gap_days],
            }
            for each in one.machines
        ],
    }


def disagreements_json(page: DisagreementsPage) -> dict[str, Any]:
    """Write the page of disagreements; ``counted`` is what the figures have."""
    return {
        "scope": _scope(page.whole),
        "window": window_json(page.window, page.zone),
        "rows": [_disagreement(one, page.people) for one in page.rows],
        "completeness": completeness_json(page.completeness),
    }


def _disagreement(one: Disagreement, people: Mapping[str, Account]) -> dict[str, Any]:
    return {
        "call": one.call_id,
        "account": one.account,
        "name": _name(one.account, people),
        "at": instant_json(one.occurred_at),
        "client": one.client,
        "session": one.session,
        "model": one.model,
        "differs": list(one.differs),
        "counted": one.tokens._asdict(),
        "witnesses": [
            {
                "source": each.source,
                "version": each.client_version,
                "at": instant_json(each.occurred_at),
                "inflated": each.inflated or None,
                **each.tokens._asdict(),
            }
            for each in one.testimonies
        ],
    }


def _scope(whole: bool) -> str:  # noqa: FBT001 - a figure's own mark
    return "org" if whole else "me"


def _name(account: str, people: Mapping[str, Account]) -> str:
    known = people.get(account)
    return known.name or known.email if known else account
