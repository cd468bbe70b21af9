"""The tools over Streamable HTTP, without sessions: any process can answer any request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

PATH = "/mcp"


class McpOverHttp:
    """The application behind `/mcp`; host names, keys and sizes are checked outside.

    Only POST is answered: without sessions there is nothing to wait for with GET, and nothing to end with DELETE.
    """

    def __init__(self, server: MCPServer[Any], *, max_body: int) -> None:
        self._served = server.streamable_http_app(
            streamable_http_path=PATH,
            json_response=True,
            stateless_http=True,
            max_request_body_size=max_body,
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        self._manager = server.session_manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request. Raises HTTPException for another method than POST."""
        if scope["method"] != "POST":
            raise HTTPException(405, headers={"Allow": "POST"})
        await self._served(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answer requests until left, which another task may do than the one that entered."""
        ready, leave = asyncio.Event(), asyncio.Event()

        async def run() -> None:
            async with self._manager.run():
                ready.set()
                await leave.wait()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run())
            await ready.wait()
            try:
                yield
            finally:
                leave.set()
