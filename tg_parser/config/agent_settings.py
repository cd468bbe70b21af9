"""Settings for the agents' history and its archives."""

from __future__ import annotations

from pathlib import Path

from tg_parser.config.groups import SettingsGroup, setting


class AgentSettings(SettingsGroup):
    """History of the agents."""

    retention_days: int = setting(
        "AGENT_RETENTION_DAYS",
        14,
        "Days after which `agents cleanup` archives tasks and handoffs.",
        ge=1,
        le=3660,
    )
    archive_dir: Path = setting("AGENT_ARCHIVE_DIR", Path("data/agent_archive"), "Folder of the archives.")
