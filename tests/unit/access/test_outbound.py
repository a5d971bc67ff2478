from __future__ import annotations

from ipaddress import ip_network

import pytest

from mileage.access.outbound import may_call

OWN = (ip_network("10.20.0.0/16"), ip_network("fd12::/16"))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "10.20.3.4", "fd12::9"]
)
def test_public_addresses_and_those_that_policy_names(address):
    assert may_call(address, OWN)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.1", "10.21.0.1", "192.168.1.1"),
        *("172.16.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1"),
        *("255.255.255.255", "198.18.0.1", "192.0.2.1", "240.0.0.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::"),
        *("::ffff:10.0.0.1", "localhost", "", "2130706433", "0x7f.1", "x" * 300),
    ],
)
def test_everything_else_is_refused(address):
    assert not may_call(address, OWN)
    assert not may_call(address)


def test_a_mapped_address_of_an_own_network():
    assert may_call("::ffff:10.20.0.7", OWN)
    assert not may_call("::ffff:10.20.0.7")
