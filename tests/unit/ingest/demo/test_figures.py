"""The reported figures, measured on whole organisations of 2,000 people.

Tolerances are absolute. They are what three seeds, at three different moments of
the week and of the year, have to meet; the targets are those of the reports.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from mileage.domain.tokens import NO_TOKENS, Tokens
from mileage.domain.window import SECOND, Window, micros
from mileage.pricing.catalog import shipped

PEOPLE = 2000
MOMENTS = {
    1: datetime(2026, 11, 22, 2, 50, tzinfo=UTC),  # a Sunday night
    2: datetime(2026, 11, 5, 15, 5, tzinfo=UTC),  # after the clocks went back
    3: datetime(2026, 4, 13, 7, 30, tzinfo=UTC),  # after they went forward
}


class Measured(NamedTuple):
    tokens: dict[str, Tokens]
    """By e-mail, in the rolling window, services left out."""
    cost: dict[str, int]
    person_days: Counter
    volume: Counter
    """Tokens of people by day; who works through the night left out."""
    clients: dict[str, set[str]]
    services: int
    """Tokens of services."""
    unpriced: set[str]


def measure(org) -> Measured:
    catalog = shipped()
    window = Window.rolling(30, now=org.now, zone=org.zone)
    found = Measured({}, {}, Counter(), Counter(), defaultdict(set), 0, set())
    services = 0
    for plan in org.plans:
        cells = [c for c in org.cells(plan) if c.hour * SECOND in window]
        email = plan.account.email
        if plan.account.service:
            services += sum(cell.tokens.total for cell in cells)
            continue
        parts = defaultdict(list)
        for cell in cells:
            parts[cell.provider, cell.model].append((cell.calls, *cell.tokens))
            if not plan.restless:
                found.volume[cell.day] += sum(cell.tokens)
        found.clients[email].update(cell.client for cell in cells)
        found.person_days.update({cell.day for cell in cells})
        total, cost = NO_TOKENS, 0
        for (provider, model), rows in parts.items():
            calls, *sums = map(sum, zip(*rows, strict=True))
            tokens = Tokens(*sums)
            mean = Tokens(*(count // calls for count in tokens))
            day = org.calendar.days[-1]
            each = catalog.cost(provider, model, day, "", mean)
            if each is None:
                found.unpriced.add(model)
            cost += calls * (each or 0)
            total = total.plus(tokens)
        found.tokens[email], found.cost[email] = total, cost
    return found._replace(services=services)


@pytest.fixture(scope="module", params=sorted(MOMENTS))
def measured(request, simulate):
    now = micros(MOMENTS[request.param])
    org = simulate(seed=request.param, people=PEOPLE, now=now)
    return measure(org)


def share_of_spend(measured, part):
    costs = sorted(measured.cost.values(), reverse=True)
    return sum(costs[: round(PEOPLE * part)]) / sum(costs)


def whole(measured):
    return Tokens(*map(sum, zip(*measured.tokens.values(), strict=True)))


def test_every_person_has_used_something_in_the_window(measured):
    assert len(measured.tokens) == PEOPLE
    assert min(tokens.total for tokens in measured.tokens.values()) > 0


def test_mean_is_706_million_tokens_a_person(measured):
    assert whole(measured).total / PEOPLE == pytest.approx(706e6, rel=0.03)


def test_top_account_is_400_times_the_mean(measured):
    totals = sorted((one.total for one in measured.tokens.values()), reverse=True)
    assert totals[0] / (sum(totals) / PEOPLE) == pytest.approx(398, rel=0.03)
    assert totals[0] > 3 * totals[1]


def test_95_percent_are_cache_reads_and_a_fifth_of_a_percent_is_output(measured):
    total = whole(measured)
    written = total.output + total.reasoning
    assert total.cache_read / total.total == pytest.approx(0.95, abs=0.005)
    assert written / total.total == pytest.approx(0.002, abs=0.0001)
    assert total.cache_read / written == pytest.approx(406, rel=0.25)


@pytest.mark.parametrize(
    ("part", "share", "tolerance"),
    [(0.01, 0.14, 0.01), (0.10, 0.51, 0.015), (0.25, 0.74, 0.015)],
)
def test_spend_is_as_unequal_as_reported(measured, part, share, tolerance):
    assert share_of_spend(measured, part) == pytest.approx(share, abs=tolerance)


def test_the_most_tokens_cost_a_moderate_share(measured):
    top = max(measured.tokens, key=lambda email: measured.tokens[email].total)
    assert measured.tokens[top].total / whole(measured).total > 0.18
    assert measured.cost[top] / sum(measured.cost.values()) < 0.03


def test_weekends_are_a_quarter_of_the_active_days(measured):
    days = measured.person_days
    free = sum(count for day, count in days.items() if day.weekday() >= 5)
    assert free / sum(days.values()) == pytest.approx(0.24, abs=0.02)


def test_a_weekend_day_has_about_a_quarter_of_the_volume(measured):
    whole_days = sorted(measured.volume)[1:-1]
    free = [measured.volume[day] for day in whole_days if day.weekday() >= 5]
    work = [measured.volume[day] for day in whole_days if day.weekday() < 5]
    level = (sum(free) / len(free)) / (sum(work) / len(work))
    assert level == pytest.approx(0.25, abs=0.08)


def test_nine_percent_use_several_clients(measured):
    several = sum(len(clients) > 1 for clients in measured.clients.values())
    assert several / PEOPLE == pytest.approx(0.09, abs=0.01)


def test_services_do_not_move_the_figures(measured):
    assert 0 < measured.services < 0.02 * whole(measured).total


def test_exactly_one_model_has_no_price(measured):
    assert measured.unpriced == {"northwind-coder-1"}


def test_every_class_but_tool_input_occurs(measured):
    total = whole(measured)
    assert total.tool_input == 0
    assert min(total[:6]) > 0
    assert total.cache_write_1h < total.cache_write
    assert total.reasoning < total.output
