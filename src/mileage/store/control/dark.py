"""The dark switch, where every process of this data directory sees it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from mileage.domain.darkness import Act, Darkness, whole_sentence
from mileage.domain.errors import Dark, Invalid, NotFound
from mileage.store.control.audit import Change, note
from mileage.store.control.database import OnDatabase, Remembered
from mileage.store.control.trust_schema import DARKNESS

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from mileage.domain.people import Viewer
    from mileage.store.control.database import Database

NOW = select(DARKNESS).where(DARKNESS.c.ended_at.is_(None))
LAST = select(DARKNESS).order_by(DARKNESS.c.incident.desc()).limit(1)


class DarkSwitch(OnDatabase):
    """On by one person, off by two; each step leaves an audit row."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        # A tuple, as None would not be remembered.
        self._dark: Remembered[str, tuple[Darkness | None]] = Remembered(database, 1)

    def darkness(self) -> Darkness | None:
        """Return why it is dark now, or None; asked at every request."""
        found = self._dark.ask("now", self._darkness_now)
        return found[0] if found else None

    def last_darkness(self) -> Darkness | None:
        """Return the present darkness or else the last one."""
        with self._database.reading() as connection:
            row = connection.execute(LAST).one_or_none()
        return None if row is None else _darkness(row)

    def darken(self, actor: Viewer, reason: str) -> Darkness:
        """Turn it dark; who comes second finds it so. Raises Invalid for no reason."""
        stated = whole_sentence(reason)
        if not stated:
            raise Invalid("say why it shall be dark: the reason is shown to everybody")
        with self._database.writing() as connection:
            present = dark_now(connection)
            if present is not None:
                return present
            at = self._database.now()
            values = {**_act("began", actor, at), "reason": stated}
            connection.execute(insert(DARKNESS).values(values))
            made = _darkness(connection.execute(NOW).one())
            _note(connection, at, ("dark on", made, actor))
            return made

    def lighten(self, actor: Viewer) -> Darkness:
        """Ask for the end, or as the second person end it; raises NotFound.

        The answer tells which: ``ended`` is None until somebody else confirms.
        """
        with self._database.writing() as connection:
            present = dark_now(connection)
            if present is None:
                raise NotFound("it is not dark")
            at = self._database.now()
            step = "asked"
            if present.asked_by_another(actor.account_id, at):
                step = "ended"
            wanted = DARKNESS.c.incident == present.incident
            changed = update(DARKNESS).where(wanted).values(_act(step, actor, at))
            connection.execute(changed)
            told = "dark off" if step == "ended" else "dark off asked"
            _note(connection, at, (told, present, actor))
            return _darkness(connection.execute(select(DARKNESS).where(wanted)).one())

    def _darkness_now(self, _: str) -> tuple[Darkness | None]:
        with self._database.reading() as connection:
            return (dark_now(connection),)


def dark_now(connection: Connection) -> Darkness | None:
    """Return the darkness of one consistent state."""
    row = connection.execute(NOW).one_or_none()
    return None if row is None else _darkness(row)


def refuse_in_the_dark(connection: Connection) -> None:
    """Raise Dark inside the transaction that would record a named read."""
    present = dark_now(connection)
    if present is not None:
        raise Dark(present.notice)


def _note(connection: Connection, at: int, step: tuple[str, Darkness, Viewer]) -> None:
    action, darkness, actor = step
    # The reason is told to everybody; what people write there stays out of the trail.
    note(connection, at, Change(action, f"incident {darkness.incident}", "", actor))


def _act(step: str, actor: Viewer, at: int) -> dict[str, Any]:
    return {
        f"{step}_at": at,
        f"{step}_by": actor.account_id,
        f"{step}_name": actor.name,
    }


def _darkness(row: Row[Any]) -> Darkness:
    def act(step: str) -> Act | None:
        at, by, name = (getattr(row, f"{step}_{part}") for part in ("at", "by", "name"))
        return None if at is None else Act(at, by, name)

    began = Act(row.began_at, row.began_by, row.began_name)
    return Darkness(row.incident, began, row.reason, act("asked"), act("ended"))
