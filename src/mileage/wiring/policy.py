"""Finding the policy files, reading them, and asking the pure parsers."""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mileage.access.roles import Roles, parse_roles
from mileage.domain.adoption import Target, parse_adoption
from mileage.domain.attendance import Pattern, parse_attendance
from mileage.domain.audit_policy import AuditPolicy, parse_audit
from mileage.domain.client_faults import Fault, parse_clients
from mileage.domain.errors import PolicyError
from mileage.domain.join_policy import JoinPolicy, parse_join
from mileage.domain.measured import LONGEST_DAYS
from mileage.domain.policy import PolicyErrors
from mileage.domain.settings import Settings, parse_settings
from mileage.domain.sign_in_policy import SignInPolicy, parse_sign_in
from mileage.honours.lenses import Lens, parse_lenses
from mileage.honours.tiers import Tiers, parse_tiers
from mileage.honours.titles import Titles, parse_titles
from mileage.pricing.agreement import parse_overrides

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mileage.pricing.overrides import Override

    Parse = Callable[[str, str], object]
    """Makes something of the text of a file of that name."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the policy files say."""

    settings: Settings
    lenses: tuple[Lens, ...]
    """At least one; the first is the default."""
    titles: Titles
    tiers: Tiers
    overrides: tuple[Override, ...]
    faults: tuple[Fault, ...]
    """Versions of clients that are known to report wrong figures."""
    join: JoinPolicy
    """How witnesses of one call are brought together."""
    roles: Roles
    """Who may read what."""
    sign_in: SignInPolicy
    """How people sign in."""
    audit: AuditPolicy
    """Where checkpoints of the access ledger go, and how much one may read."""
    adoption: tuple[Target, ...]
    attendance: Pattern
    """When calls look as if nobody was there."""
    versions: dict[str, str]
    """Eight hex digits for the bytes of each file in force."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One policy file: where it was found and what is wrong with it."""

    name: str
    place: str
    """Its path, or its name when it is the one that ships with the package."""
    shipped: bool
    version: str
    value: Any
    findings: tuple[PolicyError, ...]


def load_policy(data: Path | None) -> Policy:
    """Read the policy of a data directory, or the shipped one for None.

    Raises every mistake of every file together, as ``PolicyErrors``.
    """
    examined = examine(data)
    findings = [finding for one in examined for finding in one.findings]
    if not findings:
        findings = _unheld(examined)
    if findings:
        raise PolicyErrors(findings)
    values = {one.name: one.value for one in examined}
    return Policy(
        settings=values[SETTINGS],
        lenses=values[LENSES],
        titles=values["titles.toml"],
        tiers=values["tiers.toml"],
        overrides=values["prices.toml"],
        faults=values["clients.toml"],
        join=values["join.toml"],
        roles=values["roles.toml"],
        sign_in=values["sign_in.toml"],
        audit=values["audit.toml"],
        adoption=values["adoption.toml"],
        attendance=values["attendance.toml"],
        versions={one.name: one.version for one in examined},
    )


def _unheld(examined: list[Examined]) -> list[PolicyError]:
    """Note roles of groups that nobody can be granted, by the table of roles."""
    files = {one.name: one for one in examined}
    sign_in, roles = files["sign_in.toml"], files["roles.toml"].value
    grants = {"grant": False, "department grant": True}
    found = []
    for at, one in enumerate(sign_in.value.group_roles, start=1):
        role = roles.role(one.held.role)
        of_department = grants.get(role.held_by) if role else None
        if of_department is None:
            why = f"is {one.held.role!r}; roles.toml grants no such role"
        elif of_department != bool(one.held.department):
            why = "needs a department" if of_department else "is of no department"
        else:
            continue
        found.append(PolicyError(sign_in.place, 1, f"group[{at}].role", why))
    return found


def examine(data: Path | None) -> list[Examined]:
    """Read every policy file in force; files of other names are findings too."""
    directory = None if data is None else data / "policy"
    first = _examine(directory, SETTINGS, _settings)
    # A rolling window touches one local day more than it has days.
    days = (first.value or Settings()).window_days + 1
    parse_ours = partial(parse_lenses, days=max(days, LONGEST_DAYS))
    parsers: dict[str, Parse] = {**_PARSERS, LENSES: parse_ours}
    others = (_examine(directory, name, parse) for name, parse in parsers.items())
    found = [first, *others]
    lenses = {one.name: one.value for one in found}[LENSES]
    titles = partial(_titles, lenses=lenses, days=days)
    tiers = partial(parse_tiers, lenses=lenses)
    # Rules about lenses that are wrong themselves wait until those are right.
    rules: tuple[Parse, ...] = (titles, tiers)
    for name, of_lenses in zip(_OF_LENSES, rules, strict=True):
        found.append(_examine(directory, name, of_lenses if lenses else _unread))
    if directory is not None and directory.is_dir():
        strangers = {path.name for path in directory.glob("*.toml")} - set(NAMES)
        found += [_stranger(directory / name) for name in sorted(strangers)]
    return found


def _settings(text: str, file: str) -> Settings:
    return parse_settings(text, file, is_zone=_is_zone)


def _titles(text: str, file: str, lenses: Sequence[Lens], days: int) -> Titles:
    """Read titles; the shipped ones fit whatever lenses and window there are."""
    if file != "titles.toml":
        return parse_titles(text, file, lenses, days)
    ours = parse_lenses(_shipped("lenses.toml").decode(), "lenses.toml")
    return parse_titles(text, file, ours).fitting(lenses)


def _unread(_text: str, _file: str) -> None:
    return None


SETTINGS, LENSES = "mileage.toml", "lenses.toml"
_PARSERS: dict[str, Parse] = {
    "prices.toml": parse_overrides,
    LENSES: parse_lenses,
    "clients.toml": parse_clients,
    "join.toml": parse_join,
    "sign_in.toml": parse_sign_in,
    "roles.toml": parse_roles,
    "audit.toml": parse_audit,
    "adoption.toml": parse_adoption,
    "attendance.toml": parse_attendance,
}
_OF_LENSES = ("titles.toml", "tiers.toml")
NAMES = (SETTINGS, *_PARSERS, *_OF_LENSES)


def _examine(directory: Path | None, name: str, parse: Parse) -> Examined:
    path = None if directory is None else directory / name
    shipped = path is None or not path.exists()
    place = name if shipped else str(path)
    content, value, findings = b"", None, []
    try:
        content = _shipped(name) if shipped or path is None else path.read_bytes()
        # Some editors of Windows begin a text with a mark.
        value = parse(content.decode("utf-8-sig"), place)
    except PolicyErrors as errors:
        findings = list(errors.findings)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        findings = [PolicyError(place, line, "-", "is no UTF-8; save it as UTF-8")]
    except OSError as error:
        findings = [PolicyError(place, 1, "-", f"cannot be read: {error}")]
    version = blake2b(content, digest_size=4).hexdigest()
    return Examined(name, place, shipped, version, value, tuple(findings))


def _stranger(path: Path) -> Examined:
    known = ", ".join(NAMES)
    finding = PolicyError(str(path), 1, "-", f"is no policy file; there are: {known}")
    return Examined(path.name, str(path), False, "", None, (finding,))  # noqa: FBT003


def _shipped(name: str) -> bytes:
    content = pkgutil.get_data("mileage", f"policy/{name}")
    if content is None:
        raise FileNotFoundError(name)
    return content


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
