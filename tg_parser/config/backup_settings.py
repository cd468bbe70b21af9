"""Settings of backups: their folder, and how many are kept."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from tg_parser.config.groups import SettingsGroup, setting


class BackupSettings(SettingsGroup):
    """Backups of the three databases."""

    dir: Path = setting("BACKUP_DIR", Path("data/backups"), "Folder of the backups.")
    keep_daily: int = setting("BACKUP_KEEP_DAILY", 7, "Days for which the newest backup is kept.", ge=0, le=3660)
    keep_weekly: int = setting("BACKUP_KEEP_WEEKLY", 4, "Weeks for which the newest backup is kept.", ge=0, le=520)
    keep_monthly: int = setting("BACKUP_KEEP_MONTHLY", 12, "Months for which the newest backup is kept.", ge=0, le=120)
    scratch_url: SecretStr | None = setting(
        "BACKUP_SCRATCH_URL", None, "Empty PostgreSQL database for `backup verify` if the role may not create one."
    )
    pg_bin_dir: Path | None = setting(
        "PG_BIN_DIR", None, "Folder of pg_dump, pg_restore and psql; unset, PATH and the usual places are searched."
    )
