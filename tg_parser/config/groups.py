"""Base class and helpers of groups of settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import AfterValidator, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

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
