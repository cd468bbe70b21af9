"""All settings, each with a default, a range and a line of documentation. The only reader of the environment.

Every group is one class; `load_settings` reads the environment and `.env` and refuses a wrong value by the name of
its variable. ENV_VARIABLES_GUIDE.md and .env.example are generated from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tg_parser.domain.errors import SettingsError


class _Group(BaseSettings):
    model_config = SettingsConfigDict(
        env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )


def _env(name: str, default: Any, description: str, **limits: Any) -> Any:
    return Field(default=default, validation_alias=name, description=description, **limits)


class DatabaseSettings(_Group):
    """Where the three databases live."""

    type: Literal["sqlite", "postgresql"] = _env(
        "DB_TYPE", "sqlite", "`sqlite` keeps three files and needs no server; `postgresql` is for production."
    )
    host: str = _env("DB_HOST", "localhost", "PostgreSQL server.")
    port: int = _env("DB_PORT", 5432, "PostgreSQL port.", ge=1, le=65535)
    name: str = _env("DB_NAME", "tg_parser", "Database on the server; all three histories live in it.", min_length=1)
    user: str = _env("DB_USER", "tg_parser_user", "Role to connect as.", min_length=1)
    password: SecretStr = _env("DB_PASSWORD", SecretStr(""), "Its password; any character is allowed.")
    url: SecretStr | None = _env(
        "DB_URL", None, "Connection URL instead of the parts; postgresql:// and postgres:// are both accepted."
    )
    sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] | None = _env(
        "DB_SSLMODE", None, "TLS to the server, as libpq understands it; unset leaves it to libpq."
    )
    pool_size: int = _env("DB_POOL_SIZE", 5, "Connections kept open.", ge=1, le=200)
    max_overflow: int = _env("DB_MAX_OVERFLOW", 10, "Connections opened beyond that under load.", ge=0, le=200)
    pool_timeout: float = _env("DB_POOL_TIMEOUT", 30.0, "Seconds to wait for a free connection.", gt=0, le=600)
    pool_recycle: int = _env("DB_POOL_RECYCLE", 3600, "Seconds after which a connection is replaced.", ge=1)
    pool_pre_ping: bool = _env("DB_POOL_PRE_PING", True, "Test a connection before it is handed out.")
    statement_timeout: int = _env(
        "DB_STATEMENT_TIMEOUT", 300, "Seconds after which PostgreSQL ends a statement; 0 never.", ge=0, le=86_400
    )
    lock_timeout: int = _env(
        "DB_LOCK_TIMEOUT", 30, "Seconds after which waiting for a lock ends; 0 never.", ge=0, le=3600
    )
    ingestion_state_path: Path = _env(
        "INGESTION_STATE_DB_PATH", Path("data/ingestion_state.sqlite"), "SQLite file of sources and cursors."
    )
    raw_storage_path: Path = _env(
        "RAW_STORAGE_DB_PATH", Path("data/raw_storage.sqlite"), "SQLite file of raw messages and revisions."
    )
    processing_storage_path: Path = _env(
        "PROCESSING_STORAGE_DB_PATH",
        Path("data/processing_storage.sqlite"),
        "SQLite file of documents, failures and topics.",
    )


class RetrySettings(_Group):
    """How often and how patiently a failed call is repeated."""

    max_attempts: int = _env("RETRY_MAX_ATTEMPTS", 3, "Attempts in all.", ge=1, le=10)
    backoff_base: float = _env("RETRY_BACKOFF_BASE", 1.0, "Seconds before the second attempt.", ge=0.1, le=60)
    backoff_max: float = _env("RETRY_BACKOFF_MAX", 60.0, "Longest pause between attempts, seconds.", ge=1, le=300)
    jitter: float = _env("RETRY_JITTER", 0.3, "Random share added to a pause.", ge=0, le=1)


class LoggingSettings(_Group):
    """What the log on stderr looks like."""

    format: Literal["text", "json"] = _env("LOG_FORMAT", "text", "`text` for people, `json` for machines.")
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _env(
        "LOG_LEVEL", "INFO", "Least severe level that is written."
    )


class ProcessingSettings(_Group):
    """How messages become documents."""

    concurrency: int = _env("PROCESSING_CONCURRENCY", 4, "Messages analysed at a time.", ge=1, le=1000)
    page_size: int = _env("PROCESSING_PAGE_SIZE", 500, "Due messages read at a time.", ge=1, le=10_000)


class TopicSettings(_Group):
    """How documents become topics; the thresholds are written into every topic's metadata."""

    level: Literal["event", "story", "theme"] = _env(
        "TOPIC_LEVEL",
        "theme",
        "How wide a topic is: tellings of one event, an event and what follows from it, or a subject.",
    )
    singleton_min_chars: int = _env(
        "TOPIC_SINGLETON_MIN_CHARS", 300, "Least length of clean text of a message that is a topic alone.", ge=1
    )
    singleton_min_score: float = _env(
        "TOPIC_SINGLETON_MIN_SCORE", 0.75, "Least score of a message that is a topic alone.", ge=0, le=1
    )
    anchor_min_score: float = _env("TOPIC_ANCHOR_MIN_SCORE", 0.6, "Least score of a cluster's anchor.", ge=0, le=1)
    supporting_min_score: float = _env(
        "TOPIC_SUPPORTING_MIN_SCORE", 0.5, "Least score of a supporting message.", ge=0, le=1
    )
    max_anchors: int = _env("TOPIC_MAX_ANCHORS", 3, "Anchors kept per topic.", ge=2, le=20)


