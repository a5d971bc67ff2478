"""Why a row has its rank: what its value is made of, what it cost, what it rests on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.measured import Day, Measured
from mileage.honours.lenses import HUNDRED, credit
from mileage.reports.parts import permitted
from mileage.reports.personal import personal_page
from mileage.reports.shown import marked, marked_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mileage.access.policy import Allowed
    from mileage.domain.client_faults import Fault
    from mileage.domain.figures import BoardRow, PersonalPage, PublishedLens, Snapshot
    from mileage.domain.people import Account
    from mileage.domain.shown import Shows
    from mileage.domain.sums import Figures
    from mileage.honours.lenses import Lens
    from mileage.store.ledger import Ledger


class Placed(NamedTuple):
    """Where an account stands on a published board."""

    head: Snapshot
    lens: PublishedLens
    scope: str
    row: BoardRow | None
    """None without a rank."""
    ranked: int


class Weighed(NamedTuple):
    """One class of tokens on its way into a value."""

    name: str
    tokens: int
    weight: int
    """In hundredths."""
    counted: int


class Credited(NamedTuple):
    """One local day under a daily cap."""

    day: str
    counted: int
    credited: int
    """What of it counts."""


class Why(NamedTuple):
    """Everything on the page that explains a rank."""

    placed: Placed
    rule: Lens | None
    """The lens as it is today; None when there is none of that name any more."""
    page: PersonalPage
    """The same window, from the ledger as it is now."""
    classes: tuple[Weighed, ...]
    """Of the published figures; empty where no weights count."""
    days: tuple[Credited, ...]
    """Days above the daily cap; empty without one."""
    moved: bool
    """The ledger tells other figures than were published."""

    @property
    def counted(self) -> int:
        """The weighted tokens, before any cap."""
        return sum(one.counted for one in self.classes)


def explain(
    ledger: Ledger,
    account: Account,
    placed: Placed,
    rule: Lens | None,
    faults: Sequence[Fault] = (),
) -> Why:
    """Put together what a rank follows from, exactly; for oneself and operators."""
    row = placed.row
    place = (row.rank if row else None, placed.ranked)
    page = personal_page(ledger, account, placed.head.window, place, faults)
    published = row.standing.figures if row else page.total
    return Why(
        placed=placed,
        rule=rule,
        page=page,
        classes=weighed(rule, published),
        days=above_the_cap(rule, page),
        moved=published != page.total,
    )


def weighed(rule: Lens | None, figures: Figures) -> tuple[Weighed, ...]:
    """Return what each class of tokens with a weight adds, rounded for itself."""
    if rule is None:
        return ()
    tokens, weights = figures.tokens._asdict(), rule.weights._asdict()
    return tuple(
        Weighed(name, count, weights[name], round(count * weights[name] / HUNDRED))
        for name, count in tokens.items()
        if weights[name]
    )


def above_the_cap(rule: Lens | None, page: PersonalPage) -> tuple[Credited, ...]:
    """Return the local days of which less counts than was used."""
    if rule is None or rule.daily_cap is None:
        return ()
    found = []
    uncapped = replace(rule, daily_cap=None)
    for share in page.daily:
        of = Measured(share.figures, (Day(share.figures.tokens, share.figures.cost),))
        counted, credited = credit(uncapped, of), credit(rule, of)
        if counted is not None and credited is not None and counted > rule.daily_cap:
            found.append(Credited(share.name, counted, credited))
    return tuple(found)


def shown_to(why: Why, allowed: Allowed, shows: Shows | None) -> Why:
    """Take away what the viewer may not see, and mark the rest; None leaves it exact.

    What follows from the figures is computed anew from those that are shown, so that
    nothing beside them tells more.
    """
    page = marked_page(permitted(why.page, allowed), shows)
    row, rule = why.placed.row, why.rule
    if shows and row:
        figures = marked(row.standing.figures, shows)
        standing = replace(row.standing, figures=figures, daily=(), values=())
        row = replace(row, value=shows.shown(row.value), standing=standing)
    return why._replace(
        placed=why.placed._replace(row=row),
        page=page,
        classes=weighed(rule, row.standing.figures if row else page.total),
        days=above_the_cap(rule, page),
    )
