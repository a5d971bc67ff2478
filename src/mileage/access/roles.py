"""Roles, purposes and what each role may read, from ``roles.toml``."""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from mileage.access.readables import READABLES
from mileage.domain.policy import PolicyFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mileage.domain.policy import Table

FILE_NAME = "roles.toml"
HeldBy = Literal["everybody", "org chart", "grant", "department grant", "operator"]
HELD_BY: tuple[HeldBy, ...] = get_args(HeldBy)
Relation = Literal[
    "self",
    "report-line",
    "led-department",
    "own-department",
    "other",
    "department",
    "organisation",
]
RELATIONS: tuple[Relation, ...] = get_args(Relation)
"""Of the viewer to the subject. ``other`` is any other person, ``department`` any
department or team; the first four are narrower."""
IMPLIED: Mapping[str, str] = MappingProxyType(
    {
        "self": "Looking at what is one's own",
        "board": "Looking at what is published to everybody",
        "directory": "Finding whose page one may open",
        "operations": "Running Mileage; every read is recorded",
    }
)
"""Purposes that follow from the report: nobody has to state them."""
REVIEW = "performance-review"
"""The purpose that is off unless the policy says otherwise, and published when on."""
NAME = r"[a-z][a-z0-9-]{0,39}"
NAME_EXPECTED = "lower-case letters, digits and hyphens"


@dataclass(frozen=True, slots=True)
class Why:
    """A purpose that people state."""

    name: str
    title: str
    on: bool = True


@dataclass(frozen=True, slots=True)
class Role:
    """A role, and what makes somebody have it."""

    name: str
    title: str
    held_by: HeldBy


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a role may read a report of whom, for which purposes."""

    role: Role
    report: str
    of: Relation
    purposes: tuple[str, ...]
    fields: frozenset[str]
    """Parts of the report; empty for a report that has none."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The whole table. What no line allows is refused."""

    purposes: tuple[Why, ...]
    roles: tuple[Role, ...]
    lines: tuple[Line, ...]

    def role(self, name: str) -> Role | None:
        """Return a role by name."""
        return next((role for role in self.roles if role.name == name), None)

    @property
    def in_force(self) -> frozenset[str]:
        """Names of the purposes that are accepted."""
        return frozenset(IMPLIED) | {why.name for why in self.purposes if why.on}

    @property
    def reviewed(self) -> bool:
        """Tell whether performance review is a purpose: then everybody is told."""
        return REVIEW in self.in_force

    def narrowed(self) -> Roles:
        """Return what is left when the file cannot be read: one's own, the operator."""
        kept = (
            line
            for line in self.lines
            if line.of == "self" or line.role.held_by == "operator"
        )
        return replace(self, lines=tuple(kept))


@cache
def shipped_roles() -> Roles:
    """Return the table that ships with the package."""
    content = pkgutil.get_data("mileage", f"policy/{FILE_NAME}") or b""
    return parse_roles(content.decode(), FILE_NAME)


def parse_roles(text: str, file: str) -> Roles:
    """Read ``roles.toml``."""
    policy = PolicyFile.parse(text, file)
    root = policy.root()
    whys, held, allowed = map(root.tables, ("purpose", "role", "allow"))
    purposes = tuple(map(_purpose, whys))
    roles = tuple(map(_role, held))
    _note_repetitions(whys, "name", [one.name for one in purposes], IMPLIED)
    _note_repetitions(held, "name", [role.name for role in roles])
    known = Roles(purposes, roles, ())
    lines = tuple(_line(table, known) for table in allowed)
    said = [f"{one.role.name}, {one.report}, {one.of}" for one in lines]
    _note_repetitions(allowed, "role", said)
    if not any(
        (line.role.held_by, line.report, line.of) == ("everybody", "personal", "self")
        for line in lines
    ):
        root.note(
            "allow",
            "gives nobody their own page; add one with report = 'personal' and "
            "of = 'self' for a role that is held_by = 'everybody'",
        )
    policy.close()
    return replace(known, lines=lines)


def _purpose(table: Table) -> Why:
    name = table.text("name", pattern=NAME, expected=NAME_EXPECTED)
    state = table.choice("state", ("on", "off")) if "state" in table else "on"
    # Silence is no consent: this one has to be switched on in so many words.
    if name == REVIEW and "state" not in table:
        table.note("state", f"is missing; {REVIEW} says 'on' or 'off'")
    return Why(name, table.text("title"), state == "on")


def _role(table: Table) -> Role:
    held_by = table.choice("held_by", HELD_BY)
    return Role(
        name=table.text("name", pattern=NAME, expected=NAME_EXPECTED),
        title=table.text("title"),
        held_by=next((one for one in HELD_BY if one == held_by), "operator"),
    )


def _line(table: Table, known: Roles) -> Line:
    role_name = table.choice("role", [role.name for role in known.roles])
    of = table.choice("of", RELATIONS)
    report = table.choice("report", READABLES)
    role = known.role(role_name) or Role("", "", "operator")
    anybody: Relation = "organisation"
    relation = next((one for one in RELATIONS if one == of), anybody)
    _note_senseless(table, role, relation)
    purposes = _purposes(table, known)
    if "self" in purposes and of != "self":
        # What is one's own leaves no row; what is somebody else's has to.
        table.note("purposes", "holds 'self', which is for lines with of = 'self'")
    return Line(role, report, relation, purposes, _fields(table, report))


def _note_senseless(table: Table, role: Role, of: Relation) -> None:
    """Note lines that could never apply, or would apply to more than they say."""
    needed: Mapping[str, HeldBy] = {
        "report-line": "org chart",
        "led-department": "department grant",
    }
    wanted = needed.get(of)
    if wanted is not None and role.held_by != wanted:
        table.note("of", f"is {of!r}, which is for roles with held_by = {wanted!r}")
    if wanted is None and role.held_by in needed.values():
        fitting = next(one for one in needed if needed[one] == role.held_by)
        table.note(
            "of",
            f"is {of!r}; a role with held_by = {role.held_by!r} reads {fitting!r} only",
        )


def _purposes(table: Table, known: Roles) -> tuple[str, ...]:
    named = table.texts("purposes", pattern=NAME, expected="purpose")
    allowed = [*IMPLIED, *(why.name for why in known.purposes)]
    for one in named:
        if one not in allowed:
            table.note("purposes", f"holds {one!r}; allowed: {', '.join(allowed)}")
    if not named:
        table.note("purposes", "is missing or empty; name at least one purpose")
    return named


def _fields(table: Table, report: str) -> frozenset[str]:
    there = READABLES[report].fields if report in READABLES else ()
    if "fields" not in table:
        return frozenset(there)
    named = table.texts("fields", pattern=r"[a-z_]+", expected="field")
    for one in named:
        if one not in there:
            known = ", ".join(there) or f"none: {report} has no parts"
            table.note("fields", f"holds {one!r}; allowed: {known}")
    return frozenset(named)


def _note_repetitions(
    tables: Sequence[Table], key: str, names: Sequence[str], before: Iterable[str] = ()
) -> None:
    seen = set(before)
    for table, name in zip(tables, names, strict=True):
        if name in seen and name:
            table.note(key, f"is there twice: {name}")
        seen.add(name)
