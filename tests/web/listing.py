"""The directory by pages, for reports that make no statements."""

from __future__ import annotations

from mileage.domain.people import PEOPLE_SHOWN, Listed, found_by


def listed(accounts, wanted="", page=1):
    """Return a page of accounts as the control plane does."""
    words = wanted.casefold().split()
    found = [
        one
        for one in accounts
        if all(w in found_by(one.name, one.email) for w in words)
    ]
    first = (page - 1) * PEOPLE_SHOWN
    shown = tuple(found[first : first + PEOPLE_SHOWN])
    return Listed(shown, first, len(found), len(accounts))
