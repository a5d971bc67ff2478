"""Sessions, turns and calls at their edges, with every draw of chance told."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND
from mileage.ingest.demo import calls
from mileage.ingest.demo.calls import PAUSE, door_calls
from mileage.ingest.demo.door_call import Turn
from mileage.ingest.demo.hours import Cell
from mileage.ingest.demo.models import CLAUDE_CODE, CODEX, GPT_CODEX, OPUS
from tests.unit.ingest.demo.by_hand import ALWAYS, AT, NEVER, Dice, plan, use

HOUR = AT // SECOND // 3600 * 3600
DAY = date(2026, 11, 22)


def cell(hour=HOUR, count=1, tokens=Tokens(), model=OPUS):  # noqa: B008 (frozen)
    return Cell(hour, DAY, model.client, model.provider, model.name, count, tokens)


def session(*draws, client=CLAUDE_CODE, rest=NEVER):
    return calls._Session(client, Dice(*draws, rest=rest))


def turns(one, *instants):
    return [one.turn(AT + after) for after in instants]


def test_a_session_has_at_least_four_calls():
    found = turns(session(rest=ALWAYS), *range(9))
    assert [turn.position for turn in found] == [0, 1, 2, 3, 0, 1, 2, 3, 0]
    assert len({turn.session for turn in found}) == 3


def test_a_session_has_about_as_many_calls_as_chance_says():
    found = turns(session(0.5), *range(24))
    assert [turn.position for turn in found] == [*range(4 + 17), 0, 1, 2]


@pytest.mark.parametrize(("pause", "sessions"), [(PAUSE, 1), (PAUSE + 1, 2)])
def test_a_longer_pause_begins_a_new_session(pause, sessions):
    found = turns(session(NEVER), 0, pause)
    assert len({turn.session for turn in found}) == sessions
    assert found[1].position == (1 if sessions == 1 else 0)


def test_a_pause_counts_from_the_last_call():
    found = turns(session(NEVER), 0, PAUSE, 2 * PAUSE, 3 * PAUSE)
    assert [turn.position for turn in found] == [0, 1, 2, 3]


@pytest.mark.parametrize(("draw", "attended"), [(0.879, True), (0.88, False)])
def test_a_session_is_attended_as_a_whole(draw, attended):
    found = turns(session(NEVER, draw), 0, 1, 2)
    assert {turn.attended for turn in found} == {attended}


def test_a_prompt_leads_to_several_calls():
    found = turns(session(NEVER, ALWAYS, NEVER, 0.15, 0.149, NEVER), 0, 1, 2, 3)
    prompts = [turn.prompt for turn in found]
    assert prompts[0] == prompts[1] == prompts[2]
    assert prompts[2] != prompts[3]


def test_a_new_session_begins_with_a_new_prompt():
    found = turns(session(NEVER), 0, PAUSE + 1)
    assert found[0].prompt != found[1].prompt


@given(st.integers(0, 2**128 - 1), st.sampled_from([4, 7]))
def test_ids_are_what_the_standard_says(bits, version):
    found = UUID(calls.uuid_of(bits, version))
    assert found.version == version
    assert found.variant == "specified in RFC 4122"
    kept = ~(0xF << 76 | 0x3 << 62)
    assert found.int & kept == bits & kept


def test_ids_by_hand():
    assert calls.uuid_of(0, 4) == "00000000-0000-4000-8000-000000000000"
    assert calls.uuid_of(2**128 - 1, 7) == "ffffffff-ffff-7fff-bfff-ffffffffffff"


def test_codex_puts_the_milliseconds_in_front():
    found = calls.session_id(CODEX, AT, Dice())
    assert int(found.replace("-", "")[:12], 16) == AT // 1000
    assert found[14] == "7"
    assert calls.session_id(CLAUDE_CODE, AT, Dice())[14] == "4"


@pytest.mark.parametrize(
    ("draws", "now", "after"),
    [
        ((0.0, 0.5), HOUR + 7200, [0, 1_800_000]),
        ((0.0, 0.9999999), HOUR + 7200, [0, 3_599_999]),
        ((0.5, 0.25), HOUR + 60, [30_000, 15_000]),
        ((0.5, 0.9999999), HOUR, [0, 0]),
        ((0.9999999, 0.5), HOUR + 3600, [3_599_999, 1_800_000]),
    ],
)
def test_instants_lie_in_the_hour_and_not_after_now(draws, now, after):
    found = calls._instants(cell(count=2), now * SECOND, Dice(*draws))
    assert found == [HOUR * SECOND + one * 1000 for one in after]


def placed(*positions):
    return [(AT + one, Turn("s", one, "p", attended=True)) for one in positions]


def test_tokens_are_shared_by_place_in_the_session():
    whole = Tokens(input=350, cache_read=1_000_000, output=10)
    first, second = calls._shared(
        cell(count=2, tokens=whole), placed(0, 20), Dice(rest=0.5)
    )
    # Read: 0.65 x 0.3 of a new session against 0.65 + 0.35; input: 2.5 against 1.
    assert (first.input, second.input) == (250, 100)
    assert first.cache_read == round(1_000_000 * 0.195 / 1.195)
    assert second.cache_read == 1_000_000 - first.cache_read
    assert (first.output, second.output) == (5, 5)
    assert first.cache_write == second.cache_write == 0


def test_a_context_is_summed_up_after_forty_calls():
    whole = Tokens(cache_read=3 * 65_000)
    found = calls._shared(cell(count=3, tokens=whole), placed(40, 80, 120), Dice())
    assert [one.cache_read for one in found] == [65_000] * 3
    grown = calls._shared(cell(count=2, tokens=whole), placed(39, 40), Dice())
    # 0.65 + 0.7 x 39/40 against 0.65 again.
    assert grown[0].cache_read == round(195_000 * 1.3325 / 1.9825)


def test_reasoning_goes_with_the_answer():
    whole = Tokens(output=1000, reasoning=1000)
    rows = calls._shared(cell(count=4, tokens=whole), placed(1, 2, 3, 4), Dice())
    assert [one.output for one in rows] == [one.reasoning for one in rows]


@given(
    counts=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    tokens=st.builds(Tokens, *[st.integers(0, 10**9)] * 7),
)
def test_calls_add_up_to_any_cells(counts, tokens):
    cells = [
        cell(HOUR + place * 3600, count, tokens, (OPUS, GPT_CODEX)[place % 2])
        for place, count in enumerate(counts)
    ]
    found = door_calls(
        1, plan(0, use(OPUS), use(GPT_CODEX)), cells, (HOUR + 10**6) * SECOND
    )
    assert len(found) == sum(counts)
    for one in cells:
        begins = one.hour * SECOND
        own = [call for call in found if begins <= call.at < begins + 3600 * SECOND]
        assert len(own) == one.calls
        assert {call.model for call in own} == {one.model}
        sums = map(sum, zip(*(call.tokens for call in own), strict=True))
        assert Tokens(*sums) == tokens


def test_no_cells_no_calls():
    assert door_calls(1, plan(), [], AT) == []


def test_clients_keep_their_own_sessions_though_they_take_turns():
    cells = [
        cell(count=6, tokens=Tokens(input=60)),
        cell(count=6, tokens=Tokens(input=60), model=GPT_CODEX),
    ]
    found = door_calls(3, plan(0, use(OPUS), use(GPT_CODEX)), cells, AT + 10**10)
    clients = [call.client for call in found]
    assert clients != sorted(clients)
    assert len({(call.client, call.turn.session) for call in found}) == len(
        {call.turn.session for call in found}
    )


def test_calls_depend_on_the_account_and_on_nothing_else_of_it():
    cells = [cell(count=9, tokens=Tokens(input=90))]
    mine = door_calls(1, plan(4), cells, AT)
    assert door_calls(1, plan(4, intensity=0.9, door=True), cells, AT) == mine
    assert door_calls(1, plan(5), cells, AT) != mine
