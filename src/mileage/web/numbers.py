"""How numbers, money, shares and instants look on a page.

Three significant digits and K, M, B, T; the exact value travels beside every
rounded one. What is not known is ``None`` here and a dash with a reason there.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from mileage.domain.window import SECOND, moment

DASH = "\N{EN DASH}"
MICRO = 1_000_000

_UNITS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))
_MONTHS = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
# Above these, a third decimal (or a second one) would be a fourth digit.
_TWO_DECIMALS, _ONE_DECIMAL = 9.995, 99.95
_WHOLE = 1000
_ALL_DIGITS_BELOW = 10_000
_CENTS_BELOW = 100_00
_TENTHS_BELOW = 10


def compact(count: int) -> str:
    """Return at most three significant digits: 281_400_000_000 -> ``281B``."""
    for size, unit in _UNITS:
        # 999_950 must read 1M, never 1000K: compare after rounding.
        if count * 2000 >= size * 1999:
            value = count / size
            digits = (value < _TWO_DECIMALS) + (value < _ONE_DECIMAL)
            text = f"{value:.{digits}f}"
            if "." in text:
                text = text.rstrip("0").rstrip(".")
            return text + unit
    return str(count)


def exact(count: int) -> str:
    """Return every digit, grouped: ``281,400,000,000``."""
    return f"{count:,}"


def four(count: int) -> str:
    """Return four digits as a marked figure has them: 281_400_000_000 -> ``281.4B``.

    Below 10,000 these are all; above, the last one is kept even if it is 0.
    """
    for size, unit in _UNITS:
        if count >= size and count >= _ALL_DIGITS_BELOW:
            whole = len(str(count // size))
            return f"{count / size:.{4 - whole}f}{unit}"
    return exact(count)


def money_four(micro_usd: int) -> str:
    """Return dollars of a marked figure: ``$8.412M``, and cents below $100."""
    cents = micro_usd // 10_000
    return money(micro_usd) if cents < _CENTS_BELOW else "$" + _four_dollars(micro_usd)


def _four_dollars(micro_usd: int) -> str:
    # $123.40 has its fourth digit among the cents.
    dollars = micro_usd // MICRO
    if dollars < _WHOLE:
        return f"{micro_usd / MICRO:.1f}"
    return four(dollars)


def percent_four(millionths: int) -> str:
    """Return a share of four digits: ``97.34%``, ``9.734%``, ``0.012%``."""
    if millionths in {0, MICRO}:
        return f"{millionths // 10_000}%"
    digits = 2 if millionths >= MICRO // 10 else 3 if millionths >= MICRO // 100 else 4
    return f"{millionths / 10_000:.{digits}f}%"


def size(count: float) -> str:
    """Return bytes in binary units: ``1.5 GiB``."""
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if count >= 1024**power:
            return f"{count / 1024**power:.1f} {unit}".replace(".0 ", " ")
    return f"{count:.0f} B"


def money(micro_usd: int) -> str:
    """Return dollars; cents below $100, then as ``compact``: ``$8.41M``."""
    if micro_usd < 0:
        return "-" + money(-micro_usd)
    if micro_usd == 0:
        return "$0"
    cents = (micro_usd + 5_000) // 10_000
    if cents == 0:
        return "<$0.01"
    if cents < _CENTS_BELOW:
        return f"${cents // 100}.{cents % 100:02}"
    return "$" + compact((micro_usd + MICRO // 2) // MICRO)


def money_exact(micro_usd: int) -> str:
    """Return dollars to the micro-dollar: ``$8,410,000.250000``."""
    return f"${micro_usd // MICRO:,}.{micro_usd % MICRO:06}"


def usd(micro_usd: int) -> str:
    """Return a decimal number for machines: ``8410000.250000``."""
    return f"{micro_usd // MICRO}.{micro_usd % MICRO:06}"


def hundredths(count: int) -> str:
    """Return a number with two decimals of its hundredths: ``1,234.50``."""
    return f"{count / 100:,.2f}"


def valued(value: int, unit: str) -> str:
    """Return what a lens ranks by, in the lens's unit."""
    if unit == "micro_usd":
        return money(value)
    return hundredths(value) if unit == "hundredths" else compact(value)


def percent(share: float) -> str:
    """Return one decimal; what is not all never reads 100 %, nor a little 0 %."""
    tenths = round(share * _WHOLE)
    if tenths == 0 and share > 0:
        return "<0.1%"
    if tenths == _WHOLE and share < 1:
        return ">99.9%"
    return f"{tenths / 10:.1f}%"


def part(some: int, whole: int) -> float:
    """Return ``some / whole``, and 0 of nothing."""
    return some / whole if whole else 0.0


def day_label(day: str) -> str:
    """Return an ISO date as an axis shows it: ``3 Nov``."""
    then = date.fromisoformat(day)
    return f"{then.day} {_MONTHS[then.month - 1]}"


def date_text(day: str) -> str:
    """Return an ISO date as a sentence has it: ``3 Nov 2026``."""
    return f"{day_label(day)} {date.fromisoformat(day).year}"


def clock_text(instant: int, zone: str) -> str:
    """Return UTC microseconds as ``22 Nov 2026, 10:03`` in ``zone``."""
    then = moment(instant, ZoneInfo(zone))
    return f"{then.day} {_MONTHS[then.month - 1]} {then.year}, {then:%H:%M}"


def iso_minute(instant: int, zone: str) -> str:
    """Return UTC microseconds as tables show them: ``2026-11-22 10:03``."""
    return f"{moment(instant, ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def wall(instant: int, zone: str) -> str:
    """Return UTC microseconds as forms hold a local time: ``2026-11-22T10:03:07``.

    The second that is over then: asking for what was there at that time finds it.
    """
    whole = -(-instant // SECOND) * SECOND
    return f"{moment(whole, ZoneInfo(zone)):%Y-%m-%dT%H:%M:%S}"


def iso_exact(instant: int, zone: str) -> str:
    """Return UTC microseconds as ISO 8601 with the offset of ``zone``."""
    return moment(instant, ZoneInfo(zone)).isoformat()


def on_midnight(instant: int, zone: str) -> bool:
    """Tell whether a local day begins at this instant."""
    then = moment(instant, ZoneInfo(zone))
    return (then.hour, then.minute, then.second) == (0, 0, 0)


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units: ``2 h 5 min``."""
    if seconds < _TENTHS_BELOW:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    whole = timedelta(seconds=round(seconds))
    hours, rest = divmod(whole.seconds, 3600)
    minutes, rest = divmod(rest, 60)
    sizes = (
        (whole.days, "d"),
        (hours, "h"),
        (minutes, "min"),
        (rest, "s"),
    )
    filled = [f"{size} {unit}" for size, unit in sizes if size]
    return " ".join(filled[:2])
