"""What a person may ask for about the data that is kept about them.

Instants are UTC microseconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

RequestKind = Literal["correction", "objection", "erasure"]
REQUEST_KINDS: tuple[RequestKind, ...] = get_args(RequestKind)
RequestState = Literal["open", "granted", "declined", "withdrawn"]
LONGEST_TEXT = 2_000
"""Characters of a request, and of the answer to it."""
MOST_OPEN = 20
"""Requests of one person that wait at a time."""
ERASED = "erased"
"""Kind of the account that stands for somebody who was erased."""
ERASED_NAME = "erased person"
ANSWER_DAYS = 30
"""Within which a request is answered (GDPR article 12(3): one month)."""


@dataclass(frozen=True, slots=True)
class PersonRequest:
    """A correction, an objection or an erasure that somebody asked for."""

    request_id: str
    account_id: str
    kind: RequestKind
    text: str
    filed_at: int
    state: RequestState
    answered_at: int | None
    answered_by: str
    """Name of whoever answered, '' while nobody has."""
    answer: str

    @property
    def holds(self) -> bool:
        """Whether an objection is to be heeded: also while it is looked at."""
        return self.kind == "objection" and self.state in ("open", "granted")


class Answer(NamedTuple):
    """What an operator decides about a request."""

    request_id: str
    granted: bool
    text: str


@dataclass(frozen=True, slots=True)
class MyData:
    """Everything that is kept about one person, added up."""

    account_id: str
    name: str
    email: str
    made_at: int
    organisation: str
    simulated: bool
    accounts: tuple[str, ...]
    """The person's own account first, then those claimed for them."""
    directory: dict[str, list[dict[str, Any]]]
    """Rows of the control plane by table, without secrets or their hashes."""
    usage: dict[str, list[dict[str, Any]]]
    """Rows of the ledger: ``days``, ``sources``, ``activities``, ``machines`` …"""
    readers: tuple[dict[str, Any], ...]
    """Recorded reads that named them or could have, newest first."""
    reads: tuple[dict[str, Any], ...]
    """Recorded reads that they made of others."""
    changes: tuple[dict[str, Any], ...]
    requests: tuple[PersonRequest, ...]
    boards: int
    """Published snapshots that are kept; they name who used anything in them."""


class ErasurePlan(NamedTuple):
    """What erasing somebody would do."""

    account_id: str
    name: str
    email: str
    accounts: int
    """Their own and those claimed for them."""
    witnesses: int
    activities: int
    control_rows: int
    """Of the directory, credentials, sessions and requests; all of them go."""
    snapshots: int
    """That are looked through, and written anew where they name the person."""
    log_rows: int
    """Of the access log, which stay: others may ask who read their data."""
