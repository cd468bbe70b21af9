"""Dashboards and alerts ask for metrics that exist, with labels that they have; every alert has its runbook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DASHBOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
RULES = yaml.safe_load((ROOT / "deploy/prometheus/rules/tg_parser.yml").read_text("utf-8"))["groups"][0]["rules"]
OF_PROMETHEUS = {"job", "instance", "le"}
_ROW = re.compile(r"^\| `(tg_parser_\w+)` \| (\w+) \| (.*?) \|", re.MULTILINE)
_METRIC = re.compile(r"\b(tg_parser_\w+|process_\w+)(?:\{([^}]*)\})?")
_GROUPED = re.compile(r"\bby \(([^)]*)\)")


def known() -> dict[str, set[str]]:
    """The labels of every series, by its name, as the generated page of metrics lists them."""
    found: dict[str, set[str]] = {"process_resident_memory_bytes": set()}
    for name, kind, labels in _ROW.findall((ROOT / "docs/reference/metrics.md").read_text("utf-8")):
        series = [f"{name}_bucket", f"{name}_sum", f"{name}_count"] if kind == "histogram" else [name]
        found |= {key: set(re.findall(r"`(\w+)`", labels)) for key in series}
    return found


def panels(dashboard: Path) -> list[dict[str, Any]]:
    return [panel for panel in json.loads(dashboard.read_text("utf-8"))["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Every PromQL expression, with where it stands."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for dashboard in DASHBOARDS:
        for panel in panels(dashboard):
            for target in panel["targets"]:
                yield f"{dashboard.stem}: {panel['title']}", target["expr"]


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_an_expression_asks_for_what_is_measured(where: str, expression: str) -> None:
    """Its metrics exist, with the labels by which it chooses and groups."""
    metrics, series = known(), _METRIC.findall(expression)
    assert series or where == "ServiceDown"
    for name, chosen in series:
        assert name in metrics, f"{where} asks for {name}"
        assert set(re.findall(r"(\w+)(?==)", chosen)) <= metrics[name] | OF_PROMETHEUS
    measured = set().union(*(metrics[name] for name, _ in series)) if series else set()
    grouped = {label.strip() for labels in _GROUPED.findall(expression) for label in labels.split(",")}
    assert grouped <= measured | OF_PROMETHEUS


def test_every_metric_is_shown_or_watched() -> None:
    """A metric that no dashboard and no alert asks for would be measured for nobody."""
    asked = {name for _, expression in expressions() for name, _ in _METRIC.findall(expression)}
    whole = {re.sub(r"_(bucket|sum|count)$", "", name) for name in known() | {key: set() for key in asked}}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    assert whole - shown == {"tg_parser_build_info"}


def test_every_alert_says_what_happened_and_what_to_do() -> None:
    """A severity, a sentence, and a section of the runbooks; and there is no section without an alert."""
    text = (ROOT / "docs/how-to/runbooks.md").read_text("utf-8")
    sections = re.findall(r"^## (\w+)$", text, re.MULTILINE)
    assert [rule["alert"] for rule in RULES] == sections
    for rule in RULES:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["runbook_url"] == f"docs/how-to/runbooks.md#{rule['alert'].lower()}"


def test_the_troubles_of_an_operator_have_alerts() -> None:
    """What a service must not do unnoticed."""
    alerts = {rule["alert"] for rule in RULES}
    assert alerts >= {
        "SourceFailing",
        "BacklogGrowing",
        "IngestionLag",
        "PoolExhausted",
        "JobsStalled",
        "BudgetNearlySpent",
        "BackupTooOld",
    }


def test_a_dashboard_can_be_told_from_the_others() -> None:
    """Five of them, each with its own id and title; panels have a meaning, a unit and the provisioned data source."""
    boards = [json.loads(path.read_text("utf-8")) for path in DASHBOARDS]
    assert [board["uid"] for board in boards] == [path.stem for path in DASHBOARDS]
    assert len({board["title"] for board in boards}) == len(boards) == 5
    for path in DASHBOARDS:
        for panel in panels(path):
            assert panel["description"].endswith(".")
            assert panel["fieldConfig"]["defaults"]["unit"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "prometheus"}
            assert panel["options"] is not None