class Settings(BaseModel):
    """All groups together."""

    model_config = ConfigDict(frozen=True)

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    retry: RetrySettings = Field(default_factory=RetrySettings)
    logging: LoggingSettings = Field(default_factory=LoggingSettings)
    processing: ProcessingSettings = Field(default_factory=ProcessingSettings)
    topics: TopicSettings = Field(default_factory=TopicSettings)


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read the environment, then `env_file` where it exists. Raises SettingsError naming every wrong variable."""
    problems: list[str] = []
    groups: dict[str, Any] = {}
    for name, group in setting_groups():
        try:
            groups[name] = group(_env_file=env_file)
        except ValidationError as error:
            problems += _problems(group, error)
    if problems:
        raise SettingsError(" ".join(problems), "Correct the environment or .env; ENV_VARIABLES_GUIDE.md lists all.")
    return Settings(**groups)


def secret_values(settings: Settings) -> Iterator[str]:
    """Every secret in `settings`, in plain text, for the one who must keep them out of logs."""
    for name, group in setting_groups():
        for field in group.model_fields:
            value = getattr(getattr(settings, name), field)
            if isinstance(value, SecretStr) and value.get_secret_value():
                yield value.get_secret_value()


def setting_groups() -> Iterator[tuple[str, type[BaseSettings]]]:
    """Each group's attribute name and class, in reading order."""
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseSettings):
            yield name, field.annotation


def variable_range(field: Any) -> str:
    """The allowed values of a setting in words, empty where everything is allowed."""
    schema = dict(_range_schema(field))
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    if low is None and high is None:
        return ""
    if high is None:
        return f"{low} or more"
    return f"more than {low}, up to {high}" if "exclusiveMinimum" in schema else f"{low} to {high}"


def _range_schema(field: Any) -> dict[str, Any]:
    schema = TypeAdapter(field.rebuild_annotation()).json_schema()
    return next((part for part in schema.get("anyOf", ()) if part.get("type") != "null"), schema)


def _problems(group: type[BaseSettings], error: ValidationError) -> Iterator[str]:
    fields = {field.validation_alias: field for field in group.model_fields.values()}
    for item in error.errors():
        variable = str(item["loc"][0])
        field = fields.get(variable)
        secret = field is None or "Secret" in str(field.annotation)
        shown = "its value" if secret else repr(item["input"])
        allowed = variable_range(field) if field is not None else ""
        yield f"{variable}: {shown} is not allowed" + (f" (allowed: {allowed})." if allowed else f": {item['msg']}.")
