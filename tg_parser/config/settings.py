"""All settings, each with a default, a range and a description. Only this package reads the environment.

Every group is one class. `load_settings` reads the environment and `.env` and rejects wrong values by the name of the
variable. ENV_VARIABLES_GUIDE.md and the templates of `.env` are generated from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings

from tg_parser import __version__
from tg_parser.config.agent_settings import AgentSettings
from tg_parser.config.api_settings import ApiSettings, RateLimitSettings
from tg_parser.config.backup_settings import BackupSettings
from tg_parser.config.database_settings import DatabaseSettings, with_secrets
from tg_parser.config.env_file import require_readable
from tg_parser.config.groups import WEB_ADDRESS, readable_by
from tg_parser.config.groups import SettingsGroup as _Group
from tg_parser.config.groups import setting as _env
from tg_parser.config.home_settings import HomeSettings, at_home
from tg_parser.config.job_settings import JobSettings
from tg_parser.config.llm_settings import LlmLimitSettings, LlmMoneySettings, LlmSettings, PromptSettings
from tg_parser.config.mcp_settings import McpSettings
from tg_parser.config.observability_settings import ObservabilitySettings
from tg_parser.config.proxies import PROXY_FORM, TELEGRAM_PROXY_FORM, parse_proxy, parse_telegram_proxy
from tg_parser.config.ranges import problems_of
from tg_parser.config.schedule_settings import ScheduleSettings
from tg_parser.config.secrets import is_session_string, passwords_in
from tg_parser.config.webhook_settings import WebhookSettings
from tg_parser.domain.errors import SettingsError


class RetrySettings(_Group):
    """Retries of failed calls."""

    max_attempts: int = _env("RETRY_MAX_ATTEMPTS", 3, "Maximum number of attempts.", ge=1, le=10)
    backoff_base: float = _env("RETRY_BACKOFF_BASE", 1.0, "Seconds before the second attempt.", ge=0.1, le=60)
    backoff_max: float = _env("RETRY_BACKOFF_MAX", 60.0, "Longest pause between attempts, seconds.", ge=1, le=300)
    jitter: float = _env("RETRY_JITTER", 0.3, "Random share added to a pause.", ge=0, le=1)


class CollectingSettings(_Group):
    """Collecting: pauses, limits, and the names of authors."""

    max_wait: float = _env(
        "COLLECT_MAX_WAIT",
        300.0,
        "Longest wait requested by Telegram that is accepted, seconds; a longer one is remembered and ends the run.",
        ge=0,
        le=86_400,
    )
    comment_window: int = _env(
        "COLLECT_COMMENT_WINDOW", 200, "Newest posts whose comments are checked in every run.", ge=1, le=10_000
    )
    author_hash_salt: SecretStr | None = _env(
        "AUTHOR_HASH_SALT", None, "Any secret text; if set, authors are stored as salted hashes instead of names."
    )


class WebSettings(_Group):
    """The public web preview of channels."""

    base_url: str = _env(
        "WEB_PREVIEW_URL", "https://t.me", "Address of the preview pages.", pattern=r"^https?://\S+$", form=WEB_ADDRESS
    )
    pause: float = _env("WEB_PREVIEW_PAUSE", 1.0, "Seconds between two pages.", ge=0, le=600)
    timeout: float = _env("WEB_PREVIEW_TIMEOUT", 30.0, "Seconds to wait for a page.", gt=0, le=600)
    user_agent: str = _env(
        "WEB_PREVIEW_USER_AGENT",
        f"Mozilla/5.0 (compatible; TG_parser/{__version__})",
        "User agent sent to the server.",
        min_length=1,
    )
    proxy: Annotated[SecretStr | None, readable_by(parse_proxy)] = _env(
        "WEB_PROXY", None, f"Proxy for the preview pages: {PROXY_FORM}."
    )


class TelegramSettings(_Group):
    """The Telegram API, used with a personal account."""

    api_id: int | None = _env("TELEGRAM_API_ID", None, "Id of your application from my.telegram.org.", ge=1)
    api_hash: SecretStr | None = _env("TELEGRAM_API_HASH", None, "Hash of the same application.")
    phone: str | None = _env("TELEGRAM_PHONE", None, "Phone number for `login`; unset, it is asked for.")
    session: SecretStr = _env(
        "TELEGRAM_SESSION",
        SecretStr("data/telegram.session"),
        "Session file created by `login`, or a session string instead of a file.",
    )
    wait_time: float = _env(
        "TELEGRAM_WAIT_TIME",
        1.0,
        "Minimum seconds between two requests; lower values are faster but put the account at risk.",
        ge=0,
        le=600,
    )
    idle_time: float = _env(
        "TELEGRAM_IDLE_TIME",
        60.0,
        "Idle seconds after which a long-running process releases the session for others.",
        ge=0,
        le=86_400,
    )
    proxy: Annotated[SecretStr | None, readable_by(parse_telegram_proxy)] = _env(
        "TELEGRAM_PROXY", None, f"Proxy for Telegram: {TELEGRAM_PROXY_FORM}."
    )
    takeout: bool = _env(
        "TELEGRAM_TAKEOUT",
        False,
        "Collect in a takeout session: milder limits, and Telegram notifies the account's owner.",
    )
    server: str | None = _env(
        "TELEGRAM_SERVER",
        None,
        "Another server instead of Telegram's, as `dc@host:port`, for tests.",
        pattern=r"^\d+@\S+:\d+$",
        form="dc@host:port, such as 2@127.0.0.1:4430",
    )
    server_key: Path | None = _env("TELEGRAM_SERVER_KEY", None, "File with the public RSA key of that server.")


class LoggingSettings(_Group):
    """The log on stderr."""

    format: Literal["text", "json"] = _env("LOG_FORMAT", "text", "`text` for people, `json` for machines.")
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _env("LOG_LEVEL", "INFO", "Minimum level of log records.")


class ProcessingSettings(_Group):
    """Creating documents from messages."""

    concurrency: int = _env("PROCESSING_CONCURRENCY", 4, "Messages analysed at the same time.", ge=1, le=1000)
    page_size: int = _env(
        "PROCESSING_PAGE_SIZE", 100, "Waiting messages that a process claims at a time.", ge=1, le=10_000
    )
    workers: int | None = _env(
        "PROCESSING_WORKERS",
        None,
        "Maximum number of worker processes for text tools, 380 MB each; unset, one per core; 0 or 1 for none.",
        ge=0,
        le=60,
    )


class TopicSettings(_Group):
    """Finding topics; the thresholds are stored in every topic's metadata."""

    singleton_min_chars: int = _env(
        "TOPIC_SINGLETON_MIN_CHARS",
        300,
        "Minimum length of the cleaned text of a message that is a topic by itself.",
        ge=1,
    )
    singleton_min_score: float = _env(
        "TOPIC_SINGLETON_MIN_SCORE", 0.75, "Minimum score of a message that is a topic by itself.", ge=0, le=1
    )
    anchor_min_score: float = _env("TOPIC_ANCHOR_MIN_SCORE", 0.6, "Minimum score of a cluster's anchor.", ge=0, le=1)
    supporting_min_score: float = _env(
        "TOPIC_SUPPORTING_MIN_SCORE", 0.5, "Minimum score of a supporting message.", ge=0, le=1
    )
    max_anchors: int = _env("TOPIC_MAX_ANCHORS", 3, "Maximum number of anchors per topic.", ge=2, le=20)
    judges_events: bool = _env(
        "TOPIC_JUDGE_EVENTS", False, "Ask the model whether messages near the border of an event belong to it."
    )
    known_topics: Path | None = _env(
        "KNOWN_TOPICS", None, "File with topics to look for in every run, as for `--known-topics`."
    )


