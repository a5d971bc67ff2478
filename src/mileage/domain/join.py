"""From witnesses to calls: every call once, whatever saw it and in which order.

Pure functions of a *set* of witnesses, so arrival order, batching and repetition
cannot matter (design, invariant 1):

1. copies of one source are merged (``sightings``, ``copies``);
2. what shares an id is one call (``groups``);
3. what shares none is matched in its session by model, counts and time (``matching``);
4. a gateway's calls without a session find the client's by account (``gateways``);
5. of what the witnesses say, one thing is believed and the rest noted (``belief``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.belief import call_of
from mileage.domain.gateways import match_gateways
from mileage.domain.groups import group_by_ids
from mileage.domain.joining import Joining
from mileage.domain.matching import match_sessions
from mileage.domain.sightings import sightings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mileage.domain.call import Call, Seen, SourceTraits
    from mileage.domain.join_policy import JoinPolicy
    from mileage.domain.sightings import Profiles


def resolve(
    seen: Iterable[Seen],
    traits: Mapping[str, SourceTraits],
    policy: JoinPolicy | None = None,
) -> list[Call]:
    """Derive the calls of a set of witnesses that is all there is."""
    return derive(seen, Joining(traits, policy))


def derive(
    seen: Iterable[Seen], joining: Joining, elsewhere: Profiles | None = None
) -> list[Call]:
    """Derive the calls of a closed set of witnesses.

    Closed: for each witness, all others are in it that have its key or one of its
    ids, all of its session where anything in it can be matched without an id, and
    all that a gateway's could be. ``elsewhere`` says what kinds of witnesses there
    are of the sessions, whether they are in the set or not.
    """
    elsewhere = elsewhere or {}
    groups = group_by_ids(sightings(seen, joining, elsewhere), joining)
    match_sessions(groups, joining)
    if any(joining.is_gateway(name) for group in groups for name in group.members):
        match_gateways(groups, joining, elsewhere)
    return [call_of(group, joining) for group in groups if group.root() is group]
