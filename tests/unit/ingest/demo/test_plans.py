from __future__ import annotations

import pytest

from mileage.domain.tokens import Tokens
from mileage.ingest.demo.doorstep import as_seen_by_otlp, showcase, through_door
from mileage.ingest.demo.mixes import client_sets, draw_mix, service_mix
from mileage.ingest.demo.models import (
    CLAUDE_CODE,
    CODEX,
    GPT_CODEX,
    HAIKU,
    MODELS,
    OPUS,
    UNLISTED,
    Style,
)
from mileage.ingest.demo.plan import Plan, Use, sum_tokens
from mileage.ingest.demo.shape import DEFAULT_SHAPE, stream
from mileage.pricing.catalog import shipped

STYLE = Style(0.94, 0.0025, 0.4, 0.5, 0.2)


@pytest.fixture(scope="module")
def plans(simulate):
    return simulate(seed=4, people=1200).plans


@pytest.mark.parametrize("total", [0, 1, 999, 123_457, 10**9, 284_666_666_667])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_style_divides_exactly(model, total):
    tokens = STYLE.tokens(model, total)
    assert tokens.total == total
    assert min(tokens) >= 0
    assert tokens.tool_input == 0


def test_only_claude_writes_to_the_cache():
    assert STYLE.tokens(GPT_CODEX, 10**6).cache_write == 0
    assert STYLE.tokens(GPT_CODEX, 10**6).cache_write_1h == 0
    assert STYLE.tokens(OPUS, 10**6).cache_write > 0
    assert STYLE.tokens(OPUS, 10**6).cache_write_1h > 0


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_list_prices_are_those_of_the_catalog(model, simulate):
    day = simulate(people=1).calendar.days[-1]
    tokens = STYLE.tokens(model, 80_000)
    priced = shipped().cost(model.provider, model.name, day, "", tokens)
    if model is UNLISTED:
        assert priced is None
        assert model.cost(tokens) == 0
    else:
        assert model.cost(tokens) == pytest.approx(priced, abs=2)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_mean_calls_stay_in_the_lowest_price_tier(model, simulate):
    day = simulate(people=1).calendar.days[-1]
    if model is UNLISTED:
        return
    small = STYLE.tokens(model, 10_000)
    large = STYLE.tokens(model, int(model.context[1] * 1.3))
    price = shipped().price(model.provider, model.name, day)
    each = [price.cost(tokens) / tokens.total for tokens in (small, large)]
    assert each[0] == pytest.approx(each[1], rel=0.01)


@pytest.mark.parametrize("count", [0, 1, 7, 100, 1996])
def test_client_sets_keep_their_proportions(count):
    sets = client_sets(count, 0.09, 0.2, stream(1, "c"))
    assert len(sets) == count
    assert sets.count((CLAUDE_CODE, CODEX)) == round(count * 0.09)
    assert sets.count((CODEX,)) == round(count * 0.2)


@pytest.mark.parametrize("clients", [(CLAUDE_CODE,), (CODEX,), (CLAUDE_CODE, CODEX)])
@pytest.mark.parametrize("quantile", [0.01, 0.5, 0.8, 0.999])
def test_a_mix_has_shares_of_one_and_just_these_clients(clients, quantile):
    for seed in range(60):
        mix = draw_mix(clients, quantile, stream(seed, "mix"))
        assert sum(share for _, share in mix) == pytest.approx(1)
        assert min(share for _, share in mix) > 0
        assert {model.client for model, _ in mix} == set(clients)
        assert len({model.name for model, _ in mix}) == len(mix)


def test_big_spenders_are_on_the_dearest_model():
    for seed in range(60):
        main, _ = draw_mix((CLAUDE_CODE,), 0.995, stream(seed, "mix"))[0]
        assert main is OPUS
    mains = {
        draw_mix((CLAUDE_CODE,), 0.3, stream(seed, "mix"))[0][0].name
        for seed in range(200)
    }
    assert HAIKU.name in mains


def test_service_mixes_are_cheap_and_add_up():
    for seed in range(40):
        mix = service_mix(stream(seed, "s"))
        assert sum(share for _, share in mix) == pytest.approx(1)
        assert OPUS not in [model for model, _ in mix]
        assert len({model.name for model, _ in mix}) == len(mix)


def test_sum_tokens():
    assert sum_tokens([]) == Tokens()
    assert sum_tokens([Tokens(1, 2), Tokens(3, 4, 5)]) == Tokens(4, 6, 5)


