"""What the personal page's template shows, computed from the report's figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.sums import Figures
from mileage.web.charts import Series, Slice
from mileage.web.numbers import on_midnight, part

if TYPE_CHECKING:
    from mileage.domain.figures import PersonalPage
    from mileage.domain.sums import Share
    from mileage.domain.tokens import Tokens

# Seven classes in five colours: the two lifetimes of a cache write share one, as do
# the two kinds of input. The table names each.
CLASSES = (
    ("cache_read", "Cache read", 1),
    ("cache_write", "Cache write, 5 min", 2),
    ("cache_write_1h", "Cache write, 1 h", 2),
    ("input", "Input, not cached", 3),
    ("tool_input", "Input added by tools", 3),
    ("output", "Output", 4),
    ("reasoning", "Reasoning", 5),
)
BANDS = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50)

ACTIVITY_NAMES = {
    "prompt": "Prompts written",
    "tool_result": "Tool results",
    "tool_error": "Tool errors",
    "edit_accepted": "Edits accepted",
    "edit_rejected": "Edits rejected",
    "lines_added": "Lines added",
    "lines_removed": "Lines removed",
    "commit": "Commits",
    "pull_request": "Pull requests",
    "active_seconds": "Active time",
}


REASONS = {
    "restless": "later than {awake_hours} hours after a rest of {rest_hours} hours",
    "even": "{even_hours} hours in a row, all with nearly as many calls",
    "crowded": "more than {sessions} sessions within an hour",
}


class PersonalView(NamedTuple):
    """Everything ``personal.html`` shows beside the frame."""

    me: PersonalPage
    daily: Series
    classes: tuple[Slice, ...]
    band: int | None
    """Among the top this many per cent; None below the middle or without a rank."""
    attended: float | None
    """Part of the calls that somebody was waiting for; None when not known."""
    guessed: tuple[tuple[str, int], ...] = ()
    """Why calls look unattended, and how many, where some do."""


def personal_view(me: PersonalPage) -> PersonalView:
    """Prepare one person's page."""
    known = me.attended_calls + me.unattended_calls
    return PersonalView(
        me=me,
        daily=Series(
            [line.name for line in me.daily],
            [line.figures.tokens.total for line in me.daily],
            first_is_part=not on_midnight(me.window.start, me.zone),
            last_is_part=not on_midnight(me.window.end, me.zone),
        ),
        classes=class_slices(me.total.tokens),
        band=top_band(me.rank, me.ranked),
        attended=part(me.attended_calls, known) if known else None,
        guessed=_guessed(me),
    )


def _guessed(me: PersonalPage) -> tuple[tuple[str, int], ...]:
    guess = me.by_pattern
    if guess is None:
        return ()
    counts = ((text, getattr(guess, name)) for name, text in REASONS.items())
    rule = guess.rule._asdict()
    return tuple((text.format(**rule), count) for text, count in counts if count)


def class_slices(tokens: Tokens) -> tuple[Slice, ...]:
    """Return every class of tokens in the order of the bar."""
    return tuple(
        Slice(title, getattr(tokens, name), tone) for name, title, tone in CLASSES
    )


def top_band(rank: int | None, ranked: int) -> int | None:
    """Return the smallest published band that holds a rank: 7th of 100 -> 10.

    Below the middle a band would only say so; there the rank stands for itself.
    """
    if rank is None:
        return None
    return next((band for band in BANDS if rank * 100 <= band * ranked), None)


def with_rest(shares: tuple[Share, ...], total: Figures) -> Figures | None:
    """Return what a cut list leaves out of the total; None when nothing."""
    shown = Figures()
    for line in shares:
        shown = shown.plus(line.figures)
    if shown.calls >= total.calls:
        return None
    return Figures(
        total.calls - shown.calls,
        type(total.tokens)(
            *(a - b for a, b in zip(total.tokens, shown.tokens, strict=True))
        ),
        None if total.cost is None else total.cost - (shown.cost or 0),
        total.unpriced_calls - shown.unpriced_calls,
        total.unmeasured_calls - shown.unmeasured_calls,
    )
