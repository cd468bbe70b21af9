"""healthcheck: whether the process in this container answers."""

from __future__ import annotations

from typing import Annotated

import typer

from tg_parser.cli.execution import error_boundary, execute, settings_of_the_command

Host = Annotated[str | None, typer.Option("--host", help="Address the process listens on. [API_HOST]")]
Port = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65_535, help="Its port; for a worker, the port of its metrics. [API_PORT]"),
]
Seconds = Annotated[float, typer.Option("--timeout", min=0.1, max=60, help="Seconds to wait for the response.")]
IfListening = Annotated[
    bool, typer.Option("--if-listening", help="Succeed if nothing is listening, as in a worker without metrics.")
]


Ready = Annotated[
    bool,
    typer.Option("--ready", help="Also check database, migrations and workers, as /health/ready does; needs no key."),
]


def healthcheck(
    host: Host = None,
    port: Port = None,
    timeout: Seconds = 5.0,
    if_listening: IfListening = False,
    ready: Ready = False,
) -> None:
    """Ask the API or the worker on this machine whether it still responds; exit code 1 if it does not."""
    with error_boundary():
        from tg_parser.services.liveness import require_answer

        if host is None or port is None:
            # Reading them takes several times as long as asking.
            api = settings_of_the_command().api
            host, port = host or api.host, port or api.port
        require_answer(host, port, timeout, if_listening=if_listening)
    if ready:
        execute(lambda app: app.health.require_ready(), prepare=False)
