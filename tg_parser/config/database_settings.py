"""Settings of the three databases: location and connections."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import SecretStr

from tg_parser.config.groups import SettingsGroup, setting
from tg_parser.config.secrets import KEY_VARIABLE, decrypted, only_one, secret_from_file


class DatabaseSettings(SettingsGroup):
    """The three databases."""

    type: Literal["sqlite", "postgresql"] = setting(
        "DB_TYPE", "sqlite", "`sqlite` uses three files and needs no server; `postgresql` is for production."
    )
    host: str = setting("DB_HOST", "localhost", "PostgreSQL server.")
    port: int = setting("DB_PORT", 5432, "PostgreSQL port.", ge=1, le=65535)
    name: str = setting("DB_NAME", "tg_parser", "Database on the server; it contains all three schemas.", min_length=1)
    user: str = setting("DB_USER", "tg_parser_user", "Role to connect as.", min_length=1)
    password: SecretStr = setting("DB_PASSWORD", SecretStr(""), "Password of the role; any character is allowed.")
    url: SecretStr | None = setting(
        "DB_URL", None, "Connection URL that replaces the single settings; starts with postgresql:// or postgres://."
    )
    password_file: Path | None = setting(
        "DB_PASSWORD_FILE", None, "File that contains the password instead; a trailing line end is ignored."
    )
    password_encrypted: SecretStr | None = setting(
        "DB_PASSWORD_ENCRYPTED", None, "The password as encrypted by `db encrypt-secret`."
    )
    url_encrypted: SecretStr | None = setting("DB_URL_ENCRYPTED", None, "The connection URL, encrypted the same way.")
    encryption_key_file: Path | None = setting(
        "DB_ENCRYPTION_KEY_FILE", None, "File with the encryption key; `db encrypt-secret` creates it."
    )
    sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] | None = setting(
        "DB_SSLMODE", None, "TLS mode of connections, as in libpq; unset, libpq's default."
    )
    sslrootcert: Path | None = setting(
        "DB_SSLROOTCERT", None, "CA certificate that verify-ca and verify-full trust; `system` for the system's CAs."
    )
    sslcert: Path | None = setting("DB_SSLCERT", None, "Client certificate, if the server requires one.")
    sslkey: Path | None = setting("DB_SSLKEY", None, "Private key of that certificate.")
    replica_hosts: str = setting(
        "DB_REPLICA_HOSTS", "", "Read replicas, `host[:port],…`; used for exports, lists and search."
    )
    replica_max_lag: float = setting(
        "DB_REPLICA_MAX_LAG", 10.0, "Seconds of lag after which a replica is not used.", gt=0, le=3600
    )
    pool_size: int = setting("DB_POOL_SIZE", 5, "Connections kept open.", ge=1, le=200)
    max_overflow: int = setting("DB_MAX_OVERFLOW", 10, "Additional connections under load.", ge=0, le=200)
    pool_timeout: float = setting("DB_POOL_TIMEOUT", 30.0, "Seconds to wait for a free connection.", gt=0, le=600)
    pool_recycle: int = setting("DB_POOL_RECYCLE", 3600, "Seconds after which a connection is replaced.", ge=1)
    pool_pre_ping: bool = setting("DB_POOL_PRE_PING", True, "Test a connection before using it.")
    pool_log_minutes: float = setting(
        "DB_POOL_LOG_MINUTES", 15.0, "Minutes between log lines about the pool; 0 for never.", ge=0, le=1440
    )
    transaction_pooler: bool = setting(
        "DB_TRANSACTION_POOLER",
        False,
        "Set this behind a pooler such as PgBouncer: no prepared statements, no session state.",
    )
    statement_timeout: int = setting(
        "DB_STATEMENT_TIMEOUT", 300, "Seconds after which PostgreSQL cancels a statement; 0 for never.", ge=0, le=86_400
    )
    lock_timeout: int = setting("DB_LOCK_TIMEOUT", 30, "Seconds to wait for a lock; 0 for no limit.", ge=0, le=3600)
    idle_in_transaction_timeout: int = setting(
        "DB_IDLE_IN_TRANSACTION_TIMEOUT",
        600,
        "Seconds after which PostgreSQL ends a session that is idle in a transaction; 0 for never.",
        ge=0,
        le=86_400,
    )
    ingestion_state_path: Path = setting(
        "INGESTION_STATE_DB_PATH", Path("data/ingestion_state.sqlite"), "SQLite file of sources and cursors."
    )
    raw_storage_path: Path = setting(
        "RAW_STORAGE_DB_PATH", Path("data/raw_storage.sqlite"), "SQLite file of raw messages and revisions."
    )
    processing_storage_path: Path = setting(
        "PROCESSING_STORAGE_DB_PATH",
        Path("data/processing_storage.sqlite"),
        "SQLite file of documents, failures and topics.",
    )

    @property
    def pool_limit(self) -> int:
        """Return the maximum number of connections of the pool."""
        return self.pool_size + self.max_overflow

    def in_folder(self, folder: Path) -> Self:
        """Return the settings with all three SQLite files in `folder`, under their usual names."""
        names = ("ingestion_state_path", "raw_storage_path", "processing_storage_path")
        usual = {name: folder / type(self).model_fields[name].default.name for name in names}
        return self.model_copy(update=usual)


def with_secrets(given: DatabaseSettings) -> DatabaseSettings:
    """Return `given` with URL and password in plain text, from whatever source. Raises SettingsError."""
    url = only_one(
        {
            "DB_URL": given.url.get_secret_value() if given.url else None,
            "DB_URL_ENCRYPTED": _decrypted(given.url_encrypted, given, "DB_URL_ENCRYPTED"),
        }
    )
    password = only_one(
        {
            "DB_PASSWORD": given.password.get_secret_value(),
            "DB_PASSWORD_FILE": secret_from_file(given.password_file, "DB_PASSWORD_FILE"),
            "DB_PASSWORD_ENCRYPTED": _decrypted(given.password_encrypted, given, "DB_PASSWORD_ENCRYPTED"),
        }
    )
    return given.model_copy(update={"url": SecretStr(url) if url else None, "password": SecretStr(password or "")})


def key_file(env_file: Path | None = Path(".env")) -> Path | None:
    """Return only the path of the key file, for creating it: encrypted values may not exist yet."""
    return _KeyFile(_env_file=env_file).encryption_key_file


class _KeyFile(SettingsGroup):
    encryption_key_file: Path | None = setting(KEY_VARIABLE, None, "")


def _decrypted(token: SecretStr | None, given: DatabaseSettings, variable: str) -> str | None:
    return decrypted(token.get_secret_value() if token else None, given.encryption_key_file, variable)
