"""What an operator in a shell does about one person's data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mileage.domain.errors import NotFound, Unavailable
from mileage.domain.participation import UNDECIDED
from mileage.domain.people import OPERATOR
from mileage.domain.rights import (
    ERASED,
    Answer,
    ErasurePlan,
    PersonRequest,
    RequestKind,
)
from mileage.reports.awards import OwnAwards
from mileage.reports.participation import Participation
from mileage.wiring import erasing

if TYPE_CHECKING:
    from mileage.domain.awards import AwardsPage
    from mileage.domain.deletion import Deletion
    from mileage.domain.participation import TakingPart
    from mileage.domain.people import Account
    from mileage.domain.settings import Settings
    from mileage.honours.titles import Titles
    from mileage.store.control import Control
    from mileage.wiring.organisation import Organisation

Asked = tuple[str, RequestKind, str]


def person(organisation: Organisation, email: str) -> Account:
    """Return who has an address; raises NotFound."""
    return _person(organisation.control, email)


def _person(control: Control, email: str) -> Account:
    found = control.account_of_email(email)
    if found is None or found.kind == ERASED:
        raise NotFound(f"nobody here has the address {email}: see 'mileage people'")
    return found


def export(organisation: Organisation, payload: bytes) -> int:
    """Write what is kept about a person into a file that is there; return its size."""
    email, path = msgspec.msgpack.decode(payload, type=tuple[str, str])
    organisation.pipeline.drain()
    account = person(organisation, email)
    try:
        with Path(path).open("wb") as file:
            organisation.rights.write_my_data(OPERATOR, account.account_id, file)
            return file.tell()
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}") from error


def erasure_plan(organisation: Organisation, payload: bytes) -> ErasurePlan:
    """Say what erasing somebody would do."""
    email = msgspec.msgpack.decode(payload, type=str)
    organisation.pipeline.drain()
    return erasing.plan(organisation, person(organisation, email))


def erase(organisation: Organisation, payload: bytes) -> list[Deletion]:
    """Erase somebody."""
    email = msgspec.msgpack.decode(payload, type=str)
    organisation.pipeline.drain()
    return erasing.erase_person(organisation, person(organisation, email))


def requests(organisation: Organisation, payload: bytes) -> list[PersonRequest]:
    """List what people asked for, oldest first."""
    waiting = msgspec.msgpack.decode(payload, type=bool)
    return list(organisation.rights.requests(OPERATOR, waiting=waiting))


def answer(organisation: Organisation, payload: bytes) -> None:
    """Decide about a request."""
    organisation.rights.answer(OPERATOR, msgspec.msgpack.decode(payload, type=Answer))


def file_request(organisation: Organisation, payload: bytes) -> str:
    """Record what somebody asked for by letter or by word of mouth."""
    email, kind, text = msgspec.msgpack.decode(payload, type=Asked)
    account = person(organisation, email)
    return organisation.rights.ask_for(OPERATOR, account.account_id, kind, text)


def take_part(
    control: Control, settings: Settings, asked: tuple[str, str | None, bool | None]
) -> TakingPart:
    """Record what the owner of an address chose, if anything; say how they stand.

    ``asked`` has the address, the choice and whether there is a statement; None
    leaves either as it is.
    """
    email, choice, stated = asked
    found = _person(control, email)
    taking = Participation(control, settings)
    before = taking.of(found.account_id).chosen
    if choice is not None or stated is not None:
        taking.choose(
            OPERATOR,
            choice or before.choice or UNDECIDED,
            stated=before.stated if stated is None else stated,
            account_id=found.account_id,
        )
    return taking.of(found.account_id)


def own_awards(
    control: Control, titles: Titles, asked: tuple[str, str | None, str | None]
) -> AwardsPage:
    """Record what the owner of an address declined or took again; list their awards.

    ``asked`` has the address, what is declined and what is taken again, None for
    neither.
    """
    email, declined, taken = asked
    account, desk = _person(control, email).account_id, OwnAwards(control, titles)
    for which, no in ((declined, True), (taken, False)):
        if which is not None:
            desk.choose(OPERATOR, account, which, declined=no)
    return desk.of(account)


ACTIONS = {
    "person_export": export,
    "erasure_plan": erasure_plan,
    "erase_person": erase,
    "person_requests": requests,
    "person_answer": answer,
    "person_ask": file_request,
}
"""By the name under which another process asks for it."""
