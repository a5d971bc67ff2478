"""What commands about tokens and keys have in common: times, rates, tables, secrets."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mileage.domain.directory import NewSecret, Rate
    from mileage.store.control import Control

SECOND = 1_000_000
UNITS = {"m": 60, "h": 3600, "d": 24 * 3600}
DAY = UNITS["d"] * SECOND
LONGEST_LIFE = 3650
NEVER = 0


def span(text: str) -> int:
    """Read a length of time such as 90d, 24h, 30m or 0, in microseconds."""
    found = re.fullmatch(r"(\d{1,6})([mhd])|0", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no span: write one as in 24h, 7d or 0")
    length = int(found[1] or 0) * UNITS[found[2] or "m"] * SECOND
    if length > LONGEST_LIFE * DAY:
        raise click.BadParameter(f"that is more than {LONGEST_LIFE} days")
    return length


def end(text: str) -> int:
    """Read when something ends, in UTC microseconds; ``NEVER`` for never.

    90d or 90 are days from now, 2026-12-31 is the last day, in UTC.
    """
    if text == "never":
        return NEVER
    now = time.time_ns() // 1000
    ends = _day_after(text)
    if ends is None:
        ends = now + span(f"{text}d" if text.isdigit() else text)
    if not now < ends <= now + (LONGEST_LIFE + 1) * DAY:
        raise click.BadParameter(
            f"{text} is over already or more than {LONGEST_LIFE} days away"
        )
    return ends


def _day_after(text: str) -> int | None:
    """Return when a written day is over (UTC microseconds); None if it is none."""
    from datetime import UTC, datetime, timedelta

    from mileage.domain.window import micros

    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        return micros(datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(1))
    except (ValueError, OverflowError):
        return None


def limit(text: str) -> tuple[str, int | None]:
    """Read one limit a second, such as requests=50; None is as set for all."""
    found = re.fullmatch(r"(requests|records)=(?:(\d{1,9})|default)", text)
    if found is None:
        raise click.BadParameter(
            f"{text!r} is no limit: write requests=N or records=N, a second; 0 is no "
            "limit, default is what mileage.toml says"
        )
    return found[1], None if found[2] is None else int(found[2])


def rate_of(limits: Iterable[tuple[str, int | None]], before: Rate) -> Rate:
    """Return a rate with some of its limits changed."""
    return before._replace(**dict(limits))


def domains_of(named: Sequence[str]) -> tuple[str, ...]:
    """Return checked domains in lower case; ``any`` alone is no bound."""
    from mileage.domain.asserted import DOMAIN

    domains = tuple(sorted({one.strip().lower() for one in named}))
    if domains == ("any",):
        return ()
    for one in domains:
        if not re.fullmatch(DOMAIN, one):
            raise click.UsageError(f"{one!r} is no domain: write one as in example.org")
    return domains


def account_of(control: Control, email: str) -> str:
    """Return the account of an address, a new one when nobody has it yet."""
    from mileage.domain.errors import Invalid
    from mileage.ingest.people_csv import EMAIL

    known = control.account_of_email(email)
    if known is not None:
        return known.account_id
    if not EMAIL.fullmatch(email.strip()):
        raise Invalid(f"{email!r} is no e-mail address: write one, as in ana@x.org")
    click.echo(
        f"{email} was unknown: made an account for it, which 'mileage people import' "
        "fills in when its file names this address; until then boards do not name it",
        err=True,
    )
    return control.ensure_account(email)


def show_secret(made: NewSecret, what: str) -> None:
    """Print a secret alone on standard output, and what it is beside it."""
    click.echo(f"{what}; it is shown only now, so keep it safe:", err=True)
    click.echo(made.secret)


def day(instant: int) -> str:
    """Write the day of an instant, in UTC."""
    from mileage.domain.window import moment

    return moment(instant).date().isoformat()


def minute(instant: int | None) -> str:
    """Write an instant to the minute, in UTC; a dash for never."""
    from mileage.domain.window import moment

    return "-" if instant is None else f"{moment(instant):%Y-%m-%d %H:%M}"


def validity(revoked_at: int | None, expires_at: int | None, now: int) -> str:
    """Say whether a token or a key opens anything; what does begins with ``valid``."""
    if revoked_at is not None:
        return f"revoked {day(revoked_at)}"
    if expires_at is None:
        return "valid"
    over = expires_at <= now
    return f"{'expired' if over else 'valid until'} {day(expires_at)}"


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]], none: str) -> None:
    """Print rows below a header; ``none`` to standard error when there are none.

    Columns of whole numbers stand to the right.
    """
    if not rows:
        click.echo(none, err=True)
        return
    columns = [
        _aligned(title, cells)
        for title, cells in zip(header, zip(*rows, strict=True), strict=True)
    ]
    for row in zip(*columns, strict=True):
        click.echo("  ".join(row).rstrip())


def _aligned(title: str, cells: Sequence[str]) -> list[str]:
    width = max(map(len, (title, *cells)))
    numbers = all(cell.replace(",", "").isdecimal() for cell in cells)
    return [f"{cell:{'>' if numbers else '<'}{width}}" for cell in (title, *cells)]
