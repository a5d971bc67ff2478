"""Draw plans whose sum has the reported shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.ingest.demo.mixes import Mix, client_sets, draw_mix, service_mix
from mileage.ingest.demo.models import GPT_CODEX_MINI, HAIKU, Style
from mileage.ingest.demo.plan import Plan, Use
from mileage.ingest.demo.shape import Shape, spend_weights, stream

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from mileage.ingest.demo.people import Account

LOOP_MODELS = ((GPT_CODEX_MINI, 240_000), (HAIKU, 170_000))
"""What agents in a loop run on, and the tokens of their mean call."""
NEWCOMERS_BELOW = 0.6
"""Quantile of spend: who joins or leaves has no whole month to spend in."""
GIGA = 1_000_000_000


class _Draft(NamedTuple):
    """A person before the scale of the organisation is known."""

    account: Account
    quantile: float
    weight: float
    mix: Mix
    style: Style

    @property
    def unit_cost(self) -> float:
        """Return micro-dollars for a token of this person."""
        costs = (
            share * model.cost(self.style.tokens(model, GIGA))
            for model, share in self.mix
        )
        return sum(costs) / GIGA


def draw_plans(
    seed: int, accounts: Sequence[Account], shape: Shape
) -> tuple[Plan, ...]:
    """Return a plan for every account, in the order of ``accounts``."""
    people = [one for one in accounts if not one.service]
    mean = shape.mean_tokens * (1 + shape.lead_hours / (shape.days * 24))
    multiples = shape.loop_multiples(len(people))
    steady = [one for one in people if not (one.joined or one.left)]
    loopers = stream(seed, "loops").sample(steady, min(len(multiples), len(steady)))
    plans = [
        _loop_plan(account, round(multiple * mean), place, shape)
        for place, (account, multiple) in enumerate(
            zip(loopers, multiples, strict=False)
        )
    ]
    looping = {one.number for one in loopers}
    others = [one for one in people if one.number not in looping]
    if others:
        rest = mean * (len(people) - sum(multiples))
        plans += _people_plans(_drafts(seed, others, len(people), shape), rest, seed)
    plans += [
        _service_plan(stream(seed, "service", one.number), one, mean)
        for one in accounts
        if one.service
    ]
    plans.sort(key=lambda plan: plan.account.number)
    return tuple(plans)


def _loop_plan(account: Account, total: int, place: int, shape: Shape) -> Plan:
    model, context = LOOP_MODELS[place % len(LOOP_MODELS)]
    style = Style(
        cache_share=shape.loop_cache_share,
        output_share=shape.loop_output_share,
        reasoning_share=0.3,
        hour_share=0.0,
        input_share=0.3,
    )
    tokens = style.tokens(model, total)
    calls = max(1, total // context)
    use = Use(model.client, model.provider, model.name, calls, tokens)
    return Plan(account, 1.0, restless=True, uses=(use,))


def _service_plan(rng: random.Random, account: Account, mean: float) -> Plan:
    style = Style(0.93, 0.003, 0.2, 0.0, 0.25)
    total = mean * rng.uniform(0.3, 2.5)
    uses = _uses(service_mix(rng), total, style, rng)
    return Plan(account, rng.random(), restless=True, uses=uses)


def _people_plans(drafts: list[_Draft], total: float, seed: int) -> list[Plan]:
    """Scale everybody's tokens so that spend keeps its curve and tokens their sum."""
    wanted = [draft.weight / draft.unit_cost for draft in drafts]
    scale = total / sum(wanted)
    plans = []
    for draft, tokens in zip(drafts, wanted, strict=True):
        rng = stream(seed, "uses", draft.account.number)
        uses = _uses(draft.mix, tokens * scale, draft.style, rng)
        plans.append(Plan(draft.account, draft.quantile, restless=False, uses=uses))
    return plans


def _uses(mix: Mix, total: float, style: Style, rng: random.Random) -> tuple[Use, ...]:
    uses = []
    for model, share in mix:
        part = round(total * share)
        calls = max(1, round(part / rng.uniform(*model.context)))
        tokens = style.tokens(model, part)
        uses.append(Use(model.client, model.provider, model.name, calls, tokens))
    return tuple(uses)


def _drafts(
    seed: int, people: Sequence[Account], everybody: int, shape: Shape
) -> list[_Draft]:
    rng = stream(seed, "drafts")
    weights = spend_weights(len(people), shape, rng)
    clients = client_sets(len(people), shape.several_clients, shape.codex_only, rng)
    cache = shape.others(shape.cache_share, shape.loop_cache_share, everybody)
    output = shape.others(shape.output_share, shape.loop_output_share, everybody)
    drafts = []
    for account, rank, own in zip(people, _ranks(people, rng), clients, strict=True):
        quantile = (rank + 0.5) / len(people)
        style = Style(
            cache_share=min(0.975, max(0.85, rng.gauss(cache, 0.012))),
            output_share=output * rng.uniform(0.6, 1.4),
            reasoning_share=rng.uniform(0.1, 0.5),
            hour_share=rng.choice((0.0, 0.0, rng.uniform(0.1, 0.6))),
            input_share=rng.uniform(0.1, 0.35),
        )
        mix = draw_mix(own, quantile, rng)
        drafts.append(_Draft(account, quantile, weights[rank], mix, style))
    return drafts


def _ranks(people: Sequence[Account], rng: random.Random) -> list[int]:
    """Give everybody a rank of spend; joiners and leavers a modest one."""
    ranks = list(range(len(people)))
    passing = [place for place, one in enumerate(people) if one.joined or one.left]
    modest = ranks[: max(len(passing), int(len(people) * NEWCOMERS_BELOW))]
    taken = rng.sample(modest, len(passing))
    free = sorted(set(ranks) - set(taken))
    rng.shuffle(free)
    given = dict(zip(passing, taken, strict=True))
    return [given[place] if place in given else free.pop() for place in ranks]
