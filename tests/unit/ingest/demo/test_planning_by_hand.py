"""Plans, mixes and the choice of the door, worked out on paper."""

from __future__ import annotations

from datetime import date

import pytest

from mileage.domain.tokens import Tokens
from mileage.ingest.demo import mixes, planning
from mileage.ingest.demo.doorstep import as_seen_by_otlp, showcase, through_door
from mileage.ingest.demo.mixes import client_sets, draw_mix, service_mix
from mileage.ingest.demo.models import (
    CLAUDE_CODE,
    CODEX,
    GPT_CODEX,
    GPT_CODEX_MINI,
    HAIKU,
    OPUS,
    SONNET,
    UNLISTED,
    Style,
)
from mileage.ingest.demo.plan import Use
from mileage.ingest.demo.planning import draw_plans
from mileage.ingest.demo.shape import Shape, stream
from tests.unit.ingest.demo.by_hand import (
    KNOWN,
    NEVER,
    Dice,
    account,
    plan,
    use,
)

DAY = date(2026, 11, 1)
STYLE = Style(
    cache_share=0.9,
    output_share=0.02,
    reasoning_share=0.25,
    hour_share=0.5,
    input_share=0.25,
)


def test_a_style_by_hand():
    assert STYLE.tokens(OPUS, 1000) == Tokens(20, 900, 30, 30, 15, 5)
    assert STYLE.tokens(GPT_CODEX, 1000) == Tokens(80, 900, 0, 0, 15, 5)


def test_list_prices_by_hand():
    millions = Tokens(*[1_000_000] * 7)
    dollars = {model.name: model.cost(millions) / 1e6 for model in KNOWN}
    assert dollars == {
        OPUS.name: 5 + 0.5 + 6.25 + 10 + 25 + 25 + 5,
        SONNET.name: 3 + 0.3 + 3.75 + 6 + 15 + 15 + 3,
        HAIKU.name: 1 + 0.1 + 1.25 + 2 + 5 + 5 + 1,
        UNLISTED.name: 0,
        GPT_CODEX.name: 1.25 + 0.125 + 1.25 + 1.25 + 10 + 10 + 1.25,
        GPT_CODEX_MINI.name: 0.25 + 0.025 + 0.25 + 0.25 + 2 + 2 + 0.25,
    }


def test_agents_in_a_loop_by_hand():
    first = planning._loop_plan(account(3), 1_000_000_000, 0, Shape())
    assert (first.intensity, first.restless, first.door) == (1.0, True, False)
    assert first.uses == (
        Use(
            CODEX,
            "openai",
            GPT_CODEX_MINI.name,
            4166,
            Tokens(14_200_000, 985_000_000, 0, 0, 560_000, 240_000),
        ),
    )
    second = planning._loop_plan(account(3), 1_700_000, 1, Shape())
    (only,) = second.uses
    assert (only.model, only.calls) == (HAIKU.name, 10)
    assert planning._loop_plan(account(3), 5, 2, Shape()).uses[0].model == (
        GPT_CODEX_MINI.name
    )
    assert planning._loop_plan(account(3), 5, 0, Shape()).calls == 1


def test_uses_by_hand():
    mix = [(OPUS, 0.75), (HAIKU, 0.25)]
    found = planning._uses(mix, 100_000_000, STYLE, Dice(0.5, 0.0))
    assert [(one.model, one.calls) for one in found] == [
        (OPUS.name, round(75_000_000 / 170_000)),
        (HAIKU.name, round(25_000_000 / 45_000)),
    ]
    assert [one.tokens.total for one in found] == [75_000_000, 25_000_000]


def test_a_service_by_hand():
    # 1.4 times the mean; the second of the mixes; calls of a middling size.
    dice = Dice(0.5, 0.5, 0.5, 0.5, 0.25)
    found = planning._service_plan(dice, account(9, kind="service"), 1_000_000_000)
    assert (found.restless, found.door, found.intensity) == (True, False, 0.25)
    main, side = found.uses
    assert (main.model, main.tokens.total) == (HAIKU.name, 1_120_000_000)
    assert (side.model, side.tokens.total) == (SONNET.name, 280_000_000)
    assert (main.calls, side.calls) == (17_920, round(280_000_000 / 72_500))
    assert main.tokens.cache_read == 1_041_600_000
    assert main.tokens.output + main.tokens.reasoning == 3_360_000
    assert main.tokens.reasoning == 672_000
    assert main.tokens.cache_write_1h == 0
    assert main.tokens.input == (1_120_000_000 - 1_041_600_000 - 3_360_000) // 4


