"""What commands do to a data directory, whoever owns it.

The ledger has one owner process. While ``serve`` runs, commands ask it; otherwise
they open the directory themselves. Either way the same functions run.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.bucket import Bucket, Recorded
from mileage.domain.checked import Checked
from mileage.domain.deletion import Deletion, Due
from mileage.domain.directory import ORGANISATION, NamedRead
from mileage.domain.errors import Invalid, Unavailable
from mileage.domain.load import strains
from mileage.domain.people import OPERATOR
from mileage.domain.recomputed import Recomputed
from mileage.domain.rejecting import SORTS
from mileage.domain.rights import Answer, ErasurePlan, PersonRequest
from mileage.ingest.checking import check_quarantine
from mileage.ingest.record import decode, encode
from mileage.ingest.screen import DAY
from mileage.ingest.told_once import Bounds
from mileage.reports.doctor import Aims, examine
from mileage.reports.reconciliation import buckets_json, utc_days
from mileage.reports.rejected import rejected_json
from mileage.reports.shape import ingest_status_json
from mileage.reports.unclaimed import parked_json
from mileage.store.buckets import record_buckets
from mileage.store.disagreements import contradicted
from mileage.store.owners import claims_in_force
from mileage.store.retention import horizon
from mileage.wiring.backups import Prepared, prepare
from mileage.wiring.dark import Dark
from mileage.wiring.organisation import now, open_organisation
from mileage.wiring.owner import owner_of
from mileage.wiring.person import ACTIONS as PERSON_ACTIONS
from mileage.wiring.recomputing import recomputed
from mileage.wiring.retaining import apply, plan
from mileage.wiring.verifying import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from mileage.ingest.record import Record
    from mileage.wiring.organisation import Organisation

_buckets_out = msgspec.msgpack.Encoder()
_buckets_in = msgspec.msgpack.Decoder(list[Bucket])


class Operations:
    """The things that need the owner; ``act`` runs them here or over there."""

    def __init__(self, act: Callable[[str, bytes], Any]) -> None:
        self._act = act

    def take(self, record: Record) -> None:
        """Take a reading in; returns when it is on disk."""
        self._act("take", encode(record))

    def bounds(self) -> Bounds:
        """Return between which times calls are taken now."""
        return Bounds(int(self._act("horizon", b"")), now() + DAY)

    def record_buckets(self, found: Sequence[Bucket]) -> Recorded:
        """Record a provider's buckets; what is known already changes nothing."""
        done = self._act("record_buckets", _buckets_out.encode(list(found)))
        return msgspec.convert(done, Recorded)

    def buckets(self, asked: dict[str, str]) -> dict[str, Any]:
        """Return buckets beside calls; ``asked`` has the days since and until."""
        return dict(self._act("buckets", msgspec.msgpack.encode(asked)))

    def contradicted(self, source: str, since: int) -> int:
        """Count the calls of which a source has said something else since then."""
        asked = msgspec.msgpack.encode((source, since))
        return int(self._act("contradicted", asked))

    def settle(self) -> None:
        """Wait until everything taken in is in the ledger."""
        self._act("settle", b"")

    def settled(self) -> dict[str, Any]:
        """Return the status once everything taken in before is in the ledger.

        Two of these around a command count what it added: without the first wait
        they would count what a serving owner still had before it, too.
        """
        self.settle()
        return self.status()

    def publish(self) -> None:
        """Publish a snapshot of now."""
        self._act("publish", b"")

    def recompute(
        self, as_of: int | None, window: str, lens: str, top: int | None
    ) -> Recomputed:
        """Compute a published board again; ``reports.recomputing`` says how."""
        asked = msgspec.msgpack.encode((as_of, window, lens, top))
        return msgspec.convert(self._act("recompute", asked), Recomputed)

    def check(self, part: str) -> Checked:
        """Check one part of the data directory (``wiring.verifying.PARTS``)."""
        return msgspec.convert(self._act("check", part.encode()), Checked)

    def retention_plan(self) -> list[Due]:
        """Return what the policy would delete now."""
        return msgspec.convert(self._act("retention_plan", b""), list[Due])

    def retention_apply(self) -> list[Deletion]:
        """Delete what is due; return the records of it."""
        return msgspec.convert(self._act("retention_apply", b""), list[Deletion])

    def prepare_backup(self) -> Prepared:
        """Copy what changes to where a backup can be packed of it."""
        return msgspec.convert(self._act("prepare_backup", b""), Prepared)

    def examine(self) -> dict[str, Any]:
        """Say what is collected, missing, stale."""
        return dict(self._act("examine", b""))

    def rejected(self) -> dict[str, Any]:
        """Return what could not be read."""
        return dict(self._act("rejected", b""))

    def status(self) -> dict[str, Any]:
        """Return the ingest status."""
        return dict(self._act("status", b""))

    def unclaimed(self) -> list[dict[str, Any]]:
        """List identities whose usage belongs to nobody."""
        return list(self._act("unclaimed", b""))

    def claims(self) -> list[dict[str, Any]]:
        """List identities that somebody has claimed."""
        return list(self._act("claims", b""))

    def claim(self, identity: str, email: str) -> dict[str, Any]:
        """Give an identity's usage to the owner of an address."""
        asked = msgspec.msgpack.encode((identity, email))
        return dict(self._act("claim", asked))

    def unclaim(self, identity: str) -> dict[str, Any]:
        """Give an identity its usage back."""
        return dict(self._act("unclaim", msgspec.msgpack.encode(identity)))

    def person_export(self, email: str, path: str) -> int:
        """Write what is kept about a person into a file; return its bytes."""
        asked = msgspec.msgpack.encode((email, path))
        return int(self._act("person_export", asked))

    def erasure_plan(self, email: str) -> ErasurePlan:
        """Return what erasing somebody would do."""
        found = self._act("erasure_plan", msgspec.msgpack.encode(email))
        return msgspec.convert(found, ErasurePlan)

    def erase_person(self, email: str) -> list[Deletion]:
        """Erase somebody; return the records of it."""
        done = self._act("erase_person", msgspec.msgpack.encode(email))
        return msgspec.convert(done, list[Deletion])

    def person_requests(self, *, waiting: bool) -> list[PersonRequest]:
        """List what people asked for, oldest first."""
        found = self._act("person_requests", msgspec.msgpack.encode(waiting))
        return msgspec.convert(found, list[PersonRequest])

    def person_answer(self, answer: Answer) -> None:
        """Decide about a request."""
        self._act("person_answer", msgspec.msgpack.encode(answer))

    def person_ask(self, email: str, kind: str, text: str) -> str:
        """Record what somebody asked for; return its id."""
        asked = msgspec.msgpack.encode((email, kind, text))
        return str(self._act("person_ask", asked))


