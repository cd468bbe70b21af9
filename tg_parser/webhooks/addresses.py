"""Where webhooks may go: what an address leads to is checked when it is given, and again at every connection."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from tg_parser.domain.errors import AddressRefusedError, HostNotFoundError
from tg_parser.domain.public_addresses import embedded, is_public

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The IP addresses of a host name. Raises OSError."""
LONGEST_URL = 2000
_PORTS = {"http": 80, "https": 443}
_HINT = (
    "Name a public https address. For one of your own network, an operator sets WEBHOOK_ALLOWED_HOSTS or "
    "WEBHOOK_ALLOWED_NETWORKS."
)


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """What this machine knows of a host name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


class AddressRules:
    """Public addresses over https; and what an operator has allowed by name or by network, over http too."""

    def __init__(
        self, hosts: Sequence[str] = (), networks: Sequence[str] = (), resolve: Resolve = system_resolve
    ) -> None:
        self._hosts = frozenset(each.lower().rstrip(".") for each in hosts)
        self._networks = tuple(ip_network(each) for each in networks)
        self._resolve = resolve

    async def require_allowed(self, url: str) -> None:
        """Raise AddressRefusedError for an address that nothing is sent to, HostNotFoundError for an unknown host."""
        parts = _parts(url)
        host = parts.hostname or ""
        if parts.scheme == "http" and not self._may_be_plain(host):
            raise AddressRefusedError(f"A webhook goes over https, and {_shown(parts)} does not.", _HINT)
        await self.addresses(host, parts.port or _PORTS[parts.scheme])

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """The IP addresses of a host that may be connected to. Raises AddressRefusedError, HostNotFoundError.

        One that may not be is enough to refuse the host.
        """
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise HostNotFoundError(f"The host {host} has no address.", "Check how it is written.", host=host)
        refused = [each for each in found if not self._is_allowed(host, each)]
        if refused:
            what = f"{host} is" if host == refused[0] else f"{host} leads to {refused[0]}, which is"
            raise AddressRefusedError(f"{what} no public address.", _HINT, host=host, address=refused[0])
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
        raise AddressRefusedError("This is no address for a webhook.", "Write it as https://host/path.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefusedError(
            "The address of a webhook holds no user or password: it is shown in lists and logs.",
            "Let the receiver check the signature instead.",
        )
    return parts


def _shown(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.hostname}"
