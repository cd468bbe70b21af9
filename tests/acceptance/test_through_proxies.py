"""Telegram, its web preview and language models are reached through a proxy, which sees every connection."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from cli_process import tg_parser, tg_parser_json
from fake_telegram_server import fake_telegram
from llm_servers import LlmServer
from model_readings import well_read
from proxies import PASSWORD, USER, HttpProxy, LocalProxy, SocksProxy, TelegramProxy
from telegram_worlds import plain_channel, telegram_env
from web_pages import NAME, PreviewServer, serving

LOGIN = f"{quote(USER, '')}:{quote(PASSWORD, '')}"
KINDS = pytest.mark.parametrize(("kind", "scheme"), [(SocksProxy, "socks5"), (HttpProxy, "http")])


@KINDS
def test_the_web_preview_is_read_through_a_proxy(
    sqlite_env: dict[str, str], tmp_path: Path, kind: type[LocalProxy], scheme: str
) -> None:
    """WEB_PROXY takes every page; with a wrong password nothing comes, and the password is not shown."""
    with kind() as proxy, serving(PreviewServer(range(1, 31))) as address:
        env = {**sqlite_env, "WEB_PREVIEW_URL": address, "WEB_PREVIEW_PAUSE": "0", "RETRY_MAX_ATTEMPTS": "1"}
        good = {**env, "WEB_PROXY": f"{scheme}://{LOGIN}@127.0.0.1:{proxy.port}"}
        (outcome,) = tg_parser_json(good, "ingest", "--channel", f"@{NAME}", cwd=tmp_path)["sources"]
        assert (outcome["counts"]["new"], set(proxy.passed)) == (30, {"127.0.0.1"})
        bad = {**env, "WEB_PROXY": f"{scheme}://{USER}:wr0ngword@127.0.0.1:{proxy.port}"}
        failed = tg_parser(bad, "ingest", "--channel", f"@{NAME}", cwd=tmp_path, code=1)
        assert proxy.refused == 1
    assert "Error:" in failed.stderr
    assert re.search("Hint: Check .*WEB_PROXY", failed.stderr)
    assert "Traceback" not in failed.stderr
    assert "wr0ngword" not in failed.stderr + failed.stdout


@KINDS
def test_telegram_is_reached_through_a_proxy(
    sqlite_env: dict[str, str], tmp_path: Path, kind: type[LocalProxy], scheme: str
) -> None:
    """TELEGRAM_PROXY takes the connection; what the proxy refuses is told with its address, not with the password."""
    with kind() as proxy, fake_telegram(plain_channel(20).world) as server:
        env = telegram_env(sqlite_env, server, RETRY_MAX_ATTEMPTS="1")
        good = {**env, "TELEGRAM_PROXY": f"{scheme}://{LOGIN}@127.0.0.1:{proxy.port}"}
        (outcome,) = tg_parser_json(good, "ingest", "--channel", "@news", cwd=tmp_path)["sources"]
        assert (outcome["counts"]["new"], proxy.passed) == (20, ["127.0.0.1"])
        bad = {**env, "TELEGRAM_PROXY": f"{scheme}://{USER}:wr0ngword@127.0.0.1:{proxy.port}"}
        failed = tg_parser(bad, "ingest", "--channel", "@news", cwd=tmp_path, code=1)
        assert proxy.refused == 1
        assert f"through the proxy {scheme}://127.0.0.1:{proxy.port}" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "wr0ngword" not in failed.stderr + failed.stdout


@pytest.mark.parametrize("padding", ["", "dd"])
def test_telegram_is_reached_through_a_proxy_of_its_own_kind(
    sqlite_env: dict[str, str], tmp_path: Path, padding: str
) -> None:
    """A link as Telegram shares it is enough; with another secret the proxy lets nobody through."""
    with fake_telegram(plain_channel(20).world) as server, TelegramProxy(server.port) as proxy:
        env = telegram_env(sqlite_env, server, RETRY_MAX_ATTEMPTS="1")
        link = f"tg://proxy?server=127.0.0.1&port={proxy.port}&secret={padding}"
        good = {**env, "TELEGRAM_PROXY": link + proxy.secret}
        (outcome,) = tg_parser_json(good, "ingest", "--channel", "@news", cwd=tmp_path)["sources"]
        assert (outcome["counts"]["new"], proxy.passed) == (20, ["telegram"])
        failed = tg_parser(
            {**env, "TELEGRAM_PROXY": link + "f" * 32}, "ingest", "--channel", "@news", cwd=tmp_path, code=1
        )
        assert proxy.refused == 1
    assert f"through the proxy mtproto proxy 127.0.0.1:{proxy.port}" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "f" * 32 not in failed.stderr + failed.stdout


@KINDS
def test_a_language_model_is_asked_through_a_proxy(
    sqlite_env: dict[str, str], tmp_path: Path, kind: type[LocalProxy], scheme: str
) -> None:
    """LLM_PROXY takes every call, whatever the environment says of other proxies."""
    with kind() as proxy, LlmServer(well_read) as server:
        env = {
            **sqlite_env,
            **server.environment("openai"),
            "HTTP_PROXY": "http://127.0.0.1:9",
            "RETRY_MAX_ATTEMPTS": "1",
        }
        export = tmp_path / "result.json"
        export.write_text(
            '{"name": "T", "type": "public_channel", "id": 1234567890, "messages": [{"id": 1, "type": "message", '
            '"date_unixtime": "1700000000", "text": "Today a new factory was opened in the north of the country."}]}'
        )
        tg_parser(env, "ingest", "--from-export", export, cwd=tmp_path)
        good = {**env, "LLM_PROXY": f"{scheme}://{LOGIN}@127.0.0.1:{proxy.port}"}
        assert tg_parser_json(good, "process", "--all", cwd=tmp_path)["processed"] == 1
        assert (set(proxy.passed), len(server.requests)) == ({"127.0.0.1"}, 1)
        bad = {**env, "LLM_PROXY": f"{scheme}://{USER}:wr0ngword@127.0.0.1:{proxy.port}"}
        failed = tg_parser(bad, "process", "--all", "--force", "--no-cache", cwd=tmp_path, code=1)
        assert len(server.requests) == 1
    assert "Traceback" not in failed.stderr
    assert "wr0ngword" not in failed.stderr + failed.stdout


@pytest.mark.parametrize("variable", ["WEB_PROXY", "LLM_PROXY", "TELEGRAM_PROXY"])
def test_a_proxy_that_is_none_is_refused_at_the_start(
    sqlite_env: dict[str, str], tmp_path: Path, variable: str
) -> None:
    """The variable and the form are named; the value, which may hold a password, is not."""
    failed = tg_parser({**sqlite_env, variable: "gopher://ann:hidden@x"}, "status", cwd=tmp_path, code=2)
    assert f"{variable}: its value is not allowed" in failed.stderr
    assert "socks5://user:password@host:port" in failed.stderr
    assert "hidden" not in failed.stderr
