"""Who may see which report about whom. What no line allows is refused."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from mileage.domain.directory import ORGANISATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mileage.domain.people import Purpose, Viewer

ViewerKind = Literal["operator", "member", "nobody"]
Relation = Literal["self", "other", "organisation"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """The viewer may; ``recorded`` reads leave an access row before they are sent."""

    purpose: Purpose
    recorded: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """The viewer may not."""

    reason: str
    """A sentence for the viewer; it tells nothing about the subject."""


class Rule(NamedTuple):
    """One line of the table."""

    report: str
    relation: Relation
    viewer: ViewerKind
    allowed: Allowed


SELF = Allowed("self", recorded=False)
BOARD = Allowed("board", recorded=True)
OPERATIONS = Allowed("operations", recorded=True)
# It counts records and names nobody.
UNNAMED = Allowed("operations", recorded=False)

RULES = (
    Rule("board", "organisation", "member", BOARD),
    Rule("board", "organisation", "operator", OPERATIONS),
    Rule("personal", "self", "member", SELF),
    Rule("personal", "self", "operator", SELF),
    Rule("personal", "other", "operator", OPERATIONS),
    Rule("usage", "self", "member", SELF),
    Rule("usage", "self", "operator", SELF),
    Rule("usage", "organisation", "operator", OPERATIONS),
    Rule("ingest_status", "organisation", "operator", UNNAMED),
    Rule("rejected", "organisation", "operator", UNNAMED),
    Rule("people", "organisation", "operator", OPERATIONS),
    Rule("unclaimed", "organisation", "operator", OPERATIONS),
    Rule("sources", "self", "member", SELF),
    Rule("sources", "self", "operator", SELF),
    Rule("sources", "organisation", "operator", OPERATIONS),
    Rule("disagreements", "self", "member", SELF),
    Rule("disagreements", "self", "operator", SELF),
    Rule("disagreements", "organisation", "operator", OPERATIONS),
)

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "board": "the board is for people who are signed in",
        "personal": "a personal page opens for its own account and for the operator",
        "usage": (
            "you may ask for your own usage (scope=me); "
            "the organisation's is for the operator (scope=org)"
        ),
        "ingest_status": "the ingest status is for the operator",
        "rejected": "what was rejected is for the operator",
        "people": "the directory is for the operator",
        "unclaimed": "usage that belongs to nobody is for the operator",
        "sources": "you may see your own sources; everybody's are for the operator",
        "disagreements": (
            "you may see your own calls; everybody's are for the operator"
        ),
    }
)

_TABLE: Mapping[tuple[str, Relation, ViewerKind], Allowed] = MappingProxyType(
    {(rule.report, rule.relation, rule.viewer): rule.allowed for rule in RULES}
)


def decide(
    viewer: Viewer, report: str, subject: str = ORGANISATION
) -> Allowed | Refusal:
    """Decide about one read; ``subject`` is an account id or ``ORGANISATION``."""
    if report not in REASONS:
        return Refusal(f"there is no report named {report!r}")
    kind = kind_of(viewer)
    if kind == "nobody":
        return Refusal("nobody is signed in: sign in first")
    allowed = _TABLE.get((report, relation_to(viewer, subject), kind))
    return allowed or Refusal(REASONS[report])


def kind_of(viewer: Viewer) -> ViewerKind:
    """Tell what a viewer is to the policy."""
    if viewer.operator:
        return "operator"
    return "member" if viewer.account_id else "nobody"


def relation_to(viewer: Viewer, subject: str) -> Relation:
    """Tell how the subject relates to the viewer."""
    if subject == ORGANISATION:
        return "organisation"
    # The operator in a shell has no account, so no page is the operator's own.
    return "self" if subject and subject == viewer.account_id else "other"