def actions(organisation: Organisation) -> Callable[[str, bytes], Any]:
    """Return what runs an action on an open organisation."""
    run = {
        "take": _take,
        "horizon": _horizon,
        "settle": _settle,
        "record_buckets": _record_buckets,
        "buckets": _buckets,
        "contradicted": _contradicted,
        "publish": _publish,
        "recompute": recomputed,
        "check": _check,
        "darken": _darken,
        "prepare_backup": _prepare_backup,
        "retention_plan": _retention_plan,
        "retention_apply": _retention_apply,
        "examine": _examine,
        "rejected": _rejected,
        "status": _status,
        "unclaimed": _unclaimed,
        "claims": _claims,
        "claim": _claim,
        "unclaim": _unclaim,
        **PERSON_ACTIONS,
    }

    def act(action: str, payload: bytes) -> Any:  # noqa: ANN401 - as the action says
        if action not in run:
            message = f"the running server does not know {action!r}; is it older?"
            raise Invalid(message)
        return run[action](organisation, payload)

    return act


@contextmanager
def operations(data: Path) -> Iterator[Operations]:
    """Reach the owner of a data directory, or become it while the block runs."""
    with owner_of(data) as owner:
        if owner is not None:
            yield Operations(owner.act)
            return
    with open_organisation(data) as organisation:
        organisation.pipeline.drain()
        yield Operations(actions(organisation))


def _take(organisation: Organisation, payload: bytes) -> None:
    organisation.pipeline.submit(decode(payload)).result()


def _horizon(organisation: Organisation, _: bytes) -> int:
    return horizon(organisation.ledger)


