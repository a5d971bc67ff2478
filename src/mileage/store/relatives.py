"""Finds the stored witnesses that can touch the calls of those that come in.

Follows keys, shared ids, and sessions in which anything could be matched without an
id, until nothing new turns up: the set is then closed in the sense of ``domain.join``.
Most sessions have sources that share ids, or one source; of those nothing more is read
than the witnesses with the very ids that came in. Plain calls that are met on the way
become witnesses like the others.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import Seen
from mileage.domain.copies import merge_copies
from mileage.domain.gateways import LEAST_TOKENS, mark
from mileage.domain.witness import Witness
from mileage.store.identities import HOUR, names, own_id
from mileage.store.profiles import Profiles
from mileage.store.promoting import promote_alike, promote_named
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from mileage.domain.joining import Joining, Profile
    from mileage.store.identities import ProfileRow

ALL_TIME = (-(2**31), 2**31 - 1)


class Relatives(NamedTuple):
    """What is stored already and could be joined with what comes in."""

    seen: list[Seen]
    before: dict[str, set[Profile]]
    after: dict[str, set[Profile]]
    """What kinds of witnesses there are of each session met."""
    profiles: list[ProfileRow]
    """What is new about sessions and accounts."""
    gone: set[int]
    """Numbers of witnesses that were deleted with their call."""


class Scope(NamedTuple):
    """What decides how far to search: all that one append brings."""

    hours: tuple[int, int]
    """The hours to search for ids that cannot be read again at any time."""
    profiles: Profiles


def reach(times: Iterable[int], *, replayable: bool) -> tuple[int, int]:
    """Return the hours to search for ids whose time cannot be trusted less.

    A log can be read again at any time and may carry other times for one call, so
    its ids are looked up over the whole retention.
    """
    if replayable:
        return ALL_TIME
    hours = [time // HOUR for time in times]
    return (min(hours) - 1, max(hours) + 1) if hours else (0, 0)


def scope_of(
    cursor: duckdb.DuckDBPyConnection, joining: Joining, coming: Sequence[Seen]
) -> Scope:
    """Return the scope of an append that brings these and no others."""
    sources = {one.witness.source for one in coming}
    hours = reach(
        [one.witness.occurred_at for one in coming],
        replayable=any(joining.traits(one).replayable for one in sources),
    )
    return Scope(hours, Profiles(cursor, joining, coming))


def relatives(
    cursor: duckdb.DuckDBPyConnection,
    joining: Joining,
    coming: Sequence[Seen],
    scope: Scope | None = None,
    *,
    promoting: bool = True,
) -> Relatives:
    """Return every stored witness that these could be joined with.

    Plain calls are none of them unless they are promoted, which writes.
    """
    scope = scope or scope_of(cursor, joining, coming)
    return _Search(cursor, joining, scope, promoting=promoting).run(coming)


class _Search:
    """One search; each round follows what the last one has found."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        joining: Joining,
        scope: Scope,
        *,
        promoting: bool,
    ) -> None:
        self._cursor = cursor
        self._promoting = promoting
        self._joining = joining
        self._hours, self._profiles = scope
        self._sessions: set[str] = set()
        """Every session met."""
        self._names: set[str] = set()
        self._whole: set[str] = set()
        """The sessions that are read as a whole."""
        self._alike: set[tuple[int, str, int, int]] = set()
        """Hour, account, prompt and answer of what a gateway may have seen too."""

    def run(self, coming: Sequence[Seen]) -> Relatives:
        """Search until nothing new turns up."""
        found: list[Seen] = []
        places: set[tuple[int, int]] = set()
        self._follow(coming)
        while more := self._places() - places:
            places |= more
            found = self._witnesses(places)
            if not self._follow(found):
                break
        profiles = self._profiles
        return Relatives(
            found,
            {session: profiles.before(session) for session in self._sessions},
            {session: profiles.after(session) for session in self._sessions},
            profiles.news(),
            {own for own, _ in places} - {own_id(*one.witness[:2]) for one in found},
        )

    def _follow(self, seen: Sequence[Seen]) -> bool:
        """Note what these lead to; tell whether that is anything new."""
        known = len(self._names), len(self._whole), len(self._alike)
        for one in seen:
            self._names.update(names(one.witness, self._joining))
            if one.witness.session:
                self._sessions.add(one.witness.session)
        accounts = {one.account for one in seen}
        self._profiles.look_up(self._sessions, accounts)
        self._whole.update(filter(self._profiles.is_wanted, self._sessions))
        behind = set(filter(self._profiles.has_gateway, accounts))
        if behind:
            self._note_alike([one for one in seen if one.account in behind])
        return known != (len(self._names), len(self._whole), len(self._alike))

    def _note_alike(self, seen: Iterable[Seen]) -> None:
        """Note what a gateway and a client would have in common, copies merged too."""
        copies: dict[tuple[str, str], list[Seen]] = defaultdict(list)
        for one in seen:
            copies[one.witness.source, one.witness.key].append(one)
        for group in copies.values():
            for one in (*group, merge_copies(group)):
                account, _, prompt, output = mark(one.account, one.witness)
                hour = one.witness.occurred_at // HOUR
                if prompt + output >= LEAST_TOKENS:
                    self._alike.update(
                        (near, account, prompt, output)
                        for near in (hour - 1, hour, hour + 1)
                    )

    def _places(self) -> set[tuple[int, int]]:
        """Return where (own id, hour) everything stands that was led to so far."""
        first, last = self._hours
        named = {
            "names": list(self._names),
            "sessions": list(self._whole),
            "first_hour": first,
            "last_hour": last,
        }
        if self._promoting:
            promote_named(self._cursor, self._joining, named)
        rows = run(self._cursor, "related_ids", **named)
        if self._alike:
            hours, accounts, prompts, outputs = zip(*self._alike, strict=True)
            alike = {
                "hours": list(set(hours)),
                "accounts": list(accounts),
                "prompts": list(prompts),
                "outputs": list(outputs),
            }
            if self._promoting:
                promote_alike(self._cursor, self._joining, alike)
            rows += run(self._cursor, "related_alike", **alike)
        return {(own, hour) for own, hour in rows}

    def _witnesses(self, places: Iterable[tuple[int, int]]) -> list[Seen]:
        rows = run(
            self._cursor,
            "related_witnesses",
            own_ids=list({own for own, _ in places}),
            hours=list({hour for _, hour in places}),
        )
        return [Seen(Witness(*row[:-2]), row[-2], row[-1]) for row in rows]
