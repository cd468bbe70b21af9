"""A real Prometheus scrapes the running service, knows the rules, and can answer every dashboard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from api_process import api
from cli_process import tg_parser, tg_parser_json
from job_processes import asked, until, watched, worker
from knowledge_bases import knowledge_base
from postgres_server import free_port
from prometheus_server import Prometheus, prometheus, promtool

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus/rules/tg_parser.yml"
ONLY_AFTER_A_WHILE = {"Requests a second", "Share of server errors", "Messages a second", "Dollars an hour"}
"""Rates need two scrapes with something between them."""
ONLY_WHILE_JOBS_WAIT = {"Longest wait"}


def test_the_alerts_fire_when_they_should() -> None:
    """promtool accepts the rules, and its tests of each alert pass."""
    promtool("check", "rules", RULES)
    promtool("test", "rules", DEPLOY / "prometheus/tests/alerts.yml")


def of_this_machine(api_port: int, worker_port: int, key: Path) -> dict[str, Any]:
    """The configuration that is deployed, with the addresses and files of a test."""
    config: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(RULES)]
    of_api, of_workers = config["scrape_configs"]
    of_api["authorization"]["credentials_file"] = str(key)
    of_api["static_configs"] = [{"targets": [f"127.0.0.1:{api_port}"]}]
    del of_workers["dns_sd_configs"]
    of_workers["static_configs"] = [{"targets": [f"127.0.0.1:{worker_port}"]}]
    return config


@pytest.mark.postgres
def test_everything_is_scraped_and_every_question_answered(tmp_path: Path) -> None:
    """API (with a reader's key) and worker are up; no rule fails; every panel's question is understood, and what a
    quiet service can answer has an answer."""
    with knowledge_base("postgresql", tmp_path) as knowledge:
        env = {**knowledge.env, "METRICS_ENABLED": "true", "API_KEY_REQUIRED": "true", "LLM_MONTHLY_BUDGET": "5"}
        key = tmp_path / "metrics.key"
        key.write_text(tg_parser_json(env, "keys", "create", "prometheus", cwd=tmp_path)["secret"], "utf-8")
        tg_parser(env, "add-source", "--source-id", "live", "--channel-username", "live", cwd=tmp_path)
        port = free_port()
        with worker(env, tmp_path, "--metrics-port", str(port)), api(env, tmp_path) as service:
            source = tg_parser_json(env, "sources", "list", cwd=tmp_path)["sources"][0]["source_id"]
            job = asked(env, tmp_path, "process", "--source", source, "--provider", "local", "--force")
            assert watched(env, tmp_path, job)["state"] == "done"
            config = of_this_machine(int(service.url.rpartition(":")[2]), port, key)
            with prometheus(config, tmp_path) as server:
                until(lambda: _all_up(server))
                until(lambda: all(rule["evaluationTime"] for rule in _rules(server)))
                assert {rule["health"] for rule in _rules(server)} == {"ok"}
                assert [rule["name"] for rule in _rules(server)] == _alerts()
                for title, expression, is_number in _questions():
                    found = server.result(expression)
                    assert found or not is_number or title in ONLY_AFTER_A_WHILE | ONLY_WHILE_JOBS_WAIT, (
                        f"{title}: {expression}"
                    )


def _all_up(server: Prometheus) -> bool:
    try:
        return [each["value"][1] for each in server.result('up{job=~"tg-parser.*"}')] == ["1", "1"]
    except (httpx.TransportError, ValueError):  # It does not listen yet, or says that it is still starting.
        return False


def _rules(server: Prometheus) -> list[Any]:
    groups = server.ask("/rules")["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _alerts() -> list[str]:
    return [rule["alert"] for rule in yaml.safe_load(RULES.read_text("utf-8"))["groups"][0]["rules"]]


def _questions() -> list[tuple[str, str, bool]]:
    """The title, expression and kind of every panel."""
    return [
        (panel["title"], target["expr"].replace("$__rate_interval", "5m"), panel["type"] == "stat")
        for path in sorted((DEPLOY / "grafana/dashboards").glob("*.json"))
        for panel in json.loads(path.read_text("utf-8"))["panels"]
        for target in panel.get("targets", ())
    ]
