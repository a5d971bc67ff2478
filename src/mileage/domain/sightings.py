"""What one source saw of one call: the copies of a witness, merged."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from mileage.domain.call import ESTIMATE, UNMEASURED, Seen
from mileage.domain.copies import merge_copies
from mileage.domain.likeness import differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from mileage.domain.call import SourceTraits
    from mileage.domain.joining import Joining, Profile


Profiles: TypeAlias = "Mapping[str, AbstractSet[Profile]]"
"""What kinds of witnesses there are of each session."""


class Sighting(NamedTuple):
    """All that one source says of one call."""

    seen: Seen
    ids: tuple[str, ...]
    """Names that other sources may know the call by."""
    profile: Profile
    sessions: tuple[str, ...]
    """Every session in which it was seen: forks copy their history."""
    conflict: tuple[str, ...] = ()
    """Token classes on which copies differ that should be repetitions."""


def sightings(
    seen: Iterable[Seen], joining: Joining, elsewhere: Profiles
) -> list[Sighting]:
    """Merge copies; leave out estimates, and gap fillers where there is no gap.

    ``elsewhere`` is what else is known to have been seen of the sessions.
    """
    copies: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    fillers = False
    for one in seen:
        if one.witness.measure != ESTIMATE:
            copies[one.witness.source, one.witness.key].append(one)
            fillers = fillers or joining.is_gap(one.witness.source)
    found = [_sighting(group, joining) for group in copies.values()]
    if not fillers:
        return found
    told = {
        one.witness.session
        for group in copies.values()
        for one in group
        if not joining.is_gap(one.witness.source)
    }
    told.update(
        session
        for session, profiles in elsewhere.items()
        if not all(joining.is_gap(one.source) for one in profiles)
    )
    return _filled(found, joining, told)


def _sighting(copies: list[Seen], joining: Joining) -> Sighting:
    merged = merge_copies(copies, joining.eldest)
    witness = merged.witness
    profile = joining.profile(witness)
    if len(copies) == 1:
        sessions = (witness.session,) if witness.session else ()
        return Sighting(merged, joining.ids(witness), profile, sessions)
    places = {
        one.witness.session
        for one in copies
        if one.witness.session and joining.profile(one.witness) == profile
    }
    return Sighting(
        merged,
        joining.ids(witness),
        profile,
        tuple(sorted(places)),
        _conflict(copies, joining.traits(witness.source)),
    )


def _conflict(copies: list[Seen], traits: SourceTraits) -> tuple[str, ...]:
    """Name the classes on which a source contradicts itself."""
    if not traits.repeats:
        return ()
    return differences(
        [one.witness for one in copies if one.witness.measure != UNMEASURED]
    )


def _filled(
    found: list[Sighting], joining: Joining, covered: AbstractSet[str]
) -> list[Sighting]:
    """Keep gap fillers only where nothing else was seen, and there the best one.

    Without a session nobody can tell whether there is a gap: then there is none.
    """
    best: dict[str, str] = {}
    for one in found:
        session, source = one.seen.witness.session, one.profile.source
        if joining.is_gap(source) and session and session not in covered:
            known = best.setdefault(session, source)
            best[session] = max(known, source, key=joining.rank)
    return [
        one
        for one in found
        if not joining.is_gap(one.profile.source)
        or best.get(one.seen.witness.session) == one.profile.source
    ]
