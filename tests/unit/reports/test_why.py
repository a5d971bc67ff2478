from __future__ import annotations

from dataclasses import replace

import pytest

from mileage.access.marks import Marker, Marks
from mileage.access.policy import Allowed
from mileage.domain.errors import NotFound, PurposeMissing, Refused
from mileage.domain.figures import Figures
from mileage.domain.people import OPERATOR
from mileage.domain.sums import Share
from mileage.domain.tokens import Tokens
from mileage.honours.lenses import Lens
from mileage.reports.board_reading import BoardOf, Part
from mileage.reports.why import above_the_cap, shown_to, weighed
from tests.unit.reports.test_answers import organisation
from tests.web import fixtures

WEIGHTS = Tokens(100, 10, 125, 200, 500, 500, 0)
WEIGHTED = Lens("w", "W", "tokens", WEIGHTS, "", "")
MONEY = Lens("m", "M", "micro_usd", Tokens(), "", "")


def day(name, tokens, cost=0):
    return Share(name, Figures(1, Tokens(tokens, 0, 0, 0, 0, 0, 0), cost))


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with organisation(tmp_path_factory.mktemp("organisation")) as made:
        yield made


def test_each_class_counts_by_its_weight():
    figures = Figures(1, Tokens(7, 1000, 8, 9, 3, 2, 99))
    counted = {one.name: one.counted for one in weighed(WEIGHTED, figures)}
    assert counted == {
        "input": 7,
        "cache_read": 100,
        "cache_write": 10,
        "cache_write_1h": 18,
        "output": 15,
        "reasoning": 10,
    }
    assert weighed(None, figures) == weighed(MONEY, figures) == ()


def test_days_above_the_cap_say_what_of_them_counts():
    page = replace(
        fixtures.personal(),
        daily=(day("2026-11-01", 100), day("2026-11-02", 101), day("2026-11-03", 400)),
    )
    found = above_the_cap(replace(WEIGHTED, daily_cap=100), page)
    assert found == (("2026-11-02", 101, 100), ("2026-11-03", 400, 200))
    assert above_the_cap(WEIGHTED, page) == above_the_cap(None, page) == ()


def test_a_cap_on_money_passes_by_what_has_no_price():
    page = replace(
        fixtures.personal(),
        daily=(day("2026-11-01", 9, 300), day("2026-11-02", 9, None)),
    )
    found = above_the_cap(replace(MONEY, daily_cap=100), page)
    assert [(one.day, one.counted) for one in found] == [("2026-11-01", 300)]


def test_ones_own_rank_is_explained_without_a_record(org):
    ada = org.viewers["ada"]
    why = org.answers.why(ada, ada.account_id, BoardOf("tokens"))
    assert (why.placed.row.rank, why.placed.ranked, why.placed.lens.name) == (
        1,
        3,
        "tokens",
    )
    assert why.counted == why.placed.row.value == why.page.total.tokens.total
    assert not why.moved
    assert why.page.completeness.sources
    assert org.reads() == []


def test_who_used_nothing_has_no_rank_and_is_told_what_counts(org):
    dee = org.viewers["dee"]
    why = org.answers.why(dee, dee.account_id, BoardOf())
    assert why.placed.row is None
    assert why.placed.ranked == 3
    assert why.page.total.calls == 0


def test_others_are_explained_to_whoever_opens_their_page(org):
    ada, ben = org.viewers["ada"], org.viewers["ben"]
    with pytest.raises(Refused):
        org.answers.why(ada, ben.account_id, BoardOf())
    with pytest.raises(PurposeMissing):
        org.answers.why(
            replace(ada, roles=(*ada.roles, ("steward", ""))), ben.account_id, BoardOf()
        )
    why = org.answers.why(OPERATOR, ben.account_id, BoardOf())
    assert why.placed.row.rank == 2
    read = org.control.access_rows(limit=1)[0]
    assert (read.report, read.subject, read.purpose) == (
        "personal",
        ben.account_id,
        "operations",
    )
    assert read.detail.startswith("why, lens tokens, as of ")


def test_an_unknown_lens_or_account_is_not_there(org):
    ada = org.viewers["ada"].account_id
    with pytest.raises(NotFound, match="tokens, cost"):
        org.answers.why(OPERATOR, ada, BoardOf("nonsense"))
    with pytest.raises(NotFound):
        org.answers.why(OPERATOR, "acc-nobody", BoardOf())
    with pytest.raises(NotFound):
        org.answers.why(OPERATOR, ada, BoardOf("", Part(window="3d")))


def test_what_is_told_of_others_is_marked_throughout(org):
    """No exact figure of the page is among what follows from it."""
    ben = org.viewers["ben"].account_id
    exact = org.answers.why(OPERATOR, ben, BoardOf())
    tokens = Tokens(*[123_456_789 + place for place in range(7)])
    figures = Figures(54_321, tokens, 987_654_321)
    row = exact.placed.row
    standing = replace(row.standing, figures=figures)
    made = exact._replace(
        rule=replace(WEIGHTED, daily_cap=1_000_000),
        placed=exact.placed._replace(
            row=replace(row, value=987_654_321, standing=standing)
        ),
        page=replace(exact.page, total=figures, daily=(Share("2026-11-01", figures),)),
    )
    allowed = Allowed("support", recorded=True, fields=frozenset({"days", "rank"}))
    seen = shown_to(made, allowed, Marker(Marks(b"k" * 32), "acc-reader"))
    known = {one.tokens for one in seen.classes} | {seen.placed.row.value}
    assert not known & {*tokens, 987_654_321}
    assert seen.page.by_model == ()
    assert seen.days
    assert seen.days[0].counted != made.days
    without = shown_to(made, replace(allowed, fields=frozenset({"rank"})), None)
    assert without.days == ()
