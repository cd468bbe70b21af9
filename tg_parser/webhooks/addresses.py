"""Addresses allowed for webhooks, checked when a webhook is added and again at every connection."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from tg_parser.domain.errors import AddressRefusedError, HostNotFoundError
from tg_parser.domain.public_addresses import embedded, is_public

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Resolves a host name to IP addresses. Raises OSError."""
LONGEST_URL = 2000
_PORTS = {"http": 80, "https": 443}
_HINT = (
    "Use a public https address. To allow an address in a private network, an operator sets WEBHOOK_ALLOWED_HOSTS or "
    "WEBHOOK_ALLOWED_NETWORKS."
)


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """Resolve a host name as this machine does."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


class AddressRules:
    """Allows public addresses over https, and names and networks allowed by an operator, also over http."""

    def __init__(
        self, hosts: Sequence[str] = (), networks: Sequence[str] = (), resolve: Resolve = system_resolve
    ) -> None:
        self._hosts = frozenset(each.lower().rstrip(".") for each in hosts)
        self._networks = tuple(ip_network(each) for each in networks)
        self._resolve = resolve

    async def require_allowed(self, url: str) -> None:
        """Raise AddressRefusedError if the address is not allowed, HostNotFoundError for an unknown host."""
        parts = _parts(url)
        host = parts.hostname or ""
        if parts.scheme == "http" and not self._may_be_plain(host):
            raise AddressRefusedError(f"Webhooks need https, but {_shown(parts)} is not https.", _HINT)
        await self.addresses(host, parts.port or _PORTS[parts.scheme])

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the IP addresses of a host. Raises AddressRefusedError, HostNotFoundError.

        If one of them is not allowed, the host is refused.
        """
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise HostNotFoundError(f"The host {host} has no address.", "Check the spelling.", host=host)
        refused = [each for each in found if not self._is_allowed(host, each)]
        if refused:
            what = f"{host} is" if host == refused[0] else f"{host} resolves to {refused[0]}, which is"
            raise AddressRefusedError(f"{what} not a public address.", _HINT, host=host, address=refused[0])
        return found

    def _is_allowed(self, host: str, address: str) -> bool:
        return host.lower().rstrip(".") in self._hosts or self._is_in_networks(address) or is_public(address)

    def _is_in_networks(self, written: str) -> bool:
        address = ip_address(written)
        inside = embedded(address) if address.version == 6 else None
        return any((inside or address) in each for each in self._networks)

    def _may_be_plain(self, host: str) -> bool:
        if host.lower().rstrip(".") in self._hosts:
            return True
        try:
            return self._is_in_networks(host)
        except ValueError:
            return False


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        known = parts.scheme in _PORTS and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise AddressRefusedError("This is not an address for a webhook.", "Use the form https://host/path.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefusedError(
            "The address of a webhook must not contain a user or password, as it is shown in lists and logs.",
            "Let the receiver check the signature instead.",
        )
    return parts


def _shown(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.hostname}"