def _darken(organisation: Organisation, payload: bytes) -> str:
    """Answer in text: whoever waits for it has loaded nothing that reads another."""
    desk = Dark(organisation.control, organisation.data, organisation.answers.gate)
    return json.dumps(desk.told(OPERATOR, payload.decode()))


def _record_buckets(organisation: Organisation, payload: bytes) -> Recorded:
    return record_buckets(organisation.ledger, _buckets_in.decode(payload))


def _buckets(organisation: Organisation, payload: bytes) -> dict[str, Any]:
    asked = msgspec.msgpack.decode(payload, type=dict[str, str])
    window = utc_days(asked["since"], asked["until"], now())
    found = buckets_json(organisation.ledger, window)
    organisation.control.record_access(
        NamedRead(OPERATOR, "operations", "buckets", ORGANISATION, len(found["rows"]))
    )
    return found


def _contradicted(organisation: Organisation, payload: bytes) -> int:
    source, since = msgspec.msgpack.decode(payload, type=tuple[str, int])
    return contradicted(organisation.ledger, source, since)


def _settle(organisation: Organisation, _: bytes) -> None:
    organisation.pipeline.drain()


def _publish(organisation: Organisation, _: bytes) -> None:
    organisation.pipeline.drain()
    organisation.publish()


def _retention_plan(organisation: Organisation, _: bytes) -> list[Due]:
    return plan(organisation)


def _retention_apply(organisation: Organisation, _: bytes) -> list[Deletion]:
    return apply(organisation)


def _prepare_backup(organisation: Organisation, _: bytes) -> Prepared:
    return prepare(organisation)


def _check(organisation: Organisation, payload: bytes) -> Checked:
    return check(organisation, payload.decode())


def _unclaimed(organisation: Organisation, _: bytes) -> list[dict[str, Any]]:
    return parked_json(organisation.answers.unclaimed(OPERATOR))


def _claims(organisation: Organisation, _: bytes) -> list[dict[str, Any]]:
    return [one._asdict() for one in organisation.answers.claimed(OPERATOR)]


def _claim(organisation: Organisation, payload: bytes) -> dict[str, Any]:
    identity, email = msgspec.msgpack.decode(payload, type=tuple[str, str])
    organisation.pipeline.drain()
    return organisation.claims.claim(OPERATOR, identity, email)._asdict()


def _unclaim(organisation: Organisation, payload: bytes) -> dict[str, Any]:
    identity = msgspec.msgpack.decode(payload, type=str)
    return organisation.claims.unclaim(OPERATOR, identity)._asdict()


def _examine(organisation: Organisation, _: bytes) -> dict[str, Any]:
    claims = claims_in_force(organisation.ledger.cursor())
    accounts = [
        one for one in organisation.control.living() if one.account_id not in claims
    ]
    policy, at = organisation.policy, now()
    today = organisation.ledger.rules.clock.day(at)
    report = examine(
        organisation.ledger,
        accounts,
        now=at,
        faults=policy.faults,
        aims=Aims(policy.adoption, _deserted(organisation, today)),
        left=organisation.control.departed(today),
    )
    try:
        # It names people: the operator's read is on record before it is answered.
        organisation.control.record_access(
            NamedRead(OPERATOR, "operations", "doctor", ORGANISATION, len(accounts))
        )
    except Unavailable as refusal:
        # A full disk keeps records from being made: then nobody is named.
        report.update(findings=[str(refusal)], notes=[], problems=[])
    found = strains(organisation.receiver.load())
    limits = [f"{one.problem}: {one.fix}" for one in found]
    aside = check_quarantine(organisation.pipeline.quarantine).problems
    report["findings"] = [*limits, *aside, *report["findings"]]
    return report


def _deserted(organisation: Organisation, today: date) -> list[str]:
    """Return departments of targets of adoption in which nobody is."""
    named = {name for one in organisation.policy.adoption for name in one.departments}
    members_on = organisation.control.members_on
    return sorted(name for name in named if not members_on(today, name))


def _rejected(organisation: Organisation, _: bytes) -> dict[str, Any]:
    return rejected_json(organisation.answers.rejected(OPERATOR, None, SORTS[0]))


def _status(organisation: Organisation, _: bytes) -> dict[str, Any]:
    return ingest_status_json(organisation.receiver.counts())
