"""Passwords of local administrators, for the first start and for emergencies.

Argon2id with the parameters of the OWASP cheat sheet (19 MiB, 2 passes, 1 lane).
Attempts are counted before they are checked, by the address that was tried, so that
guessing in parallel gains nothing and an unknown address looks like a known one.
"""

from __future__ import annotations

from hashlib import sha256
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from mileage.domain.errors import Invalid, TooMany, Unauthorised
from mileage.domain.people import OPERATOR
from mileage.domain.sign_in import MINUTE
from mileage.store.control.audit import ITSELF, Change, note
from mileage.store.control.entry_schema import LOCAL_PASSWORD, PASSWORD_ATTEMPT
from mileage.store.control.schema import ACCOUNT, IDENTITY, SESSION
from mileage.store.control.sessions import Opening, Sessions, ended
from mileage.store.control.tokens import require_account

if TYPE_CHECKING:
    from argon2 import PasswordHasher
    from sqlalchemy import Connection

    from mileage.store.control.database import Database

SHORTEST, LONGEST = 15, 256
FEWEST_LETTERS = 6
"""Different characters of a password; fewer is a pattern."""
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
ATTEMPTS, WITHIN = 5, 15 * MINUTE
"""Wrong passwords for one address before it has to wait."""
ATTEMPTS_OF_ALL, WITHIN_OF_ALL = 60, MINUTE
AT_ONCE = 2
"""Checks at the same time: each takes 19 MiB and 50 ms of a processor."""
NOBODYS = (
    "$argon2id$v=19$m=19456,t=2,p=1$4PDjOjz+3NIQMdthiJHWDw"
    "$U59LlSeSZDPDF986UU3zhIEKLw6SMF2vB+u/KSBc9no"
)
"""A hash that no password fits, so that an unknown address takes as long."""
WRONG = "This address and password do not belong together."


class Passwords(Sessions):
    """Local administrators."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._room = BoundedSemaphore(AT_ONCE)

    def set_password(self, account_id: str, password: str) -> None:
        """Set somebody's password and end the sessions that the old one opened.

        Raises Invalid for a password that is easily guessed.
        """
        check_password(password)
        hash_of_it = _hasher().hash(password)
        now = self._database.now()
        values = {"account_id": account_id, "hash": hash_of_it, "set_at": now}
        with self._database.writing() as connection:
            require_account(connection, account_id)
            connection.execute(
                upsert(LOCAL_PASSWORD)
                .values(values)
                .on_conflict_do_update(index_elements=["account_id"], set_=values)
            )
            _end_opened(connection, now, account_id)
            note(connection, now, Change("password set", account_id))

    def remove_password(self, account_id: str) -> bool:
        """Forget a password and end what it opened; False when there was none."""
        now = self._database.now()
        mine = LOCAL_PASSWORD.c.account_id == account_id
        with self._database.writing() as connection:
            gone = connection.execute(delete(LOCAL_PASSWORD).where(mine)).rowcount == 1
            if gone:
                _end_opened(connection, now, account_id)
                note(connection, now, Change("password removed", account_id))
        return gone

    def has_passwords(self) -> bool:
        """Tell whether anybody can sign in with a password."""
        return bool(self.local_administrators())

    def local_administrators(self) -> tuple[tuple[str, int], ...]:
        """List the addresses that have a password, and when it was set."""
        wanted = (
            select(ACCOUNT.c.email, LOCAL_PASSWORD.c.set_at)
            .join(ACCOUNT, ACCOUNT.c.account_id == LOCAL_PASSWORD.c.account_id)
            .order_by(ACCOUNT.c.email)
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted)
            return tuple((row.email or "", row.set_at) for row in rows)

    def open_password(self, email: str, password: str, device: str = "") -> str:
        """Start a session of a local administrator.

        Raises Unauthorised, and TooMany before anything is compared.
        """
        # A form may hold what is no text; nobody has such an address.
        email = email.encode("utf-8", "replace").decode().strip().lower()
        name = sha256(email.encode()).digest()
        self._count_attempt(name)
        known = self._password_of(email)
        with self._room:
            fits = _fits(known[1] if known else NOBODYS, password[: LONGEST + 1])
        now = self._database.now()
        with self._database.writing() as connection:
            if known is None or not fits:
                of = known[0] if known else "unknown"
                note(connection, now, Change("password refused", of, actor=ITSELF))
            else:
                mine = PASSWORD_ATTEMPT.c.name == name
                connection.execute(delete(PASSWORD_ATTEMPT).where(mine))
                opening = Opening(known[0], operator=False, method="password")
                return self._open_session(connection, opening._replace(device=device))
        raise Unauthorised(WRONG)

    def _count_attempt(self, name: bytes) -> None:
        now, tried = self._database.now(), PASSWORD_ATTEMPT.c
        with self._database.writing() as connection:
            connection.execute(delete(PASSWORD_ATTEMPT).where(tried.at <= now - WITHIN))
            mine = select(func.count(), func.min(tried.at)).where(tried.name == name)
            count, first = connection.execute(mine).one()
            everybody = select(func.count()).where(tried.at > now - WITHIN_OF_ALL)
            all_of_them = connection.execute(everybody).scalar_one()
            if count < ATTEMPTS and all_of_them < ATTEMPTS_OF_ALL:
                row = {"name": name, "at": now}
                connection.execute(insert(PASSWORD_ATTEMPT).values(row))
                return
        ends = first + WITHIN if count >= ATTEMPTS else now + WITHIN_OF_ALL
        seconds = -(-(ends - now) // 1_000_000)
        raise TooMany(
            seconds,
            f"Too many passwords were tried. Wait {-(-seconds // 60)} minutes, or ask "
            "whoever runs this server for a link (`mileage sign-in`).",
        )

    def _password_of(self, email: str) -> tuple[str, str] | None:
        """Return the account and the hash of an address."""
        wanted = (
            select(LOCAL_PASSWORD.c.account_id, LOCAL_PASSWORD.c.hash)
            .join(IDENTITY, IDENTITY.c.account_id == LOCAL_PASSWORD.c.account_id)
            .where(IDENTITY.c.value == email)
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return (row.account_id, row.hash) if row else None


def check_password(password: str) -> None:
    """Raise Invalid for what is short, endless or a pattern."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(
            f"a password has {SHORTEST} to {LONGEST} characters, this one has "
            f"{len(password)}: take several words, or what a password manager makes"
        )
    if len(set(password.casefold())) < FEWEST_LETTERS:
        raise Invalid(
            f"this password has fewer than {FEWEST_LETTERS} different characters: "
            "take several words, or what a password manager makes"
        )
    if password.encode("utf-8", "replace").decode() != password:
        raise Invalid("this password holds characters that are none: type it again")


def _end_opened(connection: Connection, now: int, account_id: str) -> None:
    by_password = SESSION.c.account_id == account_id, SESSION.c.method == "password"
    ended(connection, now, OPERATOR, *by_password)


def _fits(hash_of_it: str, password: str) -> bool:
    from argon2.exceptions import VerificationError  # noqa: PLC0415

    try:
        # What holds half a character is compared as well: it fits nothing.
        return _hasher().verify(hash_of_it, password.encode("utf-8", "surrogatepass"))
    except VerificationError:
        return False


def _hasher() -> PasswordHasher:
    # Imported here: a tenth of a second that only these commands and forms need.
    from argon2 import PasswordHasher  # noqa: PLC0415

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
