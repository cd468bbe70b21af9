"""What in the Helm chart comes from elsewhere: its versions, the alerts, and the settings that its values may name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from tg_parser import __version__
from tg_parser.config.settings import setting_groups

ROOT = Path(__file__).resolve().parent.parent
CHART = ROOT / "deploy/helm/tg-parser"
OWN = {
    *("TG_PARSER_HOME", "DB_TYPE", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER"),
    *("INGESTION_STATE_DB_PATH", "RAW_STORAGE_DB_PATH", "PROCESSING_STORAGE_DB_PATH"),
    *("API_HOST", "API_PORT", "API_KEY_REQUIRED", "METRICS_ENABLED"),
}
"""Settings that the chart sets itself, or that mean nothing in it."""


def chart_files() -> Iterator[tuple[str, str]]:
    """The files of the chart, each with the text it should have."""
    told = (CHART / "Chart.yaml").read_text("utf-8")
    for key, version in (("version", semantic(__version__)), ("appVersion", __version__)):
        told = re.sub(rf"^{key}: .*$", f"{key}: {version}", told, flags=re.MULTILINE)
    yield "Chart.yaml", told
    yield "files/alerts.yml", (ROOT / "deploy/prometheus/rules/tg_parser.yml").read_text("utf-8")
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    fields = {str(each.validation_alias): each for _, group in setting_groups() for each in group.model_fields.values()}
    known = sorted(fields.keys() - OWN)
    schema["definitions"]["setting"]["enum"] = [name for name in known if not _is_secret(fields[name])]
    schema["definitions"]["secret"]["enum"] = known
    yield "values.schema.json", json.dumps(schema, indent=1) + "\n"


def semantic(version: str) -> str:
    """A version of Python as Helm writes it: 3.1.0a1 is 3.1.0-a1."""
    return re.sub(r"^([\d.]+?)\.?((?:a|b|rc|dev)\d+)$", r"\1-\2", version)


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in (field.annotation, *get_args(field.annotation))