class Settings(BaseModel):
    """All groups together."""

    model_config = ConfigDict(frozen=True)

    home: HomeSettings = Field(default_factory=HomeSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    retry: RetrySettings = Field(default_factory=RetrySettings)
    collecting: CollectingSettings = Field(default_factory=CollectingSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    telegram: TelegramSettings = Field(default_factory=TelegramSettings)
    logging: LoggingSettings = Field(default_factory=LoggingSettings)
    processing: ProcessingSettings = Field(default_factory=ProcessingSettings)
    llm: LlmSettings = Field(default_factory=LlmSettings)
    llm_limits: LlmLimitSettings = Field(default_factory=LlmLimitSettings)
    llm_money: LlmMoneySettings = Field(default_factory=LlmMoneySettings)
    prompts: PromptSettings = Field(default_factory=PromptSettings)
    topics: TopicSettings = Field(default_factory=TopicSettings)
    agents: AgentSettings = Field(default_factory=AgentSettings)
    backup: BackupSettings = Field(default_factory=BackupSettings)
    jobs: JobSettings = Field(default_factory=JobSettings)
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings)
    mcp: McpSettings = Field(default_factory=McpSettings)
    observability: ObservabilitySettings = Field(default_factory=ObservabilitySettings)
    api: ApiSettings = Field(default_factory=ApiSettings)
    rate_limits: RateLimitSettings = Field(default_factory=RateLimitSettings)


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read the environment, then `env_file` if it exists. Raises SettingsError naming all wrong variables."""
    require_readable(env_file)
    problems: list[str] = []
    groups: dict[str, Any] = {}
    for name, group in setting_groups():
        try:
            groups[name] = group(_env_file=env_file)
        except ValidationError as error:
            problems += problems_of(group, error)
    if problems:
        raise SettingsError(" ".join(problems), "Correct the environment or .env; ENV_VARIABLES_GUIDE.md lists all.")
    groups.update(at_home(groups, groups["home"].folder))
    groups["database"] = with_secrets(groups["database"])
    return Settings(**groups)


def secret_values(settings: Settings) -> Iterator[str]:
    """Yield all secrets in `settings` in plain text, for masking. The name of a session file is not a secret."""
    for name, group in setting_groups():
        for field in group.model_fields:
            value = getattr(getattr(settings, name), field)
            given = isinstance(value, SecretStr) and value != group.model_fields[field].default
            if given and (secret := value.get_secret_value()) and (field != "session" or is_session_string(secret)):
                yield secret
                yield from passwords_in(secret)


def setting_groups() -> Iterator[tuple[str, type[BaseSettings]]]:
    """Yield each group's attribute name and class, in reading order."""
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseSettings):
            yield name, field.annotation


def variable_names() -> set[str]:
    """Return the names of all variables that are read."""
    return {str(field.validation_alias) for _, group in setting_groups() for field in group.model_fields.values()}
