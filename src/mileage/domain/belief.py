"""What is believed of a call that several sources tell of, and what is only noted.

The prompt's size is known when a request starts, so of sources that differ by a factor
the smaller one is believed and the larger is called inflated. A source that leaves
classes out and agrees in the others is not smaller but silent. Of the answer a log may
have seen a part only: there precedence decides, and finer sources split the totals.
Whose it is says the source that names somebody best, the client's before a gateway's.
Who sold it says a gateway: of the seller a client behind one can only guess.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.domain.call import UNMEASURED, Call
from mileage.domain.copies import naming
from mileage.domain.likeness import COMPARED, differences, joint_counts, totals
from mileage.domain.service import most_told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mileage.domain.call import Seen
    from mileage.domain.groups import Group
    from mileage.domain.joining import Joining
    from mileage.domain.tokens import Tokens
    from mileage.domain.witness import Witness

INFLATED_TENTHS = 15
"""From one and a half times as much a prompt is called inflated."""
_TEXTS = ("session", "project", "agent")
_NO_SELLER = "litellm_proxy"
"""What a LiteLLM proxy says that asked another one: it knows a model's alias."""


def call_id(client: str, identity: str) -> str:
    """Return the opaque, deterministic id of a call.

    The database tells it of plain calls likewise (``plain_as_call``).
    """
    return sha256(f"{client}\0{identity}".encode()).hexdigest()[:32]


def call_of(group: Group, joining: Joining) -> Call:
    """Put the sightings of one call together."""
    if len(group.members) == 1:
        (only,) = group.members.values()
        call = _only_call(group.name, only.seen)
        return call._replace(differs=only.conflict) if only.conflict else call
    seen = [one.seen for one in group.members.values()]
    told = _tell(seen, joining)
    named = sorted(told.ranked, key=lambda one: joining.is_gateway(one.witness.source))
    lead = named[0].witness
    owner = min(named, key=naming)
    provider, model = _sold([one.witness for one in named], joining)
    texts = {
        name: _said_first(getattr(one.witness, name) for one in named)
        for name in _TEXTS
    }
    witnesses = [one.witness for one in told.ranked]
    return Call(
        call_id=call_id(lead.client, _identity(group, joining)),
        account=owner.account,
        asserted=owner.asserted,
        occurred_at=min(witness.occurred_at for witness in witnesses),
        client=lead.client,
        provider=provider,
        model=model,
        tier=most_told([one.witness.tier for one in named]),
        tokens=told.tokens,
        reported_cost=_first([witness.reported_cost for witness in witnesses]),
        attended=_first([one.witness.attended for one in named]),
        sources=tuple(witness.source for witness in witnesses),
        differs=_differing(told, group),
        measure=told.measure,
        inflated=told.inflated,
        keys=tuple(witness.key for witness in witnesses),
        **texts,
    )


def _sold(named: Sequence[Witness], joining: Joining) -> tuple[str, str]:
    """Return who sold a call, and as what: a gateway knows, for it asked.

    Only where it names no model is the model that of the client behind it.
    """
    asked = [
        one
        for one in named
        if joining.is_gateway(one.source) and one.provider not in ("", _NO_SELLER)
    ]
    asked.sort(key=_vagueness)
    known = [*asked, *named]
    model = _said_first(one.model for one in sorted(known, key=_vagueness))
    return _said_first(one.provider for one in known), model


def _vagueness(one: Witness) -> tuple[bool, ...]:
    """Order names by how little they say: a deployment, a profile, none at all."""
    told = one.model
    return not told, told.startswith("arn:"), one.provider.startswith("azure")


def _said_first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def _differing(told: _Told, group: Group) -> tuple[str, ...]:
    """Name what sources disagree about, with another one or with themselves."""
    conflicts = {name for one in group.members.values() for name in one.conflict}
    if not conflicts:
        return told.differs
    return tuple(name for name in COMPARED if name in {*told.differs, *conflicts})


