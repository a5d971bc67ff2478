"""Awards: when titles and tiers begin and end, from who earns what now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.awards import TITLE, Changes
from mileage.domain.days import SECOND

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mileage.domain.awards import Earned, Held
    from mileage.honours.titles import Title

DAY = 86_400 * SECOND


def decide(
    held: Iterable[Held],
    earned: Collection[Earned],
    titles: Collection[Title],
    now: int,
) -> Changes:
    """Compare open awards with what is earned now. Numbers are those of awards.

    A tier gives way at once to another one. A title that is no longer earned lapses and
    ends when its grace is over; one that the policy no longer has ends at once.
    """
    grace = {(TITLE, one.title): one.grace_days * DAY for one in titles}
    wanted = {(one.account_id, one.kind, one.name): one for one in earned}
    lapsed, again, ended = [], [], []
    for award in held:
        key = (award.account_id, award.kind, award.name)
        if wanted.pop(key, None):
            if award.lapsed_at is not None:
                again.append(award.number)
        elif now - (award.lapsed_at or now) >= grace.get(key[1:], 0):
            ended.append(award.number)
        elif award.lapsed_at is None:
            lapsed.append(award.number)
    return Changes(tuple(wanted.values()), tuple(lapsed), tuple(again), tuple(ended))


def titles_after(
    held: Iterable[Held], changes: Changes, order: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return everybody's titles once the changes are made, in the policy's order."""
    gone = set(changes.ended)
    found: dict[str, set[str]] = {}
    for award in held:
        if award.kind == TITLE and award.number not in gone:
            found.setdefault(award.account_id, set()).add(award.name)
    for one in changes.begun:
        if one.kind == TITLE:
            found.setdefault(one.account_id, set()).add(one.name)
    return {
        account: tuple(filter(names.__contains__, order))
        for account, names in found.items()
    }
