"""What may be joined with what: the policy, and behind it the sources' traits."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import SourceTraits
from mileage.domain.join_policy import JoinPolicy, PairRule, SourceRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mileage.domain.copies import Eldest
    from mileage.domain.witness import Witness

_KIND = re.compile(r"([a-z]{2,12})[_-]")
_PATH = re.compile(r".*/")
_DECORATION = re.compile(r"\[[^\]]*\]$|[@:].*$")
_BEDROCK = re.compile(r"^(?:us-gov\.|[a-z]+\.)?[a-z]+\.([a-z].*?)(?:-v\d+)?$")
_DATE = re.compile(r"-(?:20\d{6}|20\d\d-\d\d-\d\d|latest)$")


class Profile(NamedTuple):
    """What decides with which other witnesses of a session one can be joined."""

    source: str
    client: str
    kinds: frozenset[str]
    """Of the ids that it has: ``req``, ``msg``, ``resp``, ..."""


class Pair(NamedTuple):
    """How the witnesses of two sources are joined."""

    by_ids: bool
    by_counts: bool
    across_clients: bool
    window: int
    spread: int
    leads: str


class Joining:
    """Answers what the join has to know about sources; remembers its answers."""

    def __init__(
        self,
        traits: Mapping[str, SourceTraits],
        policy: JoinPolicy | None = None,
        eldest: Eldest = min,
    ) -> None:
        self.eldest = eldest
        self.policy = policy or JoinPolicy()
        self._traits = dict(traits)
        self._rules = {one.name: one for one in self.policy.sources}
        self._named = {
            frozenset((one.first, one.second)): one for one in self.policy.pairs
        }
        self._pairs: dict[tuple[str, str], Pair] = {}

    def traits(self, source: str) -> SourceTraits:
        """Return a source's traits, cautious ones for a source that is gone."""
        found = self._traits.get(source)
        if found is None:
            found = SourceTraits(source, "", 0, "counts", replayable=True)
            self._traits[source] = found
        return found

    def precedence(self, source: str) -> int:
        """Return how well a source knows the totals."""
        said = self._rule(source).precedence
        return self.traits(source).precedence if said is None else said

    def rank(self, source: str) -> tuple[int, str]:
        """Order sources, the one of the lowest precedence first."""
        return self.precedence(source), source

    def is_gap(self, source: str) -> bool:
        """Tell whether a source only fills gaps."""
        return self.traits(source).gap

    def is_gateway(self, source: str) -> bool:
        """Tell whether a source sees calls of other clients."""
        return self.traits(source).gateway

    def ids(self, witness: Witness) -> tuple[str, ...]:
        """Return every id that other sources may know the call by."""
        ids = witness.link.split()
        if self._rule(witness.source).key_is_id and _KIND.match(witness.key):
            ids.append(witness.key)
        return tuple(ids)

    def profile(self, witness: Witness) -> Profile:
        """Return what decides with which others a witness can be joined."""
        kinds = frozenset(kind(one) for one in self.ids(witness))
        return Profile(witness.source, witness.client, kinds)

    def pair(self, first: str, second: str) -> Pair:
        """Return how two sources are joined."""
        known = self._pairs.get((first, second))
        if known is None:
            known = self._pairs[first, second] = self._pair(first, second)
        return known

    def may_match(self, one: Profile, other: Profile) -> bool:
        """Tell whether witnesses that share no id could yet be of one call."""
        if one.source == other.source:
            return False
        pair = self.pair(one.source, other.source)
        if not pair.by_counts or self.told_apart(one, other):
            return False
        return pair.across_clients or one.client == other.client

    def told_apart(self, one: Profile, other: Profile) -> bool:
        """Tell whether two that share no id must be of two calls.

        They must if both have an id of the same kind: a request has one.
        """
        if one.kinds.isdisjoint(other.kinds):
            return False
        return not (
            self._rule(one.source).rewrites_ids or self._rule(other.source).rewrites_ids
        )

    def _rule(self, source: str) -> SourceRule:
        found = self._rules.get(source)
        if found is None:
            found = self._rules[source] = SourceRule(source)
        return found

    def _pair(self, first: str, second: str) -> Pair:
        named = self._named.get(frozenset((first, second)))
        rule = named or PairRule(first, second)
        across = named is not None or any(map(self.is_gateway, (first, second)))
        rules = (self._rule(first), self._rule(second))
        windows = [one.window for one in rules if one.window is not None]
        spreads = [one.spread for one in rules if one.spread is not None]
        policy = self.policy
        return Pair(
            by_ids="ids" in rule.keys,
            by_counts="counts" in rule.keys,
            across_clients=across,
            window=_said(rule.window, max(windows, default=policy.window)),
            spread=_said(rule.spread, max(spreads, default=policy.spread)),
            leads=rule.leads,
        )


def _said(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def kind(name: str) -> str:
    """Return what an id is the id of: ``req`` of ``req_011C``."""
    found = _KIND.match(name)
    return found[1] if found else "?"


@lru_cache(maxsize=1024)
def plain_model(model: str) -> str:
    """Return a model's name less what sources write around it.

    ``openrouter/anthropic/claude-opus-4-8-20260101[1m]`` is ``claude-opus-4-8``, and so
    is Bedrock's ``us.anthropic.claude-opus-4-8-20260101-v1:0``.
    """
    bare = _DECORATION.sub("", _PATH.sub("", model.lower()))
    bare = _BEDROCK.sub(r"\1", bare)
    return _DATE.sub("", bare).replace(".", "-")