def test_a_plan_sums_its_uses():
    uses = (
        Use(CLAUDE_CODE, "anthropic", OPUS.name, 2, Tokens(input=10)),
        Use(CODEX, "openai", GPT_CODEX.name, 3, Tokens(output=5)),
        Use(CLAUDE_CODE, "anthropic", HAIKU.name, 1, Tokens(input=1)),
    )
    plan = Plan(None, 0.5, restless=False, uses=uses)
    assert plan.calls == 6
    assert plan.tokens == Tokens(input=11, output=5)
    assert plan.clients == (CLAUDE_CODE, CODEX)
    assert plan.list_cost == 50 + 50 + 1


def test_every_account_has_a_plan_in_order(plans):
    assert [plan.account.number for plan in plans] == list(range(len(plans)))
    for plan in plans:
        assert plan.uses
        for use in plan.uses:
            assert use.calls >= 1
            assert use.tokens.total > 0
            assert min(use.tokens) >= 0
            model = MODELS[use.model]
            assert (use.client, use.provider) == (model.client, model.provider)
        assert len({use.model for use in plan.uses}) == len(plan.uses)


def test_the_heaviest_are_roll_ups_on_cheap_models(plans):
    heavy = sorted(plans, key=lambda plan: -plan.tokens.total)[:2]
    for plan in heavy:
        assert plan.restless
        assert not plan.door
        assert plan.tokens.cache_read / plan.tokens.total > 0.98
        assert len(plan.uses) == 1


def test_joiners_and_leavers_spend_modestly(plans):
    passing = [p for p in plans if p.account.joined or p.account.left]
    assert len(passing) == 30
    assert max(plan.intensity for plan in passing) < 0.62


def test_a_few_people_use_the_unlisted_model(plans):
    users = [p for p in plans if any(u.model == UNLISTED.name for u in p.uses)]
    assert 2 <= len(users) <= 0.04 * len(plans)


def test_the_door_keeps_its_budget(plans):
    door = [plan for plan in plans if plan.door]
    assert sum(plan.calls for plan in door) <= DEFAULT_SHAPE.door_calls
    assert sum(plan.calls for plan in door) > 0.97 * DEFAULT_SHAPE.door_calls
    assert not any(plan.restless for plan in door if plan.habit is None)


def test_the_door_sees_hundreds_of_people_some_of_them_busy(plans):
    door = sorted(plan.calls for plan in plans if plan.door)
    assert len(door) > 150
    assert door[-1] > 1000
    assert sum(calls > 400 for calls in door) >= 5


def test_the_door_sees_the_models_and_people_with_both_clients(simulate):
    org = simulate(seed=1, people=2000)
    door = org.door_plans
    assert any(len(plan.clients) > 1 for plan in door)
    models = {use.model for plan in door for use in plan.uses}
    assert {OPUS.name, GPT_CODEX.name, HAIKU.name} <= models


@pytest.mark.parametrize("budget", [0, 1, 500, 4000, 10**6])
def test_no_budget_is_exceeded(plans, budget):
    closed = tuple(plan for plan in plans if not plan.door)
    opened = through_door(closed, budget)
    assert sum(plan.calls for plan in opened if plan.door) <= budget
    assert [plan.account for plan in opened] == [plan.account for plan in closed]


def test_door_plans_say_only_what_otlp_tells(plans):
    for plan in plans:
        if not plan.door:
            continue
        for use in plan.uses:
            assert use.tokens.cache_write_1h == 0
            if use.client == CLAUDE_CODE:
                assert use.tokens.reasoning == 0


def test_nothing_is_lost_at_the_door():
    tokens = Tokens(1, 2, 3, 4, 5, 6, 0)
    uses = (
        Use(CLAUDE_CODE, "anthropic", OPUS.name, 2, tokens),
        Use(CODEX, "openai", GPT_CODEX.name, 3, tokens),
    )
    seen = as_seen_by_otlp(Plan(None, 0.5, restless=False, uses=uses))
    assert seen.door
    assert seen.uses[0].tokens == Tokens(1, 2, 7, 0, 11, 0, 0)
    assert seen.uses[1].tokens == tokens
    assert seen.tokens.total == 2 * tokens.total


def test_the_showcase_is_a_busy_door_account(plans):
    shown = showcase(plans)
    assert shown.door
    assert len(shown.clients) == 2
    assert shown.calls > 400


def test_without_a_door_somebody_is_shown_all_the_same(simulate):
    org = simulate(people=3, door_calls=0)
    assert org.door_plans == ()
    assert org.showcase in org.accounts


@pytest.mark.parametrize("people", [1, 2, 5, 9, 10, 50, 120])
def test_the_mean_holds_at_any_size(simulate, people):
    plans = [p for p in simulate(people=people).plans if not p.account.service]
    assert len(plans) == people
    total = sum(plan.tokens.total for plan in plans)
    assert total / people == pytest.approx(706e6 * 721 / 720, rel=0.001)