class _Told(NamedTuple):
    """What the witnesses of a call say together."""

    ranked: list[Seen]
    """The one that gives the totals first."""
    tokens: Tokens
    differs: tuple[str, ...]
    measure: str
    inflated: tuple[str, ...]


def _tell(seen: Sequence[Seen], joining: Joining) -> _Told:
    ranked = _by_precedence(seen, joining)
    measured = [one for one in ranked if one.witness.measure != UNMEASURED]
    if not measured or len({_said(one) for one in seen}) == 1:
        return _agreed(ranked)
    silent = [_is_silent(one, measured) for one in measured]
    speaking = [one for one, quiet in zip(measured, silent, strict=True) if not quiet]
    least = min(totals(one.witness)[0] for one in speaking)
    believed, inflated = [], []
    for one in speaking:
        prompt = totals(one.witness)[0]
        if least and prompt * 10 >= least * INFLATED_TENTHS:
            inflated.append((one, f"{one.witness.source}:{_factor(prompt, least)}"))
        else:
            believed.append(one)
    quiet = [one for one, said in zip(measured, silent, strict=True) if said]
    tokens = believed[0].witness.tokens
    for one in (*believed[1:], *quiet):
        tokens = _refine(tokens, one.witness)
    unmeasured = [one for one in ranked if one.witness.measure == UNMEASURED]
    return _Told(
        [*believed, *quiet, *(one for one, _ in inflated), *unmeasured],
        tokens,
        differences([one.witness for one in measured]),
        "",
        tuple(note for _, note in inflated),
    )


def _said(one: Seen) -> tuple[object, ...]:
    return one.witness.measure, *joint_counts(one.witness)


def _agreed(ranked: list[Seen]) -> _Told:
    """Return what all of them say: most joined calls, so it is quick."""
    tokens = ranked[0].witness.tokens
    for one in ranked[1:]:
        tokens = _refine(tokens, one.witness)
    return _Told(ranked, tokens, (), ranked[0].witness.measure, ())


def _by_precedence(seen: Sequence[Seen], joining: Joining) -> list[Seen]:
    """Order by precedence; a pair that the policy orders otherwise changes places."""
    ranked = sorted(
        seen, key=lambda one: joining.rank(one.witness.source), reverse=True
    )
    for _ in ranked:
        for at in range(len(ranked) - 1):
            upper, lower = (one.witness.source for one in ranked[at : at + 2])
            if joining.pair(upper, lower).leads == lower:
                ranked[at : at + 2] = ranked[at + 1], ranked[at]
    return ranked


def _is_silent(one: Seen, measured: Sequence[Seen]) -> bool:
    """Tell whether another one says the same of the prompt, and of more classes."""
    own = _prompt(one.witness)
    return any(
        all(mine in (0, theirs) for mine, theirs in zip(own, said, strict=True))
        and sum(own) < sum(said)
        for said in (_prompt(other.witness) for other in measured)
    )


def _prompt(witness: Witness) -> tuple[int, ...]:
    fresh, read, written, _, tools = joint_counts(witness)
    return fresh, read, written, tools


def _factor(prompt: int, least: int) -> str:
    """Write how many times as much, to a tenth, without a useless zero."""
    tenths = (prompt * 10 + least // 2) // least
    whole, tenth = divmod(tenths, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


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


def _identity(group: Group, joining: Joining) -> str:
    """Name a call by an id, else by the witness of the lowest precedence."""
    if group.name:
        return f"link:{group.name}"
    source = min(group.members, key=joining.rank)
    return f"{source}:{group.members[source].seen.witness.key}"


def _only_call(name: str, seen: Seen) -> Call:
    """Return the call that one source alone saw: most of them, so it is quick."""
    witness, account, asserted = seen
    identity = f"link:{name}" if name else f"{witness.source}:{witness.key}"
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
        differs=(),
        measure=witness.measure,
        keys=(witness.key,),
    )


def _first(values: list[Any]) -> Any:  # noqa: ANN401
    return next((value for value in values if value is not None), None)
