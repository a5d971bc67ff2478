"""What the pages of sources and of disagreements show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mileage.domain.coverage import Coverage
    from mileage.domain.disagreement import Disagreement
    from mileage.domain.figures import Completeness
    from mileage.domain.people import Account
    from mileage.domain.problems import Problem
    from mileage.domain.window import Window


@dataclass(frozen=True, slots=True)
class SourcesPage:
    """Which sources tell of whom, what is missing, and how to fix it."""

    whole: bool
    """Everybody's, else the viewer's own."""
    zone: str
    covered: tuple[Coverage, ...]
    problems: tuple[Problem, ...]
    """To do before notes."""
    people: Mapping[str, Account]
    """Who the accounts are, by id."""
    completeness: Completeness
    # Below: of everybody, where not all that is counted is shown.
    accounts: int | None = None
    """How many are heard of and found; None: those of ``covered``."""
    lines: int | None = None
    """Sources of accounts there are; None: not more than ``covered``."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Problems by kind, those that are not in ``problems`` as well."""
    at: int | None = None
    """When everybody was looked over (UTC microseconds); None: just now."""

    @property
    def named(self) -> frozenset[str]:
        """Return the accounts that it tells something of."""
        heard = {one.account for one in self.covered}
        return frozenset(heard | {one.account for one in self.problems}) - {""}


@dataclass(frozen=True, slots=True)
class DisagreementsPage:
    """The latest calls on which sources disagree."""

    whole: bool
    zone: str
    window: Window
    rows: tuple[Disagreement, ...]
    """Latest first, at most ``limit``."""
    limit: int
    people: Mapping[str, Account]
    completeness: Completeness
