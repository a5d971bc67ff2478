"""Which addresses Mileage may call: what a name resolves to decides, not the name."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.audit_policy import Network

UNICAST = ip_network("2000::/3")
"""All of IPv6 that is given out to anybody in public (RFC 4291, section 4)."""
TRANSLATED = ip_network("64:ff9b::/96")
"""A gateway calls the IPv4 address in the last 32 bits (RFC 6052, section 2.1)."""


def may_call(address: str, allowed: Iterable[Network] = ()) -> bool:
    """Tell whether a numeric address is public, or in a network that policy names.

    Everything else is refused: this machine, its own network, link-local addresses
    (where clouds keep credentials), multicast, and IPv4 in the clothes of IPv6.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        found = _within(found) or found
    if any(found in network for network in allowed):
        return True
    if isinstance(found, IPv6Address) and found not in UNICAST:
        return False
    return found.is_global and not found.is_multicast


def _within(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that is called in the end, if it is one."""
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
