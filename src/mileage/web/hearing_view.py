"""What the pages of sources and of disagreements show, cut to what can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.coverage import LATE, SKEW
from mileage.domain.problems import said_once
from mileage.domain.tokens import TOKEN_CLASSES
from mileage.domain.window import SECOND
from mileage.web.numbers import duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mileage.domain.coverage import Coverage
    from mileage.domain.disagreement import Disagreement, Testimony
    from mileage.domain.hearing import DisagreementsPage, SourcesPage
    from mileage.domain.people import Account
    from mileage.domain.problems import Alike, Problem

ROWS_SHOWN = 100
PROBLEMS_SHOWN = 50
NAMES_SHOWN = 12
"""Of those with the same problem."""

CLASS_TITLES = {
    "input": "Input",
    "cache_read": "Cache read",
    "cache_write": "Write, 5 min",
    "cache_write_1h": "Write, 1 h",
    "output": "Output",
    "reasoning": "Reasoning",
    "tool_input": "By tools",
}
KINDS = {
    "log": "local files",
    "telemetry": "telemetry",
    "gateway": "gateway",
    "filler": "fills gaps",
}


class Whose(NamedTuple):
    """Somebody, and where their page is."""

    name: str
    address: str


class ProblemLine(NamedTuple):
    """What is said alike of everybody whose problem it is."""

    one: Problem
    """The first of them."""
    whose: tuple[Whose, ...]
    """Those who are named; nobody on one's own page."""
    others: int
    """How many more it is said of."""

    @property
    def accounts(self) -> int:
        """Return of how many it is said."""
        return max(1, len(self.whose)) + self.others


class SourceLine(NamedTuple):
    """How completely a source covers a client, and whose it is."""

    one: Coverage
    name: str
    address: str
    kind: str
    clock: str
    """In words; '' when not known."""


class SourcesView(NamedTuple):
    """Everything ``sources.html`` shows beside the frame."""

    todo: tuple[ProblemLine, ...]
    notes: tuple[ProblemLine, ...]
    lines: tuple[SourceLine, ...]
    found: int
    """Lines before the cut."""
    todo_count: int
    notes_count: int
    """How many there are, those that are not listed as well."""
    accounts: int
    machines: int


def sources_view(page: SourcesPage, wanted: str = "") -> SourcesView:
    """Prepare the page of sources; ``wanted`` keeps the names that hold every word."""
    words = wanted.casefold().split()
    kept = {
        account
        for account in {one.account for one in page.covered}
        if _matches(account, page.people, words)
    }
    covered = sorted(
        (one for one in page.covered if one.account in kept),
        key=lambda one: (_name(one.account, page.people), one.client, one.source),
    )
    problems = [one for one in page.problems if not words or one.account in kept]
    todo, notes = (
        tuple(
            _problem_line(alike, page)
            for alike in said_once(problems, page.counts)
            if alike.one.severity == severity
        )
        for severity in ("todo", "note")
    )
    return SourcesView(
        todo=todo,
        notes=notes,
        lines=tuple(
            SourceLine(
                one, *_whose(one.account, page), KINDS[one.kind], clock_words(one)
            )
            for one in covered[:ROWS_SHOWN]
        ),
        found=len(covered) if page.lines is None else page.lines,
        todo_count=_counted(todo, page),
        notes_count=_counted(notes, page),
        accounts=len(kept) if page.accounts is None else page.accounts,
        machines=sum(len(one.machines) for one in covered),
    )


def _problem_line(alike: Alike, page: SourcesPage) -> ProblemLine:
    named = sorted(Whose(*_whose(account, page)) for account in alike.accounts)
    whose = tuple(one for one in named if one.name)[:NAMES_SHOWN]
    return ProblemLine(alike.one, whose, alike.total - max(1, len(whose)))


def _counted(lines: Sequence[ProblemLine], page: SourcesPage) -> int:
    """Count the problems of the kinds of these lines; of each the first are listed."""
    kinds = {line.one.kind for line in lines}
    listed = sum(line.accounts for line in lines)
    return max(listed, sum(page.counts.get(kind, 0) for kind in kinds))


def _matches(account: str, people: Mapping[str, Account], words: list[str]) -> bool:
    known = people.get(account)
    text = f"{known.name} {known.email}" if known else account
    return all(word in text.casefold() for word in words)


def _name(account: str, people: Mapping[str, Account]) -> str:
    known = people.get(account)
    return known.name or known.email if known else account


def _whose(account: str, page: SourcesPage | DisagreementsPage) -> tuple[str, str]:
    """Return (name, address of the page) of an account, ('', '') for one's own."""
    if not page.whole or not account:
        return "", ""
    return _name(account, page.people), f"/people/{account}"


def clock_words(one: Coverage) -> str:
    """Say how far a client's clock is off."""
    ahead = one.clock_ahead
    if ahead is None or ahead < -LATE:
        return ""
    if abs(ahead) <= SKEW:
        return "in step"
    return f"{duration(abs(ahead) / SECOND)} {'ahead' if ahead > 0 else 'behind'}"


class Cell(NamedTuple):
    """A count, and whether another source says something else."""

    amount: int
    differs: bool


class TestimonyLine(NamedTuple):
    """What one source says of a call."""

    source: str
    version: str
    inflated: str
    cells: tuple[Cell, ...]


class DisagreementView(NamedTuple):
    """One call, what is counted, and what each source says."""

    one: Disagreement
    name: str
    address: str
    differs: tuple[str, ...]
    """Titles of the classes on which they disagree."""
    counted: tuple[int, ...]
    lines: tuple[TestimonyLine, ...]


def disagreements_view(page: DisagreementsPage) -> tuple[DisagreementView, ...]:
    """Prepare the page of disagreements."""
    return tuple(_disagreement(one, page) for one in page.rows)


def _disagreement(one: Disagreement, page: DisagreementsPage) -> DisagreementView:
    return DisagreementView(
        one,
        *_whose(one.account, page),
        differs=tuple(CLASS_TITLES.get(name, name) for name in one.differs),
        counted=tuple(one.tokens),
        lines=tuple(_line(each, one) for each in one.testimonies),
    )


def _line(each: Testimony, one: Disagreement) -> TestimonyLine:
    inflated = bool(each.inflated)
    cells = (
        Cell(said, said != counted and (name in one.differs or inflated))
        for name, said, counted in zip(
            TOKEN_CLASSES, each.tokens, one.tokens, strict=True
        )
    )
    return TestimonyLine(each.source, each.client_version, each.inflated, tuple(cells))
