"""Where backups are kept, and how many of them."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from tg_parser.config.groups import SettingsGroup, setting


class BackupSettings(SettingsGroup):
    """Backups of the three databases."""

    dir: Path = setting("BACKUP_DIR", Path("data/backups"), "Folder of the backups.")
    keep_daily: int = setting(
        "BACKUP_KEEP_DAILY", 7, "Days with backups of which the newest one is kept.", ge=0, le=3660
    )
    keep_weekly: int = setting("BACKUP_KEEP_WEEKLY", 4, "Weeks of which the newest one is kept.", ge=0, le=520)
    keep_monthly: int = setting("BACKUP_KEEP_MONTHLY", 12, "Months of which the newest one is kept.", ge=0, le=120)
    scratch_url: SecretStr | None = setting(
        "BACKUP_SCRATCH_URL", None, "Empty PostgreSQL database for `backup verify`, where the role may not make one."
    )
    pg_bin_dir: Path | None = setting(
        "PG_BIN_DIR", None, "Folder of pg_dump, pg_restore and psql; unset, PATH and the usual places are searched."
    )
