"""What an organisation sets about its access ledger, from ``audit.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

from mileage.domain.policy import PolicyFile

if TYPE_CHECKING:
    from mileage.domain.policy import Table

Network = IPv4Network | IPv6Network
ADDRESS = r"[^@\s<>,]+@[^@\s<>,]+"
SERVER = r"|[A-Za-z0-9.\-]+:[0-9]{1,5}"
WEBHOOK = r"|https?://[^\s/?#@]+(?:/[^\s#]*)?"


@dataclass(frozen=True, slots=True)
class Brakes:
    """How much one person may read of others on one day; 0 is no limit."""

    people: int = 2500
    exports: int = 200


@dataclass(frozen=True, slots=True)
class AuditPolicy:
    """The defaults are those of the shipped file; '' and () send nothing."""

    every_minutes: int = 60
    folder: str = ""
    webhook: str = ""
    webhook_networks: tuple[Network, ...] = ()
    """Networks that are not public and may be called all the same."""
    mail_to: tuple[str, ...] = ()
    mail_from: str = ""
    mail_server: str = ""
    brakes: Brakes = Brakes()


def parse_audit(text: str, file: str) -> AuditPolicy:
    """Read ``audit.toml``; keys that it leaves out keep their defaults."""
    default = AuditPolicy()
    policy = PolicyFile.parse(text, file)
    root = policy.root()
    checkpoint, brakes = root.table("checkpoint"), root.table("brakes")
    minutes = checkpoint.integer("every_minutes", 60, least=1, most=10_080)
    people = brakes.integer(
        "people_a_day", default.brakes.people, least=0, most=10_000_000
    )
    exports = brakes.integer(
        "exports_a_day", default.brakes.exports, least=0, most=10_000_000
    )
    found = AuditPolicy(
        every_minutes=minutes,
        folder=_text(checkpoint, "folder", r".*", "a folder"),
        webhook=_text(checkpoint, "webhook", WEBHOOK, "an address with https://"),
        webhook_networks=_networks(checkpoint),
        mail_to=checkpoint.texts("mail_to", pattern=ADDRESS, expected="address"),
        mail_from=_text(checkpoint, "mail_from", f"|{ADDRESS}", "an address"),
        mail_server=_text(checkpoint, "mail_server", SERVER, "a name as in host:25"),
        brakes=Brakes(people, exports),
    )
    if found.mail_to and not (found.mail_from and found.mail_server):
        checkpoint.note("mail_to", "needs mail_from and mail_server beside it")
    if found.webhook.startswith("http://") and not found.webhook_networks:
        checkpoint.note("webhook", "must begin with https:// outside webhook_networks")
    policy.close()
    return found


def _text(table: Table, key: str, pattern: str, expected: str) -> str:
    return table.text(key, "", pattern=pattern, expected=expected)


def _networks(table: Table) -> tuple[Network, ...]:
    found: list[Network] = []
    for text in table.texts("webhook_networks", pattern=r"\S+", expected="network"):
        try:
            found.append(ip_network(text))
        except ValueError:
            table.note("webhook_networks", f"holds {text!r}; expected 10.20.0.0/16")
    return tuple(found)