def test_a_model_that_is_used_has_one_call_at_least():
    found = planning._uses([(OPUS, 0.5), (HAIKU, 0.5)], 10, STYLE, Dice())
    assert [(one.calls, one.tokens.total) for one in found] == [(1, 5), (1, 5)]


@pytest.mark.parametrize(
    ("mix", "dollars"),
    [
        # 0.02 input, 0.9 read, 0.03 + 0.03 written, 0.02 answered, at list price.
        ([(OPUS, 1.0)], 5 * (0.02 + 0.09 + 0.0375 + 0.06 + 0.1)),
        ([(HAIKU, 1.0)], 0.02 + 0.09 + 0.0375 + 0.06 + 0.1),
        ([(OPUS, 0.5), (HAIKU, 0.5)], 3 * (0.02 + 0.09 + 0.0375 + 0.06 + 0.1)),
        ([(HAIKU, 0.5), (UNLISTED, 0.5)], 0.5 * 0.3075),
    ],
)
def test_what_a_token_of_somebody_costs(mix, dollars):
    draft = planning._Draft(account(), 0.5, 1.0, mix, STYLE)
    assert draft.unit_cost == pytest.approx(dollars)


def test_tokens_follow_from_spend_and_price():
    dear = planning._Draft(account(0), 0.9, 4.0, [(OPUS, 1.0)], STYLE)
    cheap = planning._Draft(account(1), 0.4, 1.0, [(HAIKU, 1.0)], STYLE)
    found = planning._people_plans([dear, cheap], 9_000_000, 1)
    # Four times the spend at five times the price is four fifths of the tokens.
    assert [one.tokens.total for one in found] == [4_000_000, 5_000_000]
    assert [one.intensity for one in found] == [0.9, 0.4]
    assert not any(one.restless for one in found)


def test_ranks_are_given_once_and_modest_ones_to_who_comes_or_goes():
    people = [account(place) for place in range(10)]
    people[2] = account(2, joined=DAY)
    people[7] = account(7, left=DAY)
    found = planning._ranks(people, Dice())
    assert sorted(found) == [*range(10)]
    assert (found[2], found[7]) == (0, 1)
    assert [found[place] for place in (0, 1, 3)] == [9, 8, 7]


@pytest.mark.parametrize("seed", range(5))
def test_nobody_who_comes_or_goes_spends_much(seed):
    people = [account(place, joined=DAY if place < 6 else None) for place in range(20)]
    found = planning._ranks(people, stream(seed, "ranks"))
    assert sorted(found) == [*range(20)]
    assert max(found[:6]) < 12


def test_everybody_may_come_or_go():
    people = [account(place, joined=DAY) for place in range(3)]
    assert sorted(planning._ranks(people, stream(1, "r"))) == [0, 1, 2]


@pytest.mark.parametrize("seed", range(3))
def test_drafts_keep_their_limits(seed):
    people = [account(place) for place in range(60)]
    shape = Shape(loops=())
    drafts = planning._drafts(seed, people, 60, shape)
    assert [draft.account for draft in drafts] == people
    assert sorted(draft.quantile for draft in drafts) == [
        (rank + 0.5) / 60 for rank in range(60)
    ]
    by_rank = sorted(drafts, key=lambda draft: draft.quantile)
    assert by_rank == sorted(drafts, key=lambda draft: draft.weight)
    for draft in drafts:
        style = draft.style
        assert 0.85 <= style.cache_share <= 0.975
        assert 0.6 * 0.002 <= style.output_share <= 1.4 * 0.002
        assert 0.1 <= style.reasoning_share <= 0.5
        assert style.hour_share == 0 or 0.1 <= style.hour_share <= 0.6
        assert 0.1 <= style.input_share <= 0.35
        assert sum(share for _, share in draft.mix) == pytest.approx(1)
    assert 10 < sum(draft.style.hour_share == 0 for draft in drafts) < 58


