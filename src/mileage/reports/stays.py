"""Where people were while they used something: teams get what was used in them.

Somebody who moved on the tenth day counts for the old team until then, and for the new
one from then on.
"""

from __future__ import annotations

from collections import defaultdict
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.directory import NOWHERE, place_in
from mileage.domain.sums import Figures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mileage.domain.directory import Place
    from mileage.domain.figures import Standing
    from mileage.domain.people import Account, Membership
    from mileage.store.use_by_day import DayUse


class Chart(NamedTuple):
    """Who belonged where in the window of a snapshot, and what they used."""

    accounts: Sequence[Account]
    places: Mapping[str, Membership]
    """By account id, on the last day."""
    standings: Sequence[Standing]
    first: Callable[[int], frozenset[str]]
    """Returns who is among so many first ones of some board of people."""
    unranked: frozenset[str] = frozenset()
    """Who stands on no board, whatever they used: they have objected."""
    moved: Mapping[str, Sequence[Place]] = MappingProxyType({})
    """Where whoever was in several places belonged on each day, by account id."""
    uses: Sequence[DayUse] = ()
    """Of whoever moved; they add up to the standings."""


class Stay(NamedTuple):
    """What an account used while it was in one department and team."""

    account: Account
    place: Place
    figures: Figures
    daily: Sequence[int]
    """Tokens by local day of the window, none for days that it was elsewhere."""
    until: str = ""
    """ISO date of the last day there; '' when that is the last one of the window."""


def stays(chart: Chart, days: Sequence[str]) -> Iterator[Stay]:
    """Yield every account in each place it was in, whether it used anything or not.

    ``days`` are the ISO dates of the window.
    """
    used = {one.account_id: one for one in chart.standings}
    moving: dict[str, list[DayUse]] = defaultdict(list)
    for use in chart.uses:
        moving[use.account_id].append(use)
    for account in chart.accounts:
        name = account.account_id
        if name in chart.moved:
            at = dict(zip(days, chart.moved[name], strict=True))
            yield from _parted(account, at, moving[name])
        else:
            one = used.get(name)
            yield Stay(
                account,
                place_in(chart.places.get(name)),
                one.figures if one else Figures(),
                one.daily if one else (),
            )


def _parted(
    account: Account, at: Mapping[str, Place], uses: Iterable[DayUse]
) -> Iterator[Stay]:
    """Yield the stays of one who moved; of nowhere if it used anything, or is there."""
    sums: dict[Place, Figures] = defaultdict(Figures)
    tokens: dict[Place, dict[str, int]] = defaultdict(dict)
    for use in uses:
        day = use.day.isoformat()
        sums[at[day]] = sums[at[day]].plus(use.figures)
        tokens[at[day]][day] = use.figures.tokens.total
    last = {place: day for day, place in at.items()}
    *_, today = at
    for place, until in last.items():
        if until == today or place in sums or place != NOWHERE:
            daily = [tokens[place].get(day, 0) for day in at]
            gone = "" if until == today else until
            yield Stay(account, place, sums[place], daily, gone)
