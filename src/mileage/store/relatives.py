"""Finds the stored witnesses that can touch the calls of those that come in.

Follows keys, shared ids, and sessions in which anything could be matched without an
id, until nothing new turns up: the set is then closed in the sense of ``domain.join``.
Most sessions have sources that share ids, or one source; of those nothing more is read
than the witnesses with the very ids that came in.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import Seen
from mileage.domain.copies import merge_copies
from mileage.domain.gateways import LEAST_TOKENS, mark
from mileage.domain.matching import is_live
from mileage.domain.witness import Witness
from mileage.store.identities import (
    HOUR,
    ProfileRow,
    account_id,
    own_id,
    profile_rows,
    read_profile,
    session_id,
    shared_ids,
)
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from mileage.domain.joining import Joining, Profile

ALL_TIME = (-(2**31), 2**31 - 1)


class Relatives(NamedTuple):
    """What is stored already and could be joined with what comes in."""

    seen: list[Seen]
    before: dict[str, set[Profile]]
    after: dict[str, set[Profile]]
    """What kinds of witnesses there are of each session met."""
    profiles: list[ProfileRow]
    """What is new about sessions and accounts."""


def relatives(
    cursor: duckdb.DuckDBPyConnection, joining: Joining, coming: Sequence[Seen]
) -> Relatives:
    """Return every stored witness that these could be joined with."""
    return _Search(cursor, joining, coming).run()


class _Search:
    """One search; each round follows what the last one has found."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        joining: Joining,
        coming: Sequence[Seen],
    ) -> None:
        self._cursor = cursor
        self._joining = joining
        self._coming = coming
        self._hours = self._reach()
        self._told = profile_rows(coming, joining)
        self._new: dict[int, set[Profile]] = defaultdict(set)
        for number, profile in self._told:
            self._new[number].add(read_profile(profile))
        self._stored: dict[int, set[Profile]] = {}
        self._sessions: dict[str, int] = {}
        """Every session met, and its number."""
        self._ids: set[int] = set()
        self._whole: set[int] = set()
        """Numbers of sessions that are read as a whole."""
        self._alike: set[tuple[int, str, int, int]] = set()
        """Hour, account, prompt and answer of what a gateway may have seen too."""

    def run(self) -> Relatives:
        """Search until nothing new turns up."""
        found: list[Seen] = []
        places: set[tuple[int, int]] = set()
        self._follow(self._coming)
        while more := self._places() - places:
            places |= more
            found = self._witnesses(places)
            if not self._follow(found):
                break
        stored, new, sessions = self._stored, self._new, self._sessions.items()
        return Relatives(
            found,
            {name: stored[number] for name, number in sessions},
            {name: stored[number] | new[number] for name, number in sessions},
            [row for row in self._told if read_profile(row[1]) not in stored[row[0]]],
        )

    def _reach(self) -> tuple[int, int]:
        """Return the hours to search for ids whose time cannot be trusted less.

        A log can be read again at any time and may carry other times for one
        call, so its ids are looked up over the whole retention.
        """
        hours = []
        for one in self._coming:
            if self._joining.traits(one.witness.source).replayable:
                return ALL_TIME
            hours.append(one.witness.occurred_at // HOUR)
        return (min(hours) - 1, max(hours) + 1) if hours else (0, 0)

    def _follow(self, seen: Sequence[Seen]) -> bool:
        """Note what these lead to; tell whether that is anything new."""
        known = len(self._ids), len(self._whole), len(self._alike)
        for one in seen:
            witness = one.witness
            self._ids.add(own_id(witness.source, witness.key))
            self._ids.update(shared_ids(witness, self._joining))
            if witness.session and witness.session not in self._sessions:
                self._sessions[witness.session] = session_id(witness.session)
        accounts = {one.account: account_id(one.account) for one in seen}
        self._look_up({*self._sessions.values(), *accounts.values()})
        self._whole.update(filter(self._is_wanted, self._sessions.values()))
        behind = {
            account
            for account, number in accounts.items()
            if self._stored[number] or self._new[number]
        }
        if behind:
            self._note_alike([one for one in seen if one.account in behind])
        return known != (len(self._ids), len(self._whole), len(self._alike))

    def _look_up(self, numbers: Iterable[int]) -> None:
        """Read what is known of sessions and accounts that were not met before."""
        unknown = [number for number in numbers if number not in self._stored]
        if not unknown:
            return
        self._stored.update((number, set()) for number in unknown)
        for number, profile in run(self._cursor, "session_profiles", ids=unknown):
            self._stored[number].add(read_profile(profile))

    def _is_wanted(self, number: int) -> bool:
        """Tell whether a session must be read as a whole.

        It must if anything in it could be matched without an id, or if what fills
        its gaps changes: another filler is better, or there is no gap any more.
        """
        before = self._stored[number]
        after = before | self._new[number]
        if len(after) < 2:  # noqa: PLR2004 - nothing to be matched with
            return False
        if is_live(after, self._joining):
            return True
        fillers = {one.source for one in after if self._joining.is_gap(one.source)}
        if not fillers or self._has_events(before):
            return False
        return self._has_events(after) or len(fillers) > 1

    def _has_events(self, profiles: Iterable[Profile]) -> bool:
        return any(not self._joining.is_gap(one.source) for one in profiles)

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
        rows = run(
            self._cursor,
            "related_ids",
            ids=list(self._ids),
            sessions=list(self._whole),
            first_hour=first,
            last_hour=last,
        )
        if self._alike:
            hours, accounts, prompts, outputs = zip(*self._alike, strict=True)
            rows += run(
                self._cursor,
                "related_alike",
                hours=list(set(hours)),
                accounts=list(accounts),
                prompts=list(prompts),
                outputs=list(outputs),
            )
        return {(own, hour) for own, hour in rows}

    def _witnesses(self, places: Iterable[tuple[int, int]]) -> list[Seen]:
        rows = run(
            self._cursor,
            "related_witnesses",
            own_ids=list({own for own, _ in places}),
            hours=list({hour for _, hour in places}),
        )
        return [Seen(Witness(*row[:-2]), row[-2], row[-1]) for row in rows]
