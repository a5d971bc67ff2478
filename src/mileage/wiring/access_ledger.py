"""The access ledger as a log that cannot be rewritten unseen: sign, verify, prove."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from mileage.access.checking import LogChecked, check_log
from mileage.access.merkle import (
    Frontier,
    consistency_path,
    grew,
    inclusion_path,
    leaf_hash,
    root_by_path,
)
from mileage.access.notes import (
    Head,
    VerifierKey,
    name_of_key,
    open_note,
    origin_of,
    signed_note,
)
from mileage.domain.entries import entry_bytes, set_digest
from mileage.domain.errors import Invalid, NotFound, Unavailable
from mileage.store.control.checkpoints import LOGS, StoredCheckpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from mileage.store.control import Control

KEY_FILE = "audit.key"
KEY_BYTES = 32
OTHERS = 0o077


class Kept(NamedTuple):
    """A checkpoint from somewhere, and where, for messages."""

    place: str
    note: str


class AccessLedger:
    """Both logs of one data directory."""

    def __init__(self, control: Control, data: Path) -> None:
        self._control = control
        self._signer = _signer(data / KEY_FILE)
        public = self._signer.public_key().public_bytes_raw()
        self.key = VerifierKey(name_of_key(public), public)

    def checkpoint(self) -> dict[str, str]:
        """Sign what came since the last time; return the notes by log."""
        made = ((log, self._checkpoint(log)) for log in LOGS)
        return {log: note for log, note in made if note}

    def verify(
        self, outside: Iterable[Kept] = (), key: VerifierKey | None = None
    ) -> dict[str, LogChecked]:
        """Check both logs against every checkpoint, kept here or outside.

        ``key`` is the verification key as it is known outside; this directory's own
        proves less, because whoever rewrites a log here can sign anew.
        """
        key, outside = key or self.key, tuple(outside)
        strange = [one.place for one in outside if _origin(one) not in _origins(key)]
        checked = {}
        for log in LOGS:
            kept = self._control.checkpoints(log)
            ours = [Kept(f"the checkpoint at {one.size}", one.note) for one in kept]
            heads, wrong = _heads(key, log, (*ours, *outside))
            found = check_log(self._control.log_entries(log), heads)
            checked[log] = found._replace(problems=(*found.problems, *wrong))
        access = checked["access"]
        wrong = [f"{place}: is no checkpoint of {key.name}" for place in strange]
        wrong += self._changed_sets()
        checked["access"] = access._replace(problems=(*access.problems, *wrong))
        return checked

    def prove(self, log: str, number: int) -> dict[str, Any]:
        """Return an entry with the hashes that lead from it to a checkpoint."""
        kept = [one for one in self._control.checkpoints(log) if one.size >= number]
        if not kept or number < 1:
            raise NotFound(
                f"no checkpoint covers entry {number} of the log `{log}` yet: "
                "`mileage audit checkpoint` makes one"
            )
        entries = list(self._control.log_entries(log))[: kept[0].size]
        if len(entries) < kept[0].size:
            raise Unavailable("the log was cut: `mileage audit verify` says where")
        leaves = [leaf_hash(entry_bytes(entry)) for entry in entries]
        path = inclusion_path(number - 1, leaves)
        return {
            "log": log,
            "entry": entry_bytes(entries[number - 1]).decode("utf-8", "replace"),
            "number": number,
            "size": kept[0].size,
            "path": [one.hex() for one in path],
            "checkpoint": kept[0].note,
        }

    def prove_growth(self, note: str) -> dict[str, Any]:
        """Show that nothing changed before a checkpoint; no entry is in the proof.

        Raises Invalid for a note that is none of this directory's, and Unavailable
        where the logs are not what it vouched for: then there is no such proof.
        """
        head = _opened(note, self.key)
        log = next((one for one in LOGS if origin_of(self.key, one) == head.origin), "")
        kept = [one for one in self._control.checkpoints(log) if one.size >= head.size]
        if not kept:
            raise Unavailable("the log was cut: `mileage audit verify` says where")
        last = kept[-1]
        leaves = [
            leaf_hash(entry_bytes(entry)) for entry in self._control.log_entries(log)
        ][: last.size]
        proof = {
            "log": log,
            "earlier": note,
            "checkpoint": last.note,
            "growth": [one.hex() for one in _growth(head.size, leaves)],
        }
        try:
            check_growth(proof, self.key)
        except Invalid:
            raise Unavailable(
                "the log is not what this checkpoint vouched for: "
                "`mileage audit verify --checkpoint FILE` says where"
            ) from None
        return proof

    def _checkpoint(self, log: str) -> str:
        kept = self._control.checkpoints(log)
        last = kept[-1] if kept else StoredCheckpoint(0, 0, b"", "")
        try:
            frontier = Frontier(last.size, last.frontier)
        except ValueError:
            raise Unavailable(
                f"the last checkpoint of the log `{log}` was changed: "
                "`mileage audit verify` says what fits"
            ) from None
        for entry in self._control.log_entries(log, after=last.size):
            frontier.append(leaf_hash(entry_bytes(entry)))
        if frontier.size == last.size:
            return ""
        head = Head(origin_of(self.key, log), frontier.size, frontier.root())
        note = signed_note(head, self.key, self._signer.sign)
        made = StoredCheckpoint(
            frontier.size, self._control.now(), frontier.stored(), note
        )
        self._control.add_checkpoint(log, made)
        return note

    def _changed_sets(self) -> list[str]:
        wrong = [
            f"whom the reads with set {named[:12]} named was changed"
            for named, members in self._control.named_sets()
            if set_digest(members) != named
        ]
        if misfiled := self._control.misfiled():
            wrong.append(f"whom reads named is filed wrongly by account: {misfiled}")
        return wrong


def check_proof(proof: dict[str, Any], key: VerifierKey) -> Head:
    """Check a proof with nothing but the verification key; raises Invalid."""
    try:
        entry, number, path = proof["entry"], int(proof["number"]), proof["path"]
        hashes = [bytes.fromhex(one) for one in path]
        head = _opened(str(proof["checkpoint"]), key)
        leaf = leaf_hash(entry.encode())
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise Invalid("this is no proof of an entry") from None
    if root_by_path(number - 1, head.size, leaf, hashes) != head.root:
        raise Invalid("this entry is not in the log that the checkpoint vouches for")
    return head


def check_growth(proof: dict[str, Any], key: VerifierKey) -> tuple[Head, Head]:
    """Check such a proof with nothing but the verification key; raises Invalid."""
    try:
        earlier, later = (
            _opened(str(proof[one]), key) for one in ("earlier", "checkpoint")
        )
        hashes = [bytes.fromhex(one) for one in proof["growth"]]
    except (KeyError, TypeError, ValueError):
        raise Invalid("this is no proof that a log only grew") from None
    sizes = (earlier.size, earlier.root), (later.size, later.root)
    if earlier.origin != later.origin or not grew(*sizes, hashes):
        raise Invalid("the later checkpoint is not of the earlier log and more")
    return earlier, later


def _growth(size: int, leaves: Sequence[bytes]) -> list[bytes]:
    return consistency_path(size, leaves) if size <= len(leaves) else []


def _heads(
    key: VerifierKey, log: str, kept: Iterable[Kept]
) -> tuple[list[Head], list[str]]:
    heads, wrong = [], []
    for one in kept:
        if _origin(one) == origin_of(key, log):
            try:
                heads.append(_opened(one.note, key))
            except Invalid as error:
                wrong.append(f"{one.place}: {error}")
    return heads, wrong


def _origins(key: VerifierKey) -> set[str]:
    return {origin_of(key, log) for log in LOGS}


def _origin(kept: Kept) -> str:
    return kept.note.partition("\n")[0]


def _opened(note: str, key: VerifierKey) -> Head:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = Ed25519PublicKey.from_public_bytes(key.public)

    def fits(signature: bytes, text: bytes) -> bool:
        try:
            public.verify(signature, text)
        except InvalidSignature:
            return False
        return True

    return open_note(note, key, fits)


def _signer(path: Path) -> Ed25519PrivateKey:
    """Read the signing key, made at first use; only its owner may read it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    with suppress(FileExistsError):
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(file, "wb") as fresh:
            fresh.write(Ed25519PrivateKey.generate().private_bytes_raw())
            fresh.flush()
            os.fsync(fresh.fileno())
    if path.stat().st_mode & OTHERS:
        raise Unavailable(f"{path} can be read by others: chmod 600 it")
    secret = path.read_bytes()
    if len(secret) != KEY_BYTES:
        raise Unavailable(f"{path} is no signing key: restore it from a backup")
    return Ed25519PrivateKey.from_private_bytes(secret)
