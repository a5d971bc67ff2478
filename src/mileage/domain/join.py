"""From witnesses to calls."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeAlias

from mileage.domain.call import Call, Seen, call_id
from mileage.domain.copies import merge_copies
from mileage.domain.copies import preference as _preference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mileage.domain.call import SourceTraits
    from mileage.domain.tokens import Tokens
    from mileage.domain.witness import Witness

SAME_CALL_MICROSECONDS = 120 * 1_000_000


def resolve(seen: Iterable[Seen], traits: Mapping[str, SourceTraits]) -> list[Call]:
    """Derive the calls of a closed set of witnesses.

    Closed: for each witness, all others with its key and its link, or where it
    has no link (or its client joins by counts) its session, are in the set too.
    """
    copies: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for one in seen:
        copies[one.witness.source, one.witness.key].append(one)
    by_client: dict[str, list[Seen]] = defaultdict(list)
    for group in copies.values():
        merged = merge_copies(group)
        by_client[merged.witness.client].append(merged)
    calls: list[Call] = []
    for members in by_client.values():
        linked = traits[members[0].witness.source].join == "link"
        groups = (_by_link if linked else _by_counts)(members, traits)
        calls += [_call(identity, group, traits) for identity, group in groups]
    return calls


Group: TypeAlias = "tuple[str, list[Seen]]"
"""The identity of a call, and the witnesses of it."""


def _by_link(members: list[Seen], traits: Mapping[str, SourceTraits]) -> list[Group]:
    """Group witnesses that share a link; at most one of each source a group.

    A request that nobody named (third-party backends do not) is known by its counts.
    """
    linked: dict[str, list[Seen]] = defaultdict(list)
    for one in members:
        linked[one.witness.link].append(one)
    nameless = linked.pop("", [])
    groups: list[Group] = [
        (_own(one), [one]) for one in nameless if not one.witness.session
    ]
    groups += _by_counts([one for one in nameless if one.witness.session], traits)
    for link, sharing in linked.items():
        first: dict[str, Seen] = {}
        if len(sharing) > 1:
            sharing.sort(key=_preference)
        more = [s for s in sharing if first.setdefault(s.witness.source, s) is not s]
        groups += [(_own(one), [one]) for one in more]
        groups.append((f"link:{link}", list(first.values())))
    return groups


def _own(seen: Seen) -> str:
    return f"{seen.witness.source}:{seen.witness.key}"


def _by_counts(members: list[Seen], traits: Mapping[str, SourceTraits]) -> list[Group]:
    """Pair witnesses of different sources that describe the same response.

    Same session, same counts, close in time; one to one in order of time, so
    two real calls with equal counts stay two.
    """
    alike: dict[tuple[object, ...], dict[str, list[Seen]]] = {}
    for one in members:
        witness = one.witness
        signature = (witness.session, _joint_counts(witness))
        by_source = alike.setdefault(signature, {})
        by_source.setdefault(witness.source, []).append(one)
    groups: list[Group] = []
    for by_source in alike.values():
        # The log goes first: its ids are the provider's, so the call keeps its id
        # when telemetry of it arrives later.
        ordered = sorted(by_source, key=lambda name: traits[name].precedence)
        pairs: list[list[Seen]] = []
        for source in ordered:
            pairs = _pair(pairs, sorted(by_source[source], key=_by_time))
        groups += [(_own(pair[0]), pair) for pair in pairs]
    return groups


def _joint_counts(witness: Witness) -> tuple[int, ...]:
    return (
        witness.input,
        witness.cache_read,
        witness.cache_write + witness.cache_write_1h,
        witness.output + witness.reasoning,
        witness.tool_input,
    )


def _by_time(seen: Seen) -> tuple[int, str]:
    return seen.witness.occurred_at, seen.witness.key


def _pair(groups: list[list[Seen]], arrivals: list[Seen]) -> list[list[Seen]]:
    """Give each arrival to the first free group in reach, else its own group."""
    done: list[list[Seen]] = []
    free = sorted(groups, key=lambda group: _by_time(group[0]))
    for one in arrivals:
        while free and _gap(free[0], one) < -SAME_CALL_MICROSECONDS:
            done.append(free.pop(0))
        if free and _gap(free[0], one) <= SAME_CALL_MICROSECONDS:
            done.append([*free.pop(0), one])
        else:
            done.append([one])
    return done + free


def _gap(group: list[Seen], one: Seen) -> int:
    return group[0].witness.occurred_at - one.witness.occurred_at


def _call(identity: str, group: list[Seen], traits: Mapping[str, SourceTraits]) -> Call:
    """Put the witnesses of one call together; the highest precedence leads."""
    if len(group) == 1:
        return _only_call(identity, group[0])
    ranked = sorted(group, key=lambda one: -traits[one.witness.source].precedence)
    lead = ranked[0].witness
    tokens = lead.tokens
    for one in ranked[1:]:
        tokens = _refine(tokens, one.witness)
    owner = min(ranked, key=lambda one: one.asserted)
    texts = {
        name: next((t for one in ranked if (t := getattr(one.witness, name))), "")
        for name in ("session", "provider", "model", "tier", "project", "agent")
    }
    return Call(
        call_id=call_id(lead.client, identity),
        account=owner.account,
        asserted=owner.asserted,
        occurred_at=min(one.witness.occurred_at for one in ranked),
        client=lead.client,
        tokens=tokens,
        reported_cost=_first([one.witness.reported_cost for one in ranked]),
        attended=_first([one.witness.attended for one in ranked]),
        sources=tuple(one.witness.source for one in ranked),
        keys=tuple(one.witness.key for one in ranked),
        differs=_differences([one.witness for one in ranked]),
        **texts,
    )


def _only_call(identity: str, seen: Seen) -> Call:
    """Return the call that one source alone saw: most of them, so it is quick."""
    witness, account, asserted = seen
    return Call(
        call_id=call_id(witness.client, identity),
        account=account,
        asserted=asserted,
        session=witness.session,
        occurred_at=witness.occurred_at,
        client=witness.client,
        provider=witness.provider,
        model=witness.model,
        tier=witness.tier,
        tokens=witness.tokens,
        reported_cost=witness.reported_cost,
        project=witness.project,
        agent=witness.agent,
        attended=witness.attended,
        sources=(witness.source,),
        keys=(witness.key,),
        differs=(),
    )


def _refine(tokens: Tokens, finer: Witness) -> Tokens:
    """Take only the *split* of a total from a finer source."""
    writes = tokens.cache_write + tokens.cache_write_1h
    hour = max(tokens.cache_write_1h, min(finer.cache_write_1h, writes))
    output = tokens.output + tokens.reasoning
    reasoning = max(tokens.reasoning, min(finer.reasoning, output))
    return tokens._replace(
        cache_write=writes - hour,
        cache_write_1h=hour,
        output=output - reasoning,
        reasoning=reasoning,
    )


_COMPARED = ("input", "cache_read", "cache_write", "output", "tool_input")


def _differences(witnesses: list[Witness]) -> tuple[str, ...]:
    """Name the classes whose totals differ between sources."""
    joint = [_joint_counts(witness) for witness in witnesses]
    return tuple(
        name
        for name, values in zip(_COMPARED, zip(*joint, strict=True), strict=True)
        if len(set(values)) > 1
    )


def _first(values: list[Any]) -> Any:  # noqa: ANN401
    return next((value for value in values if value is not None), None)
