"""Made-up pages of sources and of disagreements."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from mileage.domain.coverage import Coverage, MachineCoverage
from mileage.domain.disagreement import Disagreement, Testimony
from mileage.domain.figures import Completeness
from mileage.domain.hearing import DisagreementsPage, SourcesPage
from mileage.domain.people import Account, Viewer
from mileage.domain.problems import Problem
from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND, Window, micros

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
END = micros(NOW)
ZONE = "Europe/Berlin"


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def covered(account: str, client: str, source: str, **fields: object) -> Coverage:
    """One source of one client; name what should differ."""
    plain: dict[str, object] = {
        "account": account,
        "client": client,
        "source": source,
        "kind": "log",
        "first": END - 29 * 86_400 * SECOND,
        "last": END - 3600 * SECOND,
        "heard": END,
        "witnesses": 12_345,
        "last_day": TODAY,
        "active_days": 21,
        "cadence_days": 1,
        "gap_days": (),
        "stopped": False,
        "silent_days": 0,
        "version": "2.1.197",
        "clock_ahead": None,
        "machines": (),
    }
    return Coverage(**{**plain, **fields})  # type: ignore[arg-type]


def coverages(account: str) -> tuple[Coverage, ...]:
    machines = (
        MachineCoverage("mach_4f1c09a2b7de", TODAY, 9_000, 20, ()),
        MachineCoverage("mach_77aa01c3d4e5", ago(9), 3_345, 6, (ago(8), ago(7))),
    )
    return (
        covered(account, "claude-code", "claude_code_log", machines=machines),
        covered(
            account,
            "claude-code",
            "claude_code_otlp",
            kind="telemetry",
            clock_ahead=-2 * SECOND,
            gap_days=(ago(8), ago(7)),
        ),
        covered(
            account,
            "codex",
            "codex_otlp",
            kind="telemetry",
            last_day=ago(19),
            silent_days=19,
            stopped=True,
            cadence_days=None,
            version="",
            clock_ahead=600 * SECOND,
        ),
    )


def problems(account: str) -> tuple[Problem, ...]:
    return (
        Problem(
            "stopped",
            "todo",
            account,
            "codex",
            "codex_otlp",
            f"no telemetry of codex since {ago(19)}, while codex_rollout went on",
            "run `mileage setup codex` and compare the settings of that machine",
        ),
        Problem(
            "clock-skew",
            "todo",
            account,
            "codex",
            "codex_otlp",
            "the clock behind codex is about 10 min ahead",
            "switch on time synchronisation (NTP) there: calls are counted at their "
            "time",
        ),
        Problem(
            "gaps",
            "note",
            account,
            "claude-code",
            "claude_code_otlp",
            "on 2 days of the last 30 claude_code_log saw claude-code at work and "
            "claude_code_otlp did not",
            "run `mileage setup claude-code` for every machine that is used",
        ),
    )


def sources_page(
    viewer: Viewer, people: tuple[Account, ...], completeness: Completeness
) -> SourcesPage:
    """Oneself's, or everybody's for the operator."""
    own = (viewer.account_id,)
    accounts = [a.account_id for a in people] if viewer.operator else own
    return SourcesPage(
        whole=viewer.operator,
        zone=ZONE,
        covered=tuple(one for account in accounts for one in coverages(account)),
        problems=tuple(one for account in accounts[:3] for one in problems(account)),
        people={one.account_id: one for one in people},
        completeness=completeness,
    )


def disagreement(account: str, number: int) -> Disagreement:
    counted = Tokens(120, 48_211, 9_402, 0, 812, 0, 0)
    inflated = Tokens(*(10 * count for count in counted))
    at = END - number * 3600 * SECOND
    return Disagreement(
        call_id=f"call-{number}",
        account=account,
        occurred_at=at,
        client="claude-code",
        session="4c289ca8-f8bb-4588-8400-88b78beb784d",
        model="claude-opus-4-8",
        tokens=counted,
        differs=("output",) if number % 2 else ("input", "cache_read", "output"),
        testimonies=(
            Testimony("claude_code_otlp", "2.1.197", at, counted, ""),
            Testimony("claude_code_log", "2.1.197", at, counted._replace(output=7), "")
            if number % 2
            else Testimony("claude_code_metrics", "2.1.100", at, inflated, "10"),
        ),
    )


def disagreements_page(
    viewer: Viewer, people: tuple[Account, ...], completeness: Completeness
) -> DisagreementsPage:
    """Four calls of oneself's, or of the first accounts for the operator."""
    own = (viewer.account_id,)
    accounts = [a.account_id for a in people[:3]] if viewer.operator else own
    return DisagreementsPage(
        whole=viewer.operator,
        zone=ZONE,
        window=Window(END - 30 * 86_400 * SECOND, END),
        rows=tuple(
            disagreement(accounts[number % len(accounts)], number)
            for number in range(4)
            if accounts
        ),
        limit=100,
        people={one.account_id: one for one in people},
        completeness=completeness,
    )
