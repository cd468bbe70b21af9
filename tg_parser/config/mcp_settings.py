"""Settings of the tools for assistants."""

from __future__ import annotations

from tg_parser.config.groups import SettingsGroup, setting


class McpSettings(SettingsGroup):
    """MCP, with which assistants use the knowledge base. They can only read, unless allowed more."""

    may_start: bool = setting(
        "MCP_ALLOW_RUNS", False, "Also give assistants a tool that starts runs, which may cost money."
    )
