"""What can be read at all: reports, the parts they have, and how a refusal reads.

A report that is not here is refused to everybody, so a new one is added here first.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Readable(NamedTuple):
    """One report."""

    name: str
    title: str
    refusal: str
    """A sentence for whoever may not; it tells nothing about the subject."""
    fields: tuple[str, ...] = ()
    """Parts of it, beside its totals, that a role may have or not."""
    names_people: bool = True
    """It names somebody or could: each read leaves a row before it is answered."""


_LIST = (
    Readable(
        "board",
        "the board",
        "the board is for people who are signed in",
    ),
    Readable(
        "personal",
        "a person's page",
        "a personal page opens for its own account and for the operator, and for "
        "roles of which the page /access says so",
        (
            *("days", "hours", "clients", "models", "sessions"),
            *("activity", "attendance", "rank", "rejected"),
        ),
    ),
    Readable(
        "whole_board",
        "the board below its published top",
        "the board goes as far as its published top; whom it shows more, "
        "the page /access says",
    ),
    Readable(
        "department",
        "the page of a department or a team",
        "you may not see this department; the page /access says who may see what",
    ),
    Readable(
        "adoption",
        "how far a team is with targets of adoption",
        "targets are for the team and for whoever leads its department",
        names_people=False,
    ),
    Readable(
        "groups",
        "boards of teams, roles, clients and models",
        "boards of groups are for people who are signed in",
    ),
    Readable(
        "usage",
        "usage over a window",
        "you may ask for your own usage (scope=me); "
        "the organisation's is for the operator (scope=org)",
        ("client", "provider", "model", "account", "day", "session", "project"),
    ),
    Readable(
        "sources",
        "which sources tell of whom",
        "you may see your own sources; the page /access says who sees everybody's",
    ),
    Readable(
        "disagreements",
        "calls on which sources disagree",
        "you may see your own calls; the page /access says who sees everybody's",
    ),
    Readable(
        "dark",
        "the dark switch",
        "the dark switch is not yours to turn; the page /access says whose it is",
        names_people=False,
    ),
    Readable(
        "oversight",
        "how people's figures are read",
        "oversight is not yours; the page /access says whose it is",
        ("brakes", "readers", "changes"),
    ),
    Readable(
        "people",
        "the directory",
        "the directory is not yours to read; the page /access says whose it is",
    ),
    Readable(
        "unclaimed",
        "usage that belongs to nobody",
        "usage that belongs to nobody is for the operator",
    ),
    Readable(
        "ingest_status",
        "the ingest status",
        "the ingest status is not yours; the page /access says whose it is",
        names_people=False,
    ),
    Readable(
        "metrics",
        "the receiver's figures for Prometheus",
        "metrics are for the operator: give the scraper a key made with "
        "`mileage key create --scope operator`",
        names_people=False,
    ),
    Readable(
        "rejected",
        "what was rejected",
        "what was rejected is not yours; the page /access says whose it is",
        names_people=False,
    ),
    Readable(
        "my_data",
        "everything that is kept about a person",
        "all that is kept about a person is for that person",
    ),
    Readable(
        "person_requests",
        "what people ask for about their own data",
        "what people ask for is answered by the operator",
    ),
    Readable(
        "access",
        "who may see what",
        "who may see what is for people who are signed in",
        names_people=False,
    ),
)
READABLES: Mapping[str, Readable] = MappingProxyType({one.name: one for one in _LIST})
"""By name."""
