"""The numbers by which stored witnesses are found again."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import ESTIMATE
from mileage.domain.joining import Profile
from mileage.store.statements import insert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import duckdb

    from mileage.domain.call import Seen
    from mileage.domain.joining import Joining
    from mileage.domain.witness import Witness

HOUR = 3_600_000_000


def stable_id(*parts: str) -> int:
    """Return 64 bits that are the same on every machine and in every version."""
    digest = blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def own_id(source: str, key: str) -> int:
    """Return the number of a witness's copies: of its source and key."""
    return stable_id("key", source, key)


def session_id(session: str) -> int:
    """Return the number of a session, whatever client says so."""
    return stable_id("session", session)


def account_id(account: str) -> int:
    """Return the number under which an account's gateways stand."""
    return stable_id("account", account)


def names(witness: Witness, joining: Joining) -> Iterator[str]:
    """Return its key, and the ids that other sources may have."""
    yield witness.key
    yield from joining.ids(witness)


def written(profile: Profile) -> str:
    """Write a profile as one text."""
    return "\t".join((profile.source, profile.client, " ".join(sorted(profile.kinds))))


def read_profile(text: str) -> Profile:
    """Read a profile back."""
    source, client, kinds = text.split("\t")
    return Profile(source, client, frozenset(kinds.split()))


class IdRow(NamedTuple):
    """One way to a witness; the database turns names into numbers."""

    name: str
    session: bool
    """The name is that of a session, else a key or a shared id."""
    own_id: int
    utc_hour: int
    replayable: bool


def id_rows(witnesses: Iterable[Witness], joining: Joining) -> set[IdRow]:
    """Return every way to these witnesses."""
    found: set[IdRow] = set()
    for witness in witnesses:
        own = own_id(witness.source, witness.key)
        hour = witness.occurred_at // HOUR
        replayable = joining.traits(witness.source).replayable
        found.update(
            IdRow(name, False, own, hour, replayable)  # noqa: FBT003 - a row
            for name in names(witness, joining)
        )
        if witness.session:
            found.add(IdRow(witness.session, True, own, hour, replayable))  # noqa: FBT003 - a row
    return found


class ProfileRow(NamedTuple):
    """One kind of witnesses that a session has, or a gateway of an account."""

    session_id: int
    profile: str


def profile_rows(seen: Iterable[Seen], joining: Joining) -> set[ProfileRow]:
    """Return what these tell of their sessions and accounts."""
    found: set[ProfileRow] = set()
    for one in seen:
        witness = one.witness
        if witness.measure == ESTIMATE:
            continue
        profile = written(joining.profile(witness))
        if witness.session:
            found.add(ProfileRow(session_id(witness.session), profile))
        if joining.is_gateway(witness.source):
            found.add(ProfileRow(account_id(one.account), profile))
    return found


def insert_identities(
    cursor: duckdb.DuckDBPyConnection,
    ids: Iterable[IdRow],
    profiles: Iterable[ProfileRow],
) -> None:
    """Store ways to witnesses, and what is new about their sessions."""
    _insert(cursor, "witness_id.insert", IdRow._fields, sorted(ids))
    names = ProfileRow._fields
    _insert(cursor, "session_profile.insert", names, sorted(profiles))


def _insert(
    cursor: duckdb.DuckDBPyConnection,
    name: str,
    fields: Sequence[str],
    rows: Sequence[tuple[int | str, ...]],
) -> None:
    if rows:
        columns = map(list, zip(*rows, strict=True))
        insert(cursor, name, dict(zip(fields, columns, strict=True)))
