from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from mileage.domain.tokens import Tokens
from mileage.domain.window import SECOND
from mileage.ingest.demo.calls import PAUSE, door_calls
from mileage.ingest.demo.models import CODEX

UUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-([47])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)


@pytest.fixture(scope="module")
def door(company):
    return [
        (plan, door_calls(company.seed, plan, company.cells(plan), company.now))
        for plan in company.door_plans
    ]


@pytest.fixture(scope="module")
def sessions(door):
    found = defaultdict(list)
    for plan, calls in door:
        for call in calls:
            found[plan.account.number, call.turn.session].append(call)
    return found


def test_calls_add_up_to_cells(company, door):
    for plan, calls in door:
        clock_hours = company.calendar.hours
        counts, sums = Counter(), defaultdict(list)
        for call in calls:
            second = call.at // SECOND
            hour = max(one for one in clock_hours if one <= second)
            counts[hour, call.model] += 1
            sums[hour, call.model].append(call.tokens)
        cells = company.cells(plan)
        assert counts == {(c.hour, c.model): c.calls for c in cells}
        for cell in cells:
            rows = sums[cell.hour, cell.model]
            assert Tokens(*map(sum, zip(*rows, strict=True))) == cell.tokens


def test_calls_are_in_order_of_time_and_not_in_the_future(company, door):
    for _, calls in door:
        times = [call.at for call in calls]
        assert times == sorted(times)
        assert times[-1] <= company.now
        assert not any(at % 1000 for at in times)


def test_counts_are_never_negative(door):
    for _, calls in door:
        assert min(min(call.tokens) for call in calls) >= 0
        assert min(call.tokens.total for call in calls) > 0


def test_prompts_fit_into_the_models_context(door):
    for _, calls in door:
        for call in calls:
            limit = 1_000_000 if call.model.startswith("claude-opus") else 400_000
            if call.model.startswith(("claude-sonnet", "claude-haiku")):
                limit = 200_000
            assert sum(call.tokens[:4]) < limit


def test_sessions_belong_to_one_account_and_one_client(sessions):
    owners = defaultdict(set)
    for (number, session), calls in sessions.items():
        owners[session].add(number)
        assert len({call.client for call in calls}) == 1
    assert {len(own) for own in owners.values()} == {1}


def test_positions_count_up_from_zero(sessions):
    for calls in sessions.values():
        assert [call.turn.position for call in calls] == list(range(len(calls)))


def test_sessions_end_with_a_pause(sessions):
    for calls in sessions.values():
        assert all(b.at - a.at <= PAUSE for a, b in pairwise(calls))


def test_sessions_have_a_plausible_length(sessions):
    lengths = sorted(map(len, sessions.values()))
    assert 5 < sum(lengths) / len(lengths) < 60
    assert lengths[-1] > 25


def test_session_ids_are_those_of_the_client(sessions):
    for (_, session), calls in sessions.items():
        version = UUID.fullmatch(session).group(1)
        assert version == ("7" if calls[0].client == CODEX else "4")
        if version == "7":
            milliseconds = int(session.replace("-", "")[:12], 16)
            assert milliseconds == calls[0].at // 1000


def test_a_session_is_attended_or_not_and_most_are(sessions):
    kinds = Counter()
    for calls in sessions.values():
        assert len({call.turn.attended for call in calls}) == 1
        kinds[calls[0].turn.attended] += 1
    assert kinds[True] / len(sessions) == pytest.approx(0.88, abs=0.06)


def test_prompts_have_several_calls(sessions):
    calls = sum(map(len, sessions.values()))
    prompts = {call.turn.prompt for own in sessions.values() for call in own}
    assert 3 < calls / len(prompts) < 9
    assert all(UUID.fullmatch(prompt) for prompt in prompts)


def test_what_was_written_is_read_later(sessions):
    first, later = [], []
    for calls in sessions.values():
        if len(calls) > 10:
            first.append(calls[0].tokens.cache_read / calls[0].tokens.total)
            later.append(calls[9].tokens.cache_read / calls[9].tokens.total)
    assert sum(first) / len(first) < 0.9 < sum(later) / len(later)


def test_equal_arguments_equal_calls(company, door):
    plan, calls = door[3]
    cells = company.cells(plan)
    assert door_calls(company.seed, plan, cells, company.now) == calls
    assert door_calls(company.seed + 1, plan, cells, company.now) != calls


def test_at_the_very_start_of_an_hour_calls_wait_for_it(simulate, company):
    now = company.calendar.hours[-1] * SECOND
    org = simulate(seed=5, people=12, now=now)
    for plan in org.door_plans:
        calls = door_calls(org.seed, plan, org.cells(plan), now)
        assert max(call.at for call in calls) <= now
