"""What a board's page lets choose: window, whom, lens, page; each a link.

A link changes one thing and keeps the others, so that the address is the whole state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.days import SECOND
from mileage.reports.benchmark import SCOPES as GROUPS
from mileage.web.paging import pager

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mileage.domain.figures import Board, Snapshot
    from mileage.web.board_query import BoardQuery
    from mileage.web.paging import Pager

DAY = 86400 * SECOND
TITLES = {
    "24h": "24 hours",
    "week": "This week",
    "month": "This month",
    "quarter": "This quarter",
}
BACK = (("a day before", 1), ("a week before", 7), ("30 days before", 30))
SCOPES = {"org": "People", "dept": "Department"}
"""What a scope is called where its name alone would not say it."""


class LensTab(NamedTuple):
    """One way to rank, and what it does to people who are ranked by it."""

    name: str
    title: str
    encourages: str = ""
    gamed_by: str = ""
    warning: str = ""


class Choice(NamedTuple):
    """One link among others of its kind."""

    title: str
    address: str
    current: bool = False


def window_title(name: str) -> str:
    """Say a window's name in words."""
    return TITLES.get(name) or f"{name.removesuffix('d')} days"


def windows(
    query: BoardQuery, offered: Sequence[str], shown: str
) -> tuple[Choice, ...]:
    """Offer every window; ``shown`` is the one of the page."""
    names = dict.fromkeys((*offered, shown))
    return tuple(
        Choice(window_title(name), query.address(window=name), name == shown)
        for name in names
    )


def scopes(query: BoardQuery, offered: Sequence[str], shown: str) -> tuple[Choice, ...]:
    """Offer every scope, and beside them the boards of groups, which are of now.

    One that is reached from elsewhere stands behind those of people.
    """
    people = tuple(
        Choice(scope_title(name), query.address(scope=name, wanted=""), name == shown)
        for name in dict.fromkeys((*offered, shown))
    )
    groups = () if query.as_of is not None else GROUPS
    return people + tuple(
        Choice(name.capitalize(), f"/groups?scope={name}") for name in groups
    )


def scope_title(name: str) -> str:
    """Say whom a scope holds; departments are named by the board itself."""
    kind, _, of = name.partition(":")
    if kind == "team":
        return f"Team {of.partition('/')[2]}"
    return SCOPES.get(kind, kind.capitalize())


def lens_tabs(
    snapshot: Snapshot, lenses: Iterable[Sequence[str]]
) -> tuple[LensTab, ...]:
    """Name the lenses of a snapshot as it was published; today's texts beside them."""
    today = {lens[0]: LensTab(*(*lens, "", "")[:4]) for lens in lenses}
    if not snapshot.lenses:
        return tuple(today.values())
    return tuple(
        today.get(lens.name, LensTab(lens.name, lens.title))._replace(
            title=lens.title, warning=lens.warning
        )
        for lens in snapshot.lenses
    )


def lens_choices(
    query: BoardQuery, tabs: Sequence[LensTab], shown: str
) -> tuple[Choice, ...]:
    """Offer every lens."""
    return tuple(
        Choice(tab.title, f"{query.address(lens=tab.name)}#top", tab.name == shown)
        for tab in tabs
    )


def before(query: BoardQuery, as_of: int) -> tuple[Choice, ...]:
    """Offer the same board as it was published earlier."""
    return tuple(
        Choice(title, query.address(as_of=as_of - days * DAY)) for title, days in BACK
    )


def board_pager(query: BoardQuery, board: Board) -> Pager | None:
    """Tell where among all rows this page stands; None when it is all of them."""
    if query.wanted or not board.whole:
        return None

    def address(number: int) -> str:
        return f"{query.address(page=number)}#top"

    return pager(board.first, board.ranked, board.count, address)
