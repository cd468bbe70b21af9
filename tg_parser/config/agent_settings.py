"""How long the agents' history is kept, and where it is archived."""

from __future__ import annotations

from pathlib import Path

from tg_parser.config.groups import SettingsGroup, setting


class AgentSettings(SettingsGroup):
    """The history of the agents."""

    retention_days: int = setting(
        "AGENT_RETENTION_DAYS",
        14,
        "Days that tasks and handoffs stay before `agents cleanup` archives them.",
        ge=1,
        le=3660,
    )
    archive_dir: Path = setting("AGENT_ARCHIVE_DIR", Path("data/agent_archive"), "Folder of the archives.")
