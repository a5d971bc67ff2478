"""What kinds of witnesses sessions have, and which accounts have gateways.

Both of what is stored, and of what comes in with one append.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mileage.domain.matching import is_live
from mileage.store.identities import account_id, profile_rows, read_profile, session_id
from mileage.store.statements import run

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from mileage.domain.call import Seen
    from mileage.domain.joining import Joining, Profile
    from mileage.store.identities import ProfileRow


class Profiles:
    """The profiles before and after an append; asks the ledger once for each."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        joining: Joining,
        coming: Iterable[Seen],
    ) -> None:
        """Take what comes in: all witnesses, or one of each kind in each session."""
        self._cursor = cursor
        self._joining = joining
        self._told = profile_rows(coming, joining)
        self._new: dict[int, set[Profile]] = defaultdict(set)
        for number, profile in self._told:
            self._new[number].add(read_profile(profile))
        self._stored: dict[int, set[Profile]] = {}

    def look_up(self, sessions: Iterable[str], accounts: Iterable[str]) -> None:
        """Read what is known of sessions and accounts that were not met before."""
        numbers = {*map(session_id, sessions), *map(account_id, accounts)}
        unknown = [number for number in numbers if number not in self._stored]
        if not unknown:
            return
        self._stored.update((number, set()) for number in unknown)
        for number, profile in run(self._cursor, "session_profiles", ids=unknown):
            self._stored[number].add(read_profile(profile))

    def before(self, session: str) -> set[Profile]:
        """Return what a session had; it must have been looked up."""
        return self._stored[session_id(session)]

    def after(self, session: str) -> set[Profile]:
        """Return what a session has now; it must have been looked up."""
        return self.before(session) | self._new[session_id(session)]

    def has_gateway(self, account: str) -> bool:
        """Tell whether a gateway saw calls of an account that was looked up."""
        number = account_id(account)
        return bool(self._stored[number] or self._new[number])

    def news(self) -> list[ProfileRow]:
        """Return what came in and is not stored; all of it must have been looked up."""
        return [row for row in self._told if self._is_news(*row)]

    def _is_news(self, number: int, profile: str) -> bool:
        return read_profile(profile) not in self._stored[number]

    def is_wanted(self, session: str) -> bool:
        """Tell whether a session must be read as a whole.

        It must if anything in it could be matched without an id, or if what fills
        its gaps changes: another filler is better, or there is no gap any more.
        """
        before, after = self.before(session), self.after(session)
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
