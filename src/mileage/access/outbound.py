"""Which addresses Mileage may call: what a name resolves to decides, not the name."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.audit_policy import Network


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
        inner = found.ipv4_mapped or found.sixtofour
        if inner is not None:
            found = inner
    if any(found in network for network in allowed):
        return True
    return found.is_global and not found.is_multicast
