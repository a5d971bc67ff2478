"""Figures as HTML: the short form to read, the exact one beside it.

Filters of the templates. They return finished markup, because a board has
thousands of cells and each of these is a few characters around a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from mileage.web import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.sums import Figures, Share


def num(count: int) -> Markup:
    """Return a count; the exact one is in the element when digits are left out."""
    short = numbers.compact(count)
    if short == str(count):
        return Markup(short)  # noqa: S704 (digits only)
    return Markup(  # noqa: S704 (digits and a unit)
        f'<data value="{count}" title="{numbers.exact(count)}">{short}</data>'
    )


def cells(counts: Iterable[int]) -> Markup:
    """Return a run of table cells: the hours of a month are hundreds of them."""
    return Markup(  # noqa: S704 (markup around markup)
        "".join(f'<td class="n">{num(count)}</td>' for count in counts)
    )


def usd(micro_usd: int | None, reason: str = "no call has a known price") -> Markup:
    """Return dollars, exact to the micro-dollar in the element."""
    if micro_usd is None:
        return unknown(reason)
    return Markup(  # noqa: S704 (digits and a unit)
        f'<data value="{numbers.usd(micro_usd)}" '
        f'title="{numbers.money_exact(micro_usd)}">'
        f"{escape(numbers.money(micro_usd))}</data>"
    )


def valued(value: int, unit: str) -> Markup:
    """Return what a lens ranks by, in the lens's unit."""
    if unit == "micro_usd":
        return usd(value)
    return escape(numbers.hundredths(value)) if unit == "hundredths" else num(value)


def share(value: float | None, reason: str = "no prompt tokens") -> Markup:
    """Return a share as a percentage."""
    if value is None:
        return unknown(reason)
    return escape(numbers.percent(value))


def unknown(reason: str) -> Markup:
    """Return a dash; the reason is there for a pointer and for a screen reader."""
    return Markup(
        '<span class="unknown" title="{0}">{1}<span class="aside"> {0}</span></span>'
    ).format(reason, numbers.DASH)


def instant(micros: int | None, zone: str) -> Markup:
    """Return an instant for a sentence: ``22 Nov 2026, 10:03``."""
    if micros is None:
        return unknown("nothing yet")
    return _time(numbers.iso_exact(micros, zone), numbers.clock_text(micros, zone))


def minute(micros: int | None, zone: str) -> Markup:
    """Return an instant for a table: ``2026-11-22 10:03``."""
    if micros is None:
        return unknown("nothing yet")
    return _time(numbers.iso_exact(micros, zone), numbers.iso_minute(micros, zone))


def local_day(micros: int, zone: str) -> Markup:
    """Return the local day of an instant for a table."""
    return day(numbers.iso_minute(micros, zone)[:10])


def day(iso: str) -> Markup:
    """Return a day as tables show it."""
    return _time(iso, iso)


def date(iso: str) -> Markup:
    """Return a day for a sentence: ``22 Nov 2026``."""
    return _time(iso, numbers.date_text(iso))


def _time(exact: str, shown: str) -> Markup:
    # A page has dozens: ``Markup.format`` would take ten times as long for each.
    return Markup(  # noqa: S704 (escaped, or markup around it)
        f'<time datetime="{escape(exact)}">{escape(shown)}</time>'
    )


def ticks(sentence: str) -> Markup:
    """Return a sentence with what stands in backticks as code."""
    parts = sentence.split("`")
    if len(parts) % 2 == 0:
        return escape(sentence)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else part
        for number, part in enumerate(parts)
    )


def written(figures: Figures) -> int:
    """Return all that models wrote: visible output and reasoning."""
    return figures.tokens.output + figures.tokens.reasoning


def per_million(figures: Figures) -> int | None:
    """Return micro-dollars per million tokens; None unless every call is priced."""
    total = figures.tokens.total
    if figures.cost is None or figures.unpriced_calls or not total:
        return None
    return figures.cost * 1_000_000 // total


def largest(shares: tuple[Share, ...]) -> int:
    """Return the tokens of the largest line, the full length of its bars."""
    return max((line.figures.tokens.total for line in shares), default=0)
