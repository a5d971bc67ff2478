"""Who a page was shown to, and when: visible, wherever figures of others are.

A copy of the screen says whose it is at a glance; marks in the digits say so when the
picture was cut (``access.marks``).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from markupsafe import Markup

from mileage.web.numbers import clock_text

if TYPE_CHECKING:
    from mileage.domain.people import Viewer

_LINE = Markup(
    '<p class="shown-to">Shown to <b>{name}</b>, {at} ({zone}). '
    '<a href="/terms">{what}</a>.</p>'
)
# Text in a pattern: it covers the page, takes no click and is read out to nobody.
_COVER = Markup(
    '<svg class="watermark" aria-hidden="true"><defs><pattern id="watermark" '
    'width="{width}" height="150" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(-20)"><text x="10" y="60">{name} · {at}</text></pattern>'
    '</defs><rect width="100%" height="100%" fill="url(#watermark)"/></svg>'
)
_LETTER_WIDTH, _LEAST_WIDTH = 10, 320


def watermark(viewer: Viewer, zone: str) -> Markup:
    """Return the line and the cover for a page that is being made now."""
    at = clock_text(time.time_ns() // 1000, zone)
    what = (
        "The figures are exact"
        if viewer.operator
        else "The figures of others carry marks"
    )
    width = max(_LEAST_WIDTH, _LETTER_WIDTH * (len(viewer.name) + len(at) + 6))
    return _LINE.format(name=viewer.name, at=at, zone=zone, what=what) + _COVER.format(
        name=viewer.name, at=at, width=width
    )
