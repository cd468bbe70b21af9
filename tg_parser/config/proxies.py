"""Parses proxies: addresses for HTTP clients, and links shared by Telegram."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, unquote, urlsplit

_SCHEMES = {"socks5": "socks5", "socks5h": "socks5", "socks": "socks5", "http": "http"}
_PORTS = {"socks5": 1080, "http": 8080}
_LINK_HOSTS = frozenset({"t.me", "telegram.me", "telegram.dog"})
_SECRET_BYTES = 16
_PADDED, _TLS = 0xDD, 0xEE
PROXY_FORM = "socks5://user:password@host:port or http://user:password@host:port"
TELEGRAM_PROXY_FORM = f"{PROXY_FORM}, or a link tg://proxy?server=…&port=…&secret=… or tg://socks?server=…&port=…"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A SOCKS5 or HTTP proxy, which also resolves host names."""

    scheme: str
    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Return the address with its password, for clients."""
        login = f"{quote(self.username, '')}:{quote(self.password or '', '')}@" if self.username else ""
        return f"{self.scheme}://{login}{self._host}:{self.port}"

    @property
    def shown(self) -> str:
        """Return the address without its password, for people."""
        return f"{self.scheme}://{self._host}:{self.port}"

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


@dataclass(frozen=True, slots=True)
class MtProxy:
    """A Telegram MTProto proxy; `secret` is 32 hexadecimal digits."""

    host: str
    port: int
    secret: str = field(repr=False)

    @property
    def shown(self) -> str:
        """Return the address for people."""
        return f"mtproto proxy {self.host}:{self.port}"


def parse_proxy(text: str) -> Proxy:
    """Parse the address of a proxy. Raises ValueError saying what is wrong, never repeating the input."""
    parts = urlsplit(text.strip())
    scheme = _SCHEMES.get(parts.scheme.lower())
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if scheme is None or not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"use the form {PROXY_FORM}")
    username = unquote(parts.username) if parts.username else None
    return Proxy(scheme, host, port or _PORTS[scheme], username, unquote(parts.password) if parts.password else None)


def parse_telegram_proxy(text: str) -> Proxy | MtProxy:
    """Parse the address of a proxy, or a link shared by Telegram. Raises ValueError as `parse_proxy`."""
    parts = urlsplit(text.strip())
    kind = parts.netloc if parts.scheme == "tg" else parts.path.strip("/") if parts.hostname in _LINK_HOSTS else None
    if kind is None:
        try:
            return parse_proxy(text)
        except ValueError:
            raise ValueError(f"use the form {TELEGRAM_PROXY_FORM}") from None
    parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
    host, port = parameters.get("server", ""), parameters.get("port", "")
    if kind not in {"proxy", "socks"} or not host or not port.isdecimal():
        raise ValueError(f"use the form {TELEGRAM_PROXY_FORM}")
    if kind == "socks":
        return Proxy("socks5", host, int(port), parameters.get("user"), parameters.get("pass"))
    return MtProxy(host, int(port), _secret(parameters.get("secret", "")))


def _secret(text: str) -> str:
    """Return the sixteen bytes shared by both sides, from any notation of the link."""
    try:
        known = bytes.fromhex(text)
    except ValueError:
        try:
            known = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (ValueError, binascii.Error):
            known = b""
    if known[:1] == bytes([_TLS]) and len(known) > _SECRET_BYTES:
        raise ValueError(
            "its secret (ee…) belongs to a proxy that imitates TLS, which is not supported: use one whose secret "
            "starts with dd or has 32 digits"
        )
    if known[:1] == bytes([_PADDED]) and len(known) == _SECRET_BYTES + 1:
        known = known[1:]
    if len(known) != _SECRET_BYTES:
        raise ValueError("its secret must have 32 hexadecimal digits, optionally preceded by dd")
    return known.hex()
