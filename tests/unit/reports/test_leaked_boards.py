"""Leaks are matched to rows of a board, whatever people and files are called."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from html import escape

import pytest

from mileage.access.leaked import lines_of
from mileage.access.marks import Marker, Marks
from mileage.domain.figures import Completeness, Standing
from mileage.domain.sums import Figures
from mileage.domain.tokens import Tokens
from mileage.domain.window import Window
from mileage.honours.lenses import Lens
from mileage.reports.tracing import Shown, Used, fits, order_readings, traced
from tests.ranking import Whole, whole_shown

MARKS = Marks(b"k" * 32)
LENSES = (
    Lens("tokens", "Tokens", "tokens", Tokens(*[100] * 7), "", ""),
    Lens("cost", "Cost", "micro_usd", Tokens(), "", ""),
)
VIEWERS = [f"v{number}" for number in range(200)]
LEAKER = Marker(MARKS, "v42")
NAMES = (
    "Ada Lovelace",
    "Ada Lovelace-King",
    "Conor O'Brien",
    "Bob <b>",
    "Lovelace, Ada",
    "María Ñuñez",
    "Straße",
    "Person 4",
    "Person 41",
    'Jim "the Hand"',
    "李小龙",
    "A & B",
)


def standing(place: int, name: str) -> Standing:
    used = 123_456_789_012 - place * 1_234_567_891
    parts = Tokens(
        input=used // 7 + 13,
        cache_read=used // 2 + 17,
        cache_write=used // 11 + 19,
        output=used // 13 + 23,
    )
    return Standing(
        account_id=f"acc-{place}",
        name=name,
        kind="person",
        department="",
        team="",
        figures=Figures(1234 + place, parts, used // 1000 + 7),
        sessions=3,
        models=(),
        clients=(),
        active_days=1,
        daily=(used,),
    )


def snapshot(*names: str, as_of: int = 7) -> Whole:
    standings = tuple(standing(place, name) for place, name in enumerate(names))
    total = Figures()
    for one in standings:
        total = total.plus(one.figures)
    return Whole(
        window=Window(0, 1),
        zone="UTC",
        as_of=as_of,
        days=("2026-01-01",),
        total=total,
        daily=(sum(one.daily[0] for one in standings),),
        standings=standings,
        completeness=Completeness((), None),
        versions={},
        input_hash="",
    )


def shown(*names: str, top: int = 100) -> Shown:
    return whole_shown(snapshot(*names), LENSES, top, MARKS)


BOARD = shown(*NAMES)


def seen(place: int, marker: Marker = LEAKER) -> tuple[int, int]:
    """Tokens and cost of a row as a viewer sees them."""
    figures = standing(place, "").figures
    assert figures.cost is not None
    return marker.shown(figures.tokens.total), marker.shown(figures.cost)


def dollars(micro: int) -> str:
    return f"{micro // 10**6}.{micro % 10**6:06}"


def row(place: int) -> tuple[str, str, str]:
    tokens, cost = seen(place)
    return NAMES[place], str(tokens), f"${dollars(cost)}"


def as_csv(place: int) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([("name", "tokens", "cost"), row(place)])
    return out.getvalue()


def as_html(place: int) -> str:
    return "".join(f"<td>{escape(field)}</td>" for field in row(place))


DIALECTS = {
    "csv": as_csv,
    "html": as_html,
    "tabs": lambda place: "\t".join(row(place)),
    "pipes": lambda place: "|" + "|".join(row(place)) + "|",
    "padded pipes": lambda place: "| " + " | ".join(row(place)) + " |",
    "prose": lambda place: "{} used {} for {}".format(*row(place)),
    "capitals": lambda place: " ".join(row(place)).upper(),
}


@pytest.mark.parametrize("place", range(len(NAMES)))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_row_is_found_by_its_name_in_every_dialect(dialect: str, place: int) -> None:
    used = fits(lines_of(DIALECTS[dialect](place)), BOARD)
    told = [one for one in used if one.reading is not None]
    assert {one.account for one in told} == {f"acc-{place}"}
    assert [one.name for one in told] == ["tokens", "cost"]
    for one, value in zip(told, seen(place), strict=True):
        assert one.reading is not None
        cell = one.reading.cell
        assert (cell.high if one.reading.high else cell.low) == value


@pytest.mark.parametrize("place", range(1, len(NAMES)))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_of_several_with_equal_figures_the_name_decides(
    dialect: str, place: int
) -> None:
    """Figures alone would be taken for those of the first who has them."""
    alike = tuple(
        replace(standing(place, ""), account_id=f"acc-{number}", name=name)
        for number, name in enumerate(NAMES)
    )
    board = whole_shown(replace(snapshot(), standings=alike), LENSES, 100, MARKS)
    used = fits(lines_of(DIALECTS[dialect](place)), board)
    assert {one.account for one in used} == {f"acc-{place}"}


def test_a_longer_name_is_not_taken_for_a_shorter_one_in_it() -> None:
    for place, other in ((1, 0), (8, 7)):
        used = fits(lines_of(f"{NAMES[place]} {seen(place)[0]}"), BOARD)
        assert {one.account for one in used} == {f"acc-{place}"}
        assert not [one for one in used if one.account == f"acc-{other}"]


def test_two_people_of_one_name_are_told_apart_by_their_figures() -> None:
    board = shown("Ada", "Ada", "Bob")
    assert board.names["ada"] == ("acc-0", "acc-1")
    for place in (0, 1):
        (used,) = fits(lines_of(f"Ada {seen(place)[0]}"), board)
        assert used.account == f"acc-{place}"


def test_a_name_beside_somebody_elses_figures_says_nothing() -> None:
    assert fits(lines_of(f"{NAMES[0]} {seen(5)[0]}"), BOARD) == ()


def test_figures_of_whoever_stands_below_the_last_row_are_not_looked_for() -> None:
    board = shown(*NAMES, top=3)
    assert set(board.figures) == {"acc-0", "acc-1", "acc-2", ""}
    assert fits(lines_of(f"{NAMES[7]} {seen(7)[0]}"), board) == ()


def test_the_organisations_own_figures_are_read_too() -> None:
    total = LEAKER.shown(snapshot(*NAMES).total.tokens.total)
    (used,) = fits(lines_of(f"all of us: {total:,} tokens"), BOARD)
    assert (used.account, used.name) == ("", "tokens")
    assert used.reading is not None


def test_an_empty_board_fits_nothing() -> None:
    empty = shown()
    assert fits(lines_of("Ada 281.4B"), empty) == ()
    best, used, verdict = traced(lines_of("Ada 281.4B"), [empty], MARKS, VIEWERS)
    assert (best, used, verdict.outcome) == (None, (), "untraceable")
    assert list(order_readings(lines_of("Ada 281.4B"), empty, MARKS)) == []


def test_without_viewers_nobody_is_suspected() -> None:
    text = "\n".join(" ".join(row(place)) for place in range(len(NAMES)))
    best, used, verdict = traced(lines_of(text), [BOARD], MARKS, [])
    assert best is BOARD
    assert used
    assert (verdict.suspects, verdict.outcome) == ((), "untraceable")


@pytest.mark.parametrize("dialect", ["csv", "html", "pipes", "prose"])
def test_a_small_board_names_its_viewer_whatever_it_was_copied_into(
    dialect: str,
) -> None:
    parts = [DIALECTS[dialect](place) for place in range(len(NAMES))]
    if dialect == "csv":
        parts = [parts[0], *(part.split("\n", 1)[1] for part in parts[1:])]
    text = "\n".join(part.strip() for part in parts)
    _, used, verdict = traced(lines_of(text), [BOARD], MARKS, VIEWERS)
    assert verdict.readings >= 2 * len(NAMES) - 2
    assert [one.viewer for one in verdict.named] == ["v42"]
    assert len({one.account for one in used}) == len(NAMES)


@pytest.mark.parametrize("rows", [1, 2])
def test_one_or_two_rows_name_nobody(rows: int) -> None:
    text = "\n".join(" ".join(row(place)) for place in range(rows))
    verdict = traced(lines_of(text), [BOARD], MARKS, VIEWERS)[2]
    assert verdict.outcome == "untraceable"
    assert verdict.readings == 2 * rows


def test_figures_cut_to_three_digits_tell_next_to_nothing() -> None:
    text = "\n".join(
        f"{name} {seen(place)[0] // 10**9}B" for place, name in enumerate(NAMES)
    )
    _, used, verdict = traced(lines_of(text), [BOARD], MARKS, VIEWERS)
    assert verdict.outcome == "untraceable"
    assert sum(isinstance(one, Used) and one.reading is None for one in used) > 5


def test_the_order_of_a_leak_changes_nothing() -> None:
    lines = [" ".join(row(place)) for place in range(len(NAMES))]
    first, second = (
        traced(lines_of("\n".join(some)), [BOARD], MARKS, VIEWERS)[2]
        for some in (lines, lines[::-1])
    )
    assert first.suspects[0].viewer == second.suspects[0].viewer == "v42"
    assert first.suspects[0].score == pytest.approx(second.suspects[0].score)


def test_the_name_of_somebody_who_was_renamed_since_is_that_of_the_snapshot() -> None:
    """A row is found by its figures where its name has changed."""
    tokens, cost = seen(3)
    used = fits(lines_of(f"Robert {tokens} ${dollars(cost)}"), BOARD)
    assert {one.account for one in used} == {"acc-3"}


def test_whoever_was_erased_stands_on_no_board() -> None:
    found = snapshot(*NAMES)
    first, *others = found.standings
    erased = replace(first, kind="erased")
    gone = replace(found, standings=(erased, *others))
    board = whole_shown(gone, LENSES, 100, MARKS)
    assert "acc-0" not in board.figures
    assert "ada lovelace" not in board.names
