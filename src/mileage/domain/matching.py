"""Calls that share no id, told by session, model, counts and time: one to one.

In each session the sources are laid on one time line, one after the other: first how
far the next one's clock is off is told from what both have seen, then its sightings
are given to the calls that are there. Where the clocks are known, near that offset
only; where they are not, in order of time within the window.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import UNMEASURED
from mileage.domain.clocks import Difference, Offset, tell_offset
from mileage.domain.joining import plain_model
from mileage.domain.likeness import (
    EXACT,
    LIKENESSES,
    SMALL,
    SURE,
    UNMEASURED_LIKENESS,
    totals,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from mileage.domain.groups import Group
    from mileage.domain.joining import Joining, Profile
    from mileage.domain.likeness import Likeness

CLOSE = 5_000_000
"""Microseconds: within these, without any offset, weak likenesses are believed."""
MOST_PAIRS = 20_000
"""More pairs of one mark tell nothing about clocks, and cost time."""


class Placed(NamedTuple):
    """A group on the time line of its session."""

    time: int
    """UTC microseconds by the clock of the first source."""
    name: tuple[str, str]
    """Source and key: orders what happened at one time."""
    group: Group


def match_sessions(groups: Sequence[Group], joining: Joining) -> None:
    """Let groups take in those of the same session that tell of the same call."""
    sessions: dict[str, list[Group]] = defaultdict(list)
    profiles: dict[str, set[Profile]] = defaultdict(set)
    for group in groups:
        for member in group.members.values():
            for session in member.sessions:
                profiles[session].add(member.profile)
                sessions[session].append(group)
    for session in sorted(sessions):
        if is_live(profiles[session], joining):
            roots = dict.fromkeys(group.root() for group in sessions[session])
            _Session(list(roots), joining).match()


def is_live(profiles: Iterable[Profile], joining: Joining) -> bool:
    """Tell whether anything in a session could be matched without an id.

    Gap fillers cannot: where anything else is, they are not counted.
    """
    known = [one for one in profiles if not joining.is_gap(one.source)]
    return any(
        joining.may_match(one, other)
        for place, one in enumerate(known)
        for other in known[:place]
    )


class _Session:
    """The time line of one session."""

    def __init__(self, groups: list[Group], joining: Joining) -> None:
        self._joining = joining
        self._groups = groups
        self._placed: list[Placed] = []
        self._known: set[Group] = set()

    def match(self) -> None:
        """Lay one source after the other on the line, the lowest precedence first.

        A log's ids are the provider's, so a call keeps its own when telemetry comes.
        """
        sources = {source for group in self._groups for source in group.members}
        for source in sorted(sources, key=self._joining.rank):
            self._lay(source)

    def _lay(self, source: str) -> None:
        arrivals = [
            Placed(group.time(source), _name(group, source), group)
            for group in self._groups
            if source in group.members
            and group.root() is group
            and group not in self._known
        ]
        arrivals.sort(key=_order)
        line = _Line(self._joining, source, self._placed, arrivals)
        if self._placed and arrivals:
            line.pair_up()
        by = line.offset.by if line.offset else 0
        for one in arrivals:
            if one.group.root() is one.group:
                self._placed.append(one._replace(time=one.time - by))
                self._known.add(one.group)
        self._placed.sort(key=_order)


class _Line:
    """What is there already, and what one more source has seen."""

    def __init__(
        self,
        joining: Joining,
        source: str,
        placed: Sequence[Placed],
        arrivals: Sequence[Placed],
    ) -> None:
        self._joining = joining
        self._source = source
        self._placed = placed
        self._arrivals = arrivals
        pairs = [
            joining.pair(other, source)
            for other in {name for one in placed for name in one.group.members}
            if other != source
        ]
        self._window = max((pair.window for pair in pairs), default=0)
        self._spread = max((pair.spread for pair in pairs), default=0)
        self.offset: Offset | None = None

    def pair_up(self) -> None:
        """Give each arrival to the call that it tells of, if that is there."""
        if self._spread < self._window:
            self.offset = self._tell_offset()
        for likeness in LIKENESSES:
            self._by(likeness)
        if any(map(_nameless, (*self._homes(), *self._guests()))):
            for likeness in LIKENESSES:
                self._by(likeness, by_model=False)
        self._by_counts_alone()
        self._by_time_alone()

    def _by(self, likeness: Likeness, *, by_model: bool = True) -> None:
        guests = _marked(self._guests(), likeness, by_model=by_model)
        homes = _marked(self._homes() if guests else [], likeness, by_model=by_model)
        for mark in sorted(homes.keys() & guests.keys(), key=repr):
            self._settle(homes[mark], guests[mark], sure=likeness.sure)

    def _by_counts_alone(self) -> None:
        """Find the calls whose model each side names as the other never does.

        Of a model in a cloud, one may name the deployment or the profile.
        """
        come = [one for one in self._guests() if _is_large(one)]
        if not come:
            return
        theirs, own = self._names_of_others(), self._names()
        come = [one for one in come if _models(one.group).isdisjoint(theirs)]
        there = [one for one in self._homes() if _models(one.group).isdisjoint(own)]
        homes = _marked(there, EXACT, by_model=False)
        guests = _marked(come, EXACT, by_model=False)
        reach = self.offset or Offset(0, self._window)
        for mark in sorted(homes.keys() & guests.keys(), key=repr):
            alike = self._candidates(homes[mark], guests[mark], reach)
            self._only(alike, renamed=True)

    def _names(self) -> set[str]:
        """Return what the arriving source calls the models of this session."""
        return {
            plain_model(one.group.members[self._source].seen.witness.model)
            for one in (*self._placed, *self._arrivals)
            if self._source in one.group.members
        }

    def _names_of_others(self) -> set[str]:
        return {
            plain_model(member.seen.witness.model)
            for one in self._placed
            for source, member in one.group.members.items()
            if source != self._source
        }

    def _by_time_alone(self) -> None:
        """Find the calls of which one of two sources does not know the counts."""
        come = self._guests()
        there = self._homes() if come else []
        for guests, homes in (
            ([one for one in come if _unmeasured(one)], there),
            (come, [one for one in there if _unmeasured(one)]),
        ):
            marks = _marked(homes, UNMEASURED_LIKENESS)
            for mark, some in _marked(guests, UNMEASURED_LIKENESS).items():
                self._settle(marks.get(mark, []), some, sure=False)

    def _settle(
        self, homes: Sequence[Placed], guests: Sequence[Placed], *, sure: bool
    ) -> None:
        """Choose among alike ones by time."""
        if self.offset is not None:
            self._nearest(self._candidates(homes, guests, self.offset))
        elif sure:
            self._in_order(homes, guests)
        else:
            reach = Offset(0, min(CLOSE, self._window))
            self._only(self._candidates(homes, guests, reach))

    def _candidates(
        self, homes: Sequence[Placed], guests: Sequence[Placed], offset: Offset
    ) -> list[tuple[Placed, Placed]]:
        """Return every pair (home, guest) whose times allow it, by closeness."""
        times = [one.time for one in homes]
        found = []
        for guest in guests:
            time = guest.time - offset.by
            for at in range(bisect_left(times, time - offset.reach), len(times)):
                if times[at] > time + offset.reach:
                    break
                far = abs(times[at] - time)
                found.append((far, homes[at].name, guest.name, homes[at], guest))
        found.sort(key=lambda one: one[:3])
        return [(home, guest) for *_, home, guest in found]

    def _nearest(self, candidates: Iterable[tuple[Placed, Placed]]) -> None:
        for home, guest in candidates:
            self._join(home, guest)

    def _only(
        self, candidates: Sequence[tuple[Placed, Placed]], *, renamed: bool = False
    ) -> None:
        """Join pairs that leave no choice on either side."""
        met: dict[tuple[str, str], int] = defaultdict(int)
        for home, guest in candidates:
            met[home.name] += 1
            met[guest.name] += 1
        for home, guest in candidates:
            if met[home.name] == met[guest.name] == 1:
                self._join(home, guest, renamed=renamed)

    def _in_order(self, homes: Sequence[Placed], guests: Sequence[Placed]) -> None:
        """Give each guest to the first free home within the window."""
        waiting = deque(homes)
        for guest in guests:
            while waiting and waiting[0].time < guest.time - self._window:
                waiting.popleft()
            for at, home in enumerate(waiting):
                if home.time > guest.time + self._window:
                    break
                if self._join(home, guest):
                    del waiting[at]
                    break

    def _join(self, home: Placed, guest: Placed, *, renamed: bool = False) -> bool:
        """Join two groups if nothing speaks against it."""
        group, other = home.group.root(), guest.group
        if other.root() is not other or not group.may_take_in(other):
            return False
        pairs = [
            (one.profile, two.profile)
            for one in group.members.values()
            for two in other.members.values()
        ]
        if not any(self._joining.may_match(*pair) for pair in pairs):
            return False
        if any(self._joining.told_apart(*pair) for pair in pairs):
            return False
        models = [_models(one) - {""} for one in (group, other)]
        if not renamed and all(models) and models[0].isdisjoint(models[1]):
            return False
        group.take_in(other)
        return True

    def _homes(self) -> list[Placed]:
        """Return the calls that this source could still have seen, by time."""
        return [one for one in self._placed if self._source not in one.group.members]

    def _guests(self) -> list[Placed]:
        """Return the sightings that no call has taken in, by time."""
        return [one for one in self._arrivals if one.group.root() is one.group]

    def _tell_offset(self) -> Offset | None:
        """Tell how far the arriving source's clock is from the line's."""
        sure = [
            Difference(one.group.time(self._source) - one.time, -number, -number)
            for number, one in enumerate(self._placed, start=1)
            if self._source in one.group.members
        ]
        for likeness in SURE:
            told = [*sure, *self._differences(likeness)]
            offset = tell_offset(told, self._spread)
            if offset is not None:
                return offset
        return None

    def _differences(self, likeness: Likeness) -> Iterator[Difference]:
        """Return the differences of all pairs that may be one call."""
        homes = _marked(self._homes(), likeness)
        reach = Offset(0, self._window + self._spread)
        numbers = {
            one.name: n for n, one in enumerate((*self._placed, *self._arrivals))
        }
        for mark, guests in _marked(self._arrivals, likeness).items():
            if len(guests) * len(homes.get(mark, ())) <= MOST_PAIRS:
                for home, guest in self._candidates(homes.get(mark, []), guests, reach):
                    yield Difference(
                        guest.time - home.time, numbers[home.name], numbers[guest.name]
                    )


def _marked(
    some: Iterable[Placed], likeness: Likeness, *, by_model: bool = True
) -> dict[tuple[str, Hashable], list[Placed]]:
    """Sort groups by model and mark; one of several sources may have several marks."""
    found: dict[tuple[str, Hashable], list[Placed]] = defaultdict(list)
    for one in some:
        witnesses = [member.seen.witness for member in one.group.members.values()]
        marks = {
            (plain_model(witness.model) if by_model else "", likeness.mark(witness))
            for witness in witnesses
        }
        for model, mark in marks:
            if mark is not None:
                found[model, mark].append(one)
    return found


def _models(group: Group) -> set[str]:
    return {plain_model(one.seen.witness.model) for one in group.members.values()}


def _nameless(one: Placed) -> bool:
    return "" in _models(one.group)


def _is_large(one: Placed) -> bool:
    return any(
        totals(member.seen.witness)[0] >= SMALL for member in one.group.members.values()
    )


def _unmeasured(one: Placed) -> bool:
    return all(
        member.seen.witness.measure == UNMEASURED
        for member in one.group.members.values()
    )


def _name(group: Group, source: str) -> tuple[str, str]:
    return source, group.members[source].seen.witness.key


def _order(one: Placed) -> tuple[int, tuple[str, str]]:
    return one.time, one.name
