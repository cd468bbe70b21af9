"""mcp: give an assistant on this machine the tools of the knowledge base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tg_parser.cli.actor import person
from tg_parser.cli.execution import execute

if TYPE_CHECKING:
    from tg_parser.wiring.app import App


def mcp() -> None:
    """Serve the knowledge base to an assistant over stdin and stdout (MCP), until it disconnects.

    Assistants start this command themselves. Over the network, they connect to /mcp of the API instead.
    """

    async def serve(app: App) -> None:
        from tg_parser.mcp.server import create_server
        from tg_parser.services.scope import Scope
        from tg_parser.wiring.installation import installation_of
        from tg_parser.wiring.jobs import job_service

        scope_of_person = Scope(installation_of(app, job_service(app)), person())
        server = create_server(lambda _: scope_of_person, may_start=app.settings.mcp.may_start)
        await server.run_stdio_async()

    execute(serve)
