"""Proxies as people write them."""

from __future__ import annotations

import pytest

from tg_parser.config.proxies import MtProxy, Proxy, parse_proxy, parse_telegram_proxy

SECRET = "00112233445566778899aabbccddeeff"


@pytest.mark.parametrize(
    ("written", "proxy"),
    [
        ("socks5://127.0.0.1:1080", Proxy("socks5", "127.0.0.1", 1080)),
        ("SOCKS5H://ann:p%40ss%3A@proxy.example:9050/", Proxy("socks5", "proxy.example", 9050, "ann", "p@ss:")),
        ("http://ann@proxy.example", Proxy("http", "proxy.example", 8080, "ann")),
        ("socks5://[::1]", Proxy("socks5", "::1", 1080)),
        (
            "tg://socks?server=proxy.example&port=443&user=ann&pass=word",
            Proxy("socks5", "proxy.example", 443, "ann", "word"),
        ),
        ("https://t.me/socks?server=proxy.example&port=443", Proxy("socks5", "proxy.example", 443)),
        (f"tg://proxy?server=proxy.example&port=443&secret={SECRET}", MtProxy("proxy.example", 443, SECRET)),
        (f"https://t.me/proxy?server=proxy.example&port=443&secret=dd{SECRET}", MtProxy("proxy.example", 443, SECRET)),
        ("t.me/proxy?server=p&port=1&secret=3QARIjNEVWZ3iJmqu8zd7v8", None),
        ("tg://proxy?server=p&port=1&secret=3QARIjNEVWZ3iJmqu8zd7v8", MtProxy("p", 1, SECRET)),
    ],
)
def test_a_proxy_is_read_however_it_is_written(written: str, proxy: MtProxy | Proxy | None) -> None:
    """Addresses with user and password, and the links that Telegram shares; a word without a scheme is none."""
    if proxy is None:
        with pytest.raises(ValueError, match="use the form socks5://"):
            parse_telegram_proxy(written)
    else:
        assert parse_telegram_proxy(written) == proxy


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("ftp://ann:hidden@proxy.example", "use the form socks5://"),
        ("socks5://", "use the form socks5://"),
        ("socks5://proxy.example:99999", "use the form socks5://"),
        ("tg://proxy?server=p&port=x&secret=" + SECRET, "use the form socks5://"),
        ("tg://proxy?server=p&port=1&secret=hidden!", "its secret must have 32 hexadecimal digits"),
        (f"tg://proxy?server=p&port=1&secret=ee{SECRET}676f6f676c652e636f6d", "imitates TLS, which is not supported"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(written: str, why: str) -> None:
    """Nothing of what was given comes back in the error, for it may hold a password."""
    with pytest.raises(ValueError, match=why) as caught:
        parse_telegram_proxy(written)
    assert "hidden" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_proxy_goes_to_clients_whole_and_is_shown_without_its_password() -> None:
    """Signs that mean something in an address are written out."""
    proxy = parse_proxy("socks5://ann:p%40ss%3A%2F@[::1]:9050")
    assert proxy.url == "socks5://ann:p%40ss%3A%2F@[::1]:9050"
    assert proxy.shown == "socks5://[::1]:9050"
    assert "p@ss" not in repr(proxy)
    assert "0011" not in repr(MtProxy("p", 1, SECRET))
