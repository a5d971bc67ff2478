"""Every way to write an address that nobody outside may make us call."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mileage.access.outbound import may_call

# One of each block that RFC 6890 and the cloud providers keep for themselves.
INSIDE = (
    *("0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255"),  # noqa: S104
    *("100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.254"),
    *("169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1"),
    *("172.31.255.255", "192.0.0.170", "192.0.2.1", "192.168.0.1"),
    *("192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7"),
    *("203.0.113.9", "240.0.0.1", "255.255.255.255"),
)
OUTSIDE = ("1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1")
MULTICAST = ("224.0.0.1", "232.1.1.1", "239.255.255.250")


def wrappings(address):
    """IPv6 addresses that end at an IPv4 one, or may with some gateway."""
    number = int(IPv4Address(address))
    return {
        "mapped": IPv6Address((0xFFFF << 32) | number),
        "compatible": IPv6Address(number),
        "translated": IPv6Address((0xFFFF << 48) | number),
        "nat64": IPv6Address((0x64FF9B << 96) | number),
        "6to4": IPv6Address((0x2002 << 112) | (number << 80)),
        "teredo": IPv6Address((0x20010000 << 96) | (number ^ 0xFFFF_FFFF)),
    }


CARRIED = ("mapped", "nat64", "6to4")


@pytest.mark.parametrize("address", [*INSIDE, *MULTICAST])
def test_what_is_inside_is_refused_in_every_wrapping(address):
    assert not may_call(address)
    for way, wrapped in wrappings(address).items():
        for text in (str(wrapped), wrapped.exploded, f"{wrapped}%eth0"):
            assert not may_call(text), (way, text)
            assert not may_call(text.upper()), (way, text)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_outside_may_be_called_in_the_wrappings_that_arrive(address):
    assert may_call(address)
    for way, wrapped in wrappings(address).items():
        assert may_call(str(wrapped)) == (way in CARRIED), way


@pytest.mark.parametrize(
    "address",
    [
        *("::2", "::ffff", "100::1", "fc00::", "fdff:ffff::1", "fe80::", "febf::1"),
        *("fec0::1", "feff::1", "ff00::", "ff05::2", "2001:db8::1", "4000::1"),
        *("5f00::1", "8000::1", "1fff::1", "64:ff9b:1::1", "64:ff9b:1::7f00:1"),
        "fd00:ec2::254",  # where a cloud keeps credentials
    ],
)
def test_of_ipv6_only_what_is_given_out_to_anybody(address):
    assert not may_call(address)


@pytest.mark.parametrize(
    "text",
    [
        *("127.1", "127.0.1", "0177.0.0.1", "0x7f000001", "017700000001", "0"),
        *("127.0.0.1.", " 127.0.0.1", "127.0.0.1 ", "127.0.0.1:80", "127.0.0.01"),
        *("[::1]", "::1/128", "10.0.0.0/8", "localhost", "LOCALHOST", "ip6-localhost"),
        *("1.1.1.1.1", "1.1.1", "256.1.1.1", "\u0661.1.1.1", "1.1.1.1\x00", "%", "::g"),
        *("93.184.216.34.nip.io", "http://93.184.216.34", "-1", "1e3", "%eth0", "::%"),
    ],
)
def test_what_is_no_plain_number_is_refused(text):
    """Only what a resolver returns is asked about: anything else is a mistake."""
    assert not may_call(text)


def test_a_network_that_policy_names_opens_that_network_and_no_more():
    ten = (ip_network("10.1.0.0/16"),)
    assert may_call("10.1.0.0", ten)
    assert may_call("10.1.255.255", ten)
    assert not may_call("10.0.255.255", ten)
    assert not may_call("10.2.0.0", ten)
    assert not may_call("127.0.0.1", ten)
    assert may_call("8.8.8.8", ten)


@pytest.mark.parametrize("way", CARRIED)
def test_a_wrapping_reaches_what_policy_names(way):
    ten = (ip_network("10.1.0.0/16"),)
    assert may_call(str(wrappings("10.1.2.3")[way]), ten)
    assert not may_call(str(wrappings("10.2.2.3")[way]), ten)


def test_all_of_one_family_is_not_the_other():
    assert not may_call("127.0.0.1", (ip_network("::/0"),))
    assert not may_call("::1", (ip_network("0.0.0.0/0"),))
    # A mapped address is an IPv4 one, whatever it looks like.
    assert not may_call("::ffff:127.0.0.1", (ip_network("::/0"),))
    assert may_call("::1", (ip_network("::1/128"),))
    assert may_call("127.0.0.1", (ip_network("127.0.0.1/32"),))


@given(number=st.integers(0, 2**32 - 1))
def test_a_wrapping_is_never_better_than_what_it_carries(number):
    address = str(IPv4Address(number))
    for wrapped in wrappings(address).values():
        assert may_call(str(wrapped)) <= may_call(address)


@given(number=st.integers(0, 2**128 - 1))
def test_what_may_be_called_of_ipv6_is_global(number):
    address = IPv6Address(number)
    if may_call(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert number >> 125 == 1 or number >> 32 in (0xFFFF, 0x64FF9B << 64)
