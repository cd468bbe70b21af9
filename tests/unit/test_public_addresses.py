"""Which addresses are public: everything else is refused, also where it is disguised."""

from __future__ import annotations

import pytest

from tg_parser.domain.public_addresses import is_public

REFUSED = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.0.1
    169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255
    198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 ::
    ::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 fc00::1 fd12:3456::1 ff02::1 ff0e::1 100::1 2001:db8::1 2001::1
    2001:10::1 2002:7f00:1::1 2002:808:808::1 3fff::1 64:ff9b:1::808:808 5f00::1 2606:4700::1%eth0
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:100.64.0.1 ::127.0.0.1 ::8.8.8.8
    64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::a9fe:a9fe
"""
PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.167.255.255
    192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 2606:4700:4700::1111 2a00:1450:4010::8a ::ffff:8.8.8.8
    64:ff9b::808:808
"""


@pytest.mark.parametrize("address", REFUSED.split())
def test_what_is_not_public_is_refused(address: str) -> None:
    """Private, loopback, link-local, multicast, shared, reserved, for documentation; mapped and tunnelled too."""
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_what_is_public_is_allowed(address: str) -> None:
    """Up to the edges of what is not; a mapped or translated address is judged by the IPv4 address in it."""
    assert is_public(address)
