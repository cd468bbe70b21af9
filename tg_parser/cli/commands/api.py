"""api: serve the HTTP API until stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.execution import execute
from tg_parser.cli.stderr import say
from tg_parser.domain.errors import SettingsError

if TYPE_CHECKING:
    from tg_parser.config.settings import Settings
    from tg_parser.wiring.app import App

Host = Annotated[str | None, typer.Option("--host", help="Address to listen on. [API_HOST]")]
Port = Annotated[
    int | None, typer.Option("--port", min=0, max=65_535, help="Port to listen on; 0 takes a free one. [API_PORT]")
]
WithJobs = Annotated[
    bool | None,
    typer.Option(
        "--jobs/--no-jobs",
        help="Also run jobs in this process. Default: yes with SQLite, no with PostgreSQL, where workers run them.",
    ),
]
WithoutKeys = Annotated[
    bool,
    typer.Option("--public-without-keys", help="Give full access without a key to everyone who can reach the API."),
]

_KEEPS_OUT = ("API_", "RATE_LIMIT_", "TRUSTED_PROXIES", "WEBHOOK_ALLOWED_")
"""Prefixes of the settings that control who has access and where requests are sent."""


def api(host: Host = None, port: Port = None, jobs: WithJobs = None, public_without_keys: WithoutKeys = False) -> None:
    """Serve the HTTP API until Ctrl-C or SIGTERM; open requests are given time to finish."""

    class Chosen:
        def applied(self, settings: Settings) -> Settings:
            given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
            chosen = settings.model_copy(update={"api": settings.api.model_copy(update=given)})
            _require_no_misspelt()
            _require_safe(chosen, public_without_keys=public_without_keys)
            return chosen

    async def serve(app: App) -> None:
        from tg_parser.api.server import Server, listening
        from tg_parser.api.wiring import opened

        settings = app.settings
        listener = listening(settings.api.host, settings.api.port)
        with_jobs = settings.database.type == "sqlite" if jobs is None else jobs
        async with opened(app, with_jobs=with_jobs) as served:
            server = Server(served.app, settings.api, served.stop)
            say(f"The API listens on http://{_shown(listener.getsockname())}/api/v1")
            await server.serve(sockets=[listener])
        say("Stopped. Unfinished jobs wait for the next worker.")

    execute(serve, begin=True, use=Chosen())


def _require_no_misspelt() -> None:
    """Refuse to start if a setting that restricts access is misspelled: it would be ignored silently."""
    from tg_parser.config.near_names import near_names
    from tg_parser.config.settings import variable_names

    for name, meant in near_names(variable_names()).items():
        if meant.startswith(_KEEPS_OUT):
            raise SettingsError(
                f"{name} is not a known setting, so the API would run without {meant}.",
                "Correct the name in the environment or .env, or remove it.",
            )


def _require_safe(settings: Settings, *, public_without_keys: bool) -> None:
    from ipaddress import ip_address

    if settings.api.key_required or public_without_keys:
        return
    try:
        at_home = ip_address(settings.api.host).is_loopback
    except ValueError:
        at_home = settings.api.host == "localhost"
    if not at_home:
        raise SettingsError(
            f"API_HOST: {settings.api.host} can be reached from other machines, but no key is required: anyone "
            "could do anything.",
            "Set API_KEY_REQUIRED=true and create a key (tg-parser keys create), or listen on 127.0.0.1. "
            "To start anyway, use --public-without-keys.",
        )


def _shown(address: tuple[str, int]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
