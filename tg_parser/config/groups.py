"""Base class and helpers of groups of settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import AfterValidator, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from tg_parser.domain.paths import expanded

FORM = "form"
"""Key of a field's metadata that describes its pattern in words."""
UNREADABLE = "unreadable"
"""Type of the problem that `readable_by` reports in its own words."""
WEB_ADDRESS = "an address starting with http:// or https://"

_NO_VARIABLE = "="
"""No variable can begin like this. Without it, a field could also be set by its own name: `user` by USER of any shell,
`port` by PORT, `host` by HOST.
"""


class SettingsGroup(BaseSettings):
    """Related settings, each read from its variable; empty variables count as unset."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        env_prefix=_NO_VARIABLE,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read variables by their own names alone: USER and HOST, which systems set, are not `user` and `host`."""
        names = {str(field.validation_alias).lower() for field in settings_cls.model_fields.values()}
        for source in (env_settings, dotenv_settings):
            if isinstance(source, EnvSettingsSource):
                source.env_vars = {name: value for name, value in source.env_vars.items() if name.lower() in names}
        return init_settings, env_settings, dotenv_settings

    @field_validator("*")
    @classmethod
    def _expanded(cls, value: Any) -> Any:
        return expanded(value) if isinstance(value, Path) else value


def readable_by(parse: Callable[[str], Any]) -> AfterValidator:
    """Return a validator that `parse` accepts a secret; its ValueError says what is wrong without the value."""

    def check(value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                parse(value.get_secret_value())
            except ValueError as error:
                raise PydanticCustomError(UNREADABLE, "{why}", {"why": str(error)}) from None
        return value

    return AfterValidator(check)


def setting(name: str, default: Any, description: str, *, form: str | None = None, **limits: Any) -> Any:
    """Declare a setting read from variable `name`; `limits` go to pydantic's Field, `form` describes a pattern."""
    extra: dict[str, Any] | None = {FORM: form} if form else None
    return Field(default=default, validation_alias=name, description=description, json_schema_extra=extra, **limits)