def test_plans_of_a_few_people_add_up():
    people = [account(0), account(1), account(2), account(3, kind="service")]
    shape = Shape(mean_tokens=1_000_000, days=10, lead_hours=24, door_calls=0)
    plans = draw_plans(1, people, shape)
    assert [one.account.number for one in plans] == [0, 1, 2, 3]
    total = sum(one.tokens.total for one in plans[:3])
    assert total == pytest.approx(3 * 1_100_000, abs=10)
    assert [one.restless for one in plans] == [False, False, False, True]
    assert 0.29 * 1_100_000 < plans[3].tokens.total < 2.51 * 1_100_000


def test_loops_have_their_multiples_and_the_others_the_rest():
    people = [account(place) for place in range(20)]
    shape = Shape(mean_tokens=1_000_000, lead_hours=0, loops=(400.0,), door_calls=0)
    plans = draw_plans(1, people, shape)
    heavy = [one for one in plans if one.restless]
    assert [one.tokens.total for one in heavy] == [4_000_000]
    assert sum(one.tokens.total for one in plans) == pytest.approx(20_000_000, abs=40)


def test_nobody_in_a_loop_comes_or_goes():
    people = [account(place, joined=DAY if place else None) for place in range(12)]
    for seed in range(5):
        plans = draw_plans(seed, people, Shape(door_calls=0))
        assert [one.account.number for one in plans if one.restless] == [0]


@pytest.mark.parametrize(
    ("clients", "quantile", "draws", "expected"),
    [
        ((CLAUDE_CODE,), 0.995, (NEVER, NEVER), [(OPUS, 1.0)]),
        ((CLAUDE_CODE,), 0.995, (0.249, 0.0, NEVER), [(OPUS, 0.9), (SONNET, 0.1)]),
        ((CLAUDE_CODE,), 0.995, (0.25, 0.449, 0.0), [(OPUS, 0.97), (HAIKU, 0.03)]),
        ((CLAUDE_CODE,), 0.7, (0.549, NEVER, NEVER, NEVER), [(OPUS, 1.0)]),
        ((CLAUDE_CODE,), 0.7, (0.55, NEVER, NEVER, NEVER), [(SONNET, 1.0)]),
        (
            (CLAUDE_CODE,),
            0.7,
            (0.55, 0.149, 0.5, NEVER, NEVER),
            [(SONNET, 0.8), (OPUS, 0.2)],
        ),
        ((CLAUDE_CODE,), 0.6, (0.55, 0.779, NEVER, NEVER, NEVER), [(SONNET, 1.0)]),
        ((CLAUDE_CODE,), 0.6, (0.55, 0.78, NEVER), [(HAIKU, 1.0)]),
        (
            (CLAUDE_CODE,),
            0.6,
            (0.55, 0.78, 0.0149, 0.0),
            [(HAIKU, 0.9), (UNLISTED, 0.1)],
        ),
        ((CLAUDE_CODE,), 0.6, (0.55, 0.78, 0.015), [(HAIKU, 1.0)]),
        ((CODEX,), 0.59, (0.249,), [(GPT_CODEX_MINI, 1.0)]),
        ((CODEX,), 0.59, (0.25, 0.4), [(GPT_CODEX, 1.0)]),
        ((CODEX,), 0.6, (0.4,), [(GPT_CODEX, 1.0)]),
        ((CODEX,), 0.6, (0.399, 0.0), [(GPT_CODEX, 0.95), (GPT_CODEX_MINI, 0.05)]),
        (
            (CLAUDE_CODE, CODEX),
            0.995,
            (NEVER, NEVER, 0.5, NEVER),
            [(OPUS, 0.6), (GPT_CODEX, 0.4)],
        ),
    ],
)
def test_mixes_by_hand(clients, quantile, draws, expected):
    found = draw_mix(clients, quantile, Dice(*draws))
    assert [model for model, _ in found] == [model for model, _ in expected]
    assert [share for _, share in found] == pytest.approx(
        [share for _, share in expected]
    )


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (0.0, {SONNET: 0.8, HAIKU: 0.2}),
        (0.5, {HAIKU: 0.8, SONNET: 0.2}),
        (0.9, {GPT_CODEX_MINI: 1.0}),
    ],
)
def test_mixes_of_services(draw, expected):
    assert dict(service_mix(Dice(draw))) == pytest.approx(expected)


