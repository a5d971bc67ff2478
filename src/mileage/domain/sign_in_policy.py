"""How people sign in, from ``sign_in.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mileage.domain.people import HeldRole
from mileage.domain.policy import PolicyFile
from mileage.domain.sign_in import HOUR, MINUTE, SessionLimits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.policy import Table

FILE_NAME = "sign_in.toml"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
WEB_ADDRESS = r"https?://[^\s/?#@]+(/[^\s?#]*)?"
DEFAULT_LIMITS = SessionLimits()
SCOPE = r"[\x21\x23-\x5b\x5d-\x7e]+"


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider, and what is believed of what it says."""

    issuer: str
    client_id: str
    client_secret_file: str = ""
    button: str = "Single sign-on"
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    groups_claim: str = "groups"
    any_email: bool = False
    """Whether an address counts that the provider does not call verified."""
    new_accounts: bool = False
    """Whether somebody gets in whom the directory does not have."""


@dataclass(frozen=True, slots=True)
class GroupRole:
    """A role that comes with a group."""

    group: str
    held: HeldRole


@dataclass(frozen=True, slots=True)
class SignInPolicy:
    """Everything ``sign_in.toml`` says."""

    address: str = ""
    """Scheme and host, without a slash at the end; '' is loopback only."""
    limits: SessionLimits = DEFAULT_LIMITS
    provider: Provider | None = None
    group_roles: tuple[GroupRole, ...] = ()

    @property
    def host(self) -> str:
        """Return what the Host header says when people come by the address."""
        return _host(self.address).lower()

    def roles_of(self, groups: Iterable[str]) -> tuple[HeldRole, ...]:
        """Return the roles that come with groups, each once."""
        having = {group.casefold() for group in groups}
        held = [one.held for one in self.group_roles if one.group.casefold() in having]
        return tuple(dict.fromkeys(held))

    def known_groups(self, groups: Iterable[str]) -> tuple[str, ...]:
        """Return the groups that mean something here; no others are kept."""
        having = {group.casefold() for group in groups}
        known = {one.group for one in self.group_roles}
        return tuple(sorted(one for one in known if one.casefold() in having))


def parse_sign_in(text: str, file: str) -> SignInPolicy:
    """Read ``sign_in.toml``; keys that it leaves out keep their defaults."""
    policy = PolicyFile.parse(text, file)
    root = policy.root()
    address = root.text(
        "address", "", pattern=r"https?://[^\s/?#@]+", expected="https://NAME"
    )
    if address and not _is_safe(address):
        root.note("address", f"is {address!r}; expected https://, people sign in there")
    parsed = SignInPolicy(
        address=address.lower(),
        limits=_limits(root.table("sessions")),
        provider=_provider(root.table("oidc")),
        group_roles=tuple(_group_role(table) for table in root.tables("group")),
    )
    policy.close()
    return parsed


def _limits(table: Table) -> SessionLimits:
    default = DEFAULT_LIMITS
    minutes, hours = default.idle // MINUTE, default.longest // HOUR
    return SessionLimits(
        idle=table.integer("idle_minutes", minutes, least=1, most=43_200) * MINUTE,
        longest=table.integer("longest_hours", hours, least=1, most=2_160) * HOUR,
        most=table.integer("most", default.most, least=1, most=1_000),
    )


def _provider(table: Table) -> Provider | None:
    issuer = table.text("issuer", "", pattern=WEB_ADDRESS, expected="https://NAME")
    client_id = table.text("client_id", "")
    default = Provider("", "")
    provider = Provider(
        issuer=issuer,
        client_id=client_id,
        client_secret_file=table.text("client_secret_file", ""),
        button=table.text("button", default.button),
        scopes=table.texts("scopes", pattern=SCOPE, expected="scope") or default.scopes,
        groups_claim=table.text("groups_claim", default.groups_claim),
        any_email=_chosen(table, "email", "verified", "any"),
        new_accounts=_chosen(table, "accounts", "known", "new"),
    )
    if issuer and not _is_safe(issuer):
        table.note("issuer", f"is {issuer!r}; expected https://")
    if issuer and not client_id:
        table.note("client_id", "is missing; the provider gave one to Mileage")
    if "openid" not in provider.scopes:
        table.note("scopes", 'lack "openid", which says who signs in')
    return provider if issuer else None


def _chosen(table: Table, key: str, default: str, other: str) -> bool:
    """Read one of two words; True for the one that is not the default."""
    expected = f'"{default}" or "{other}"'
    return table.text(key, default, pattern=other, expected=expected) == other


def _group_role(table: Table) -> GroupRole:
    held = HeldRole(
        table.text("role", pattern=r"[a-z][a-z0-9-]{0,39}", expected="a role's name"),
        table.text("department", ""),
    )
    return GroupRole(table.text("name"), held)


def _is_safe(address: str) -> bool:
    # A provider on this machine is how one tries it out.
    host = _host(address)
    here = host in LOOPBACK or host.rpartition(":")[0] in LOOPBACK
    return here or address.startswith("https://")


def _host(address: str) -> str:
    return address.partition("://")[2].partition("/")[0]
