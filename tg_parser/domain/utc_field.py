"""Field type for times in a model: UTC internally, ISO 8601 with Z when serialised."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, PlainSerializer

from tg_parser.domain.utc_time import iso_z


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


UtcTime = Annotated[
    AwareDatetime,
    AfterValidator(_to_utc),
    PlainSerializer(iso_z, return_type=str, when_used="json"),
]