def test_an_equal_model_is_merged_at_its_first_place():
    mix = [(OPUS, 0.5), (HAIKU, 0.25), (OPUS, 0.25)]
    assert mixes._merged(mix) == [(OPUS, 0.75), (HAIKU, 0.25)]


def test_client_sets_by_hand():
    assert client_sets(10, 0.1, 0.2, Dice()) == [
        (CLAUDE_CODE, CODEX),
        *[(CODEX,)] * 2,
        *[(CLAUDE_CODE,)] * 7,
    ]


def opened(budget, *plans):
    through = through_door(tuple(plans), budget)
    return {one.account.number for one in through if one.door}


def sized(number, calls, *models, **fields):
    models = models or (OPUS,)
    uses = [use(models[0], calls - len(models) + 1), *map(use, models[1:])]
    return plan(number, *uses, **fields)


def test_the_door_by_hand():
    plans = (
        sized(0, 400),
        sized(1, 40, OPUS, GPT_CODEX),
        sized(2, 600),
        sized(3, 5),
        sized(4, 1, restless=True),
    )
    assert opened(1000, *plans) == {0, 1, 3}
    assert opened(444, *plans) == {1, 3}
    assert opened(445, *plans) == {0, 1, 3}
    assert opened(4, *plans) == set()
    assert opened(0, *plans) == set()


def test_those_worth_a_look_get_less_than_a_third_of_the_door():
    worth = [sized(number, 50) for number in range(10)]
    small = [sized(number, 7) for number in range(10, 110)]
    found = opened(1000, *worth, *small)
    assert [number for number in found if number < 10] == [*range(6)]
    assert len(found) == 6 + 100


def test_ten_at_most_are_worth_a_look():
    worth = [sized(number, 80) for number in range(12)]
    small = [sized(number, 79) for number in range(12, 150)]
    found = opened(10_000, *worth, *small)
    assert [number for number in found if number < 12] == [*range(10)]
    assert len(found) == 10 + 116


@pytest.mark.parametrize(("calls", "worth"), [(7, False), (8, True), (50, True)])
def test_whose_month_is_worth_a_look(calls, worth):
    small = [sized(number, calls - 1) for number in range(1, 200)]
    assert (0 in opened(1000, sized(0, calls), *small)) is worth


def test_several_clients_come_first_then_several_models():
    one = [sized(number, 50) for number in range(8)]
    models = [sized(number, 50, OPUS, HAIKU) for number in (8, 9, 10)]
    clients = [sized(number, 50, OPUS, GPT_CODEX) for number in (11, 12)]
    small = [sized(number, 7) for number in range(13, 140)]
    found = opened(1000, *one, *models, *clients, *small)
    assert {number for number in found if number < 13} == {0, 8, 9, 10, 11, 12}


def test_the_door_changes_nothing_of_those_who_stay_outside():
    plans = (sized(0, 5), sized(1, 5000))
    through = through_door(plans, 100)
    assert through[1] is plans[1]
    assert through[0] == as_seen_by_otlp(plans[0])
    assert through[0] != plans[0]


def test_equally_small_accounts_go_by_number():
    assert opened(10, *(sized(number, 5) for number in (3, 1, 2))) == {1, 2}


@pytest.mark.parametrize(
    ("plans", "shown"),
    [
        ([sized(0, 900), sized(1, 5, door=True)], 1),
        ([sized(0, 900, door=True), sized(1, 5, OPUS, GPT_CODEX, door=True)], 1),
        ([sized(0, 900, door=True), sized(1, 5, OPUS, HAIKU, door=True)], 0),
        ([sized(0, 5), sized(1, 6)], 1),
    ],
)
def test_who_is_shown(plans, shown):
    assert showcase(tuple(plans)).account.number == shown


def test_who_is_shown_stands_on_the_board_of_people():
    guest = sized(
        0, 900, OPUS, GPT_CODEX, door=True, account=account(0, kind="contractor")
    )
    plans = (guest, sized(1, 5, door=True))
    assert showcase(plans).account.number == 1
