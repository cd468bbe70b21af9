"""The compose files are valid, fit the settings, and keep what they run confined."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from compose_files import (
    DEVELOPMENT,
    PRODUCTION,
    ROOT,
    MissingVariableError,
    environment,
    own_services,
    raw,
    resolved,
    variables,
)
from jsonschema import Draft202012Validator

from tg_parser.config.settings import load_settings, variable_names

FILES = [PRODUCTION, DEVELOPMENT]
GIVEN = {"DB_PASSWORD": "secret"}
GUIDE = ROOT / "docs/how-to/run-in-containers.md"
SERVICES = resolved(PRODUCTION, GIVEN)["services"]


def by_name(path: Path) -> str:
    return path.name


def containers_only() -> dict[str, str]:
    """The variables that compose files alone read, with their defaults, as the template for production shows them."""
    told = (ROOT / ".env.production.example").read_text("utf-8").partition("\n## Containers: ")[2]
    return dict(re.findall(r"^#([A-Z_]+)=(.*)$", told, re.MULTILINE))


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_a_file_fits_the_compose_specification(file: Path) -> None:
    """Its own schema finds nothing wrong, with variables and without."""
    validator = Draft202012Validator(get_builtin_schema("vendor.compose-spec"))
    assert [each.message for each in validator.iter_errors(raw(file))] == []
    assert [each.message for each in validator.iter_errors(resolved(file, GIVEN))] == []


def test_the_services_are_those_of_the_guide() -> None:
    """What starts by itself, and what a profile adds."""
    profiles = {name: service.get("profiles") for name, service in SERVICES.items()}
    assert profiles == {
        "postgres": None,
        "migrate": None,
        "tg_parser": None,
        "worker": None,
        "backup": ["backup"],
        "redis": ["redis"],
        "proxy": ["proxy"],
        "prometheus": ["monitoring"],
        "grafana": ["monitoring"],
    }


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_every_variable_is_a_setting_or_documented(file: Path) -> None:
    """What a file reads is in the table of settings or, with the same default, in the template and in the guide."""
    own = containers_only()
    for name, default in variables(file):
        if name not in variable_names():
            assert own[name] == (default or "")
            assert f"`{name}`" in GUIDE.read_text("utf-8")
    assert set(own) <= {name for name, _ in variables(PRODUCTION)}


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_the_program_is_given_settings_that_it_takes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable of its containers is a setting, and no value is refused."""
    for name, service in own_services(resolved(file, GIVEN)).items():
        given = environment(service)
        others = {"BACKUP_AT"} if name == "backup" else {"TMPDIR"} if file == DEVELOPMENT else set()
        assert set(given) - variable_names() == others
        with monkeypatch.context() as patch:
            for variable, value in given.items():
                patch.setenv(variable, value)
            assert load_settings(None).home.folder == Path("/data")


def test_without_a_password_nothing_starts() -> None:
    """Compose itself says what is missing; a file with the password does as well."""
    with pytest.raises(MissingVariableError, match=r"DB_PASSWORD: set DB_PASSWORD in \.env"):
        resolved(PRODUCTION, {})
    by_file = resolved(PRODUCTION, {"DB_PASSWORD": "", "DB_PASSWORD_FILE": "/etc/tg-parser/password"})
    assert by_file["secrets"]["db_password"] == {"file": "/etc/tg-parser/password"}
    for name in ("migrate", "tg_parser", "worker", "backup"):
        given = environment(by_file["services"][name])
        assert (given["DB_PASSWORD"], given["DB_PASSWORD_FILE"]) == ("", "/run/secrets/db_password")
        assert by_file["services"][name]["secrets"] == ["db_password"]
    server = environment(by_file["services"]["postgres"])
    assert (server["POSTGRES_PASSWORD"], server["POSTGRES_PASSWORD_FILE"]) == ("", "/run/secrets/db_password")


def test_the_server_and_the_program_mean_the_same_database() -> None:
    """Name, role and password are given to both."""
    given = {"DB_NAME": "kb", "DB_USER": "me", "DB_PASSWORD": "p@ss:/%"}
    services = resolved(PRODUCTION, given)["services"]
    server, program = environment(services["postgres"]), environment(services["tg_parser"])
    assert [server[f"POSTGRES_{key}"] for key in ("DB", "USER", "PASSWORD")] == list(given.values())
    assert {name: program[name] for name in given} == given
    assert program["DB_HOST"] == "postgres"


@pytest.mark.parametrize("name", ["tg_parser", "worker", "backup"])
def test_the_program_waits_for_the_server_and_the_schemas(name: str) -> None:
    """The one must be healthy, the other must have been made."""
    assert SERVICES[name]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["migrate"]["restart"] == "no"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_container_is_confined(name: str) -> None:
    """Its root file system is read-only, it gains no rights, its log is bounded, and it comes back by itself."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    if name != "migrate":
        assert service["restart"] == "unless-stopped"
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
        assert service["deploy"]["resources"]["limits"]["memory"]


def test_only_the_proxy_is_reached_from_elsewhere() -> None:
    """All other ports are offered to this machine alone, also where there are no keys."""
    everything = SERVICES | {"dev": resolved(DEVELOPMENT, {})["services"]["tg_parser"]}
    ports = {name: service["ports"] for name, service in everything.items() if "ports" in service}
    assert ports.pop("proxy") == ["80:80", "443:443", "443:443/udp"]
    assert ports.keys() == {"tg_parser", "dev", "prometheus", "grafana"}
    assert all(port.startswith("127.0.0.1:") for each in ports.values() for port in each)
    assert environment(SERVICES["tg_parser"])["API_KEY_REQUIRED"] == "true"


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_every_program_hears_signals(file: Path) -> None:
    """It is not process 1, which the system does not end where it handles no signal itself."""
    assert all(service["init"] is True for service in own_services(resolved(file, GIVEN)).values())


def seconds(text: str) -> float:
    """Those of a duration such as 90s."""
    return timedelta(seconds=int(text.removesuffix("s"))).total_seconds()


def test_what_is_stopped_has_time_to_end() -> None:
    """Longer than the settings give open requests, running jobs and calls of models."""
    settings = load_settings(None)
    jobs = settings.jobs.grace + settings.llm_limits.shutdown_wait
    assert seconds(SERVICES["tg_parser"]["stop_grace_period"]) > settings.api.grace
    assert seconds(SERVICES["worker"]["stop_grace_period"]) > jobs
    both = resolved(DEVELOPMENT, {})["services"]["tg_parser"]
    assert seconds(both["stop_grace_period"]) > settings.api.grace + jobs


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """The folders of the repository by where they are in a container."""
    found = [each.split(":") for each in service.get("volumes", [])]
    return {inside: outside for outside, inside, *_ in found if outside.startswith(".")}


def test_what_is_mounted_is_there() -> None:
    """Folders of the repository exist and cannot be changed from inside; volumes are declared."""
    declared = resolved(PRODUCTION, GIVEN)["volumes"]
    for service in SERVICES.values():
        for each in service.get("volumes", []):
            outside, _, *how = each.split(":")
            assert (ROOT / outside).is_dir() and how == ["ro"] if outside.startswith(".") else outside in declared


def test_prometheus_scrapes_what_runs() -> None:
    """Its targets are services of the file, at the ports that these serve metrics at, with the key it is given."""
    told = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    api, workers = told["scrape_configs"]
    assert api["static_configs"] == [{"targets": ["tg_parser:8000"]}]
    assert environment(SERVICES["tg_parser"])["API_PORT"] == "8000"
    assert api["authorization"]["credentials_file"] == "/run/secrets/metrics_key"
    assert SERVICES["prometheus"]["secrets"] == ["metrics_key"]
    found = workers["dns_sd_configs"][0]
    assert found["names"] == ["worker"]
    assert f"--metrics-port={found['port']}" in SERVICES["worker"]["command"]
    assert mounts(SERVICES["prometheus"]) == {"/etc/prometheus": "./deploy/prometheus"}


def test_grafana_finds_its_source_and_its_dashboards() -> None:
    """The address of Prometheus, and folders that are mounted."""
    inside, outside = next(iter(mounts(SERVICES["grafana"]).items()))
    place = environment(SERVICES["grafana"])["GF_PATHS_PROVISIONING"]
    provisioned = ROOT / outside / Path(place).relative_to(inside)
    source = yaml.safe_load((provisioned / "datasources/prometheus.yml").read_text("utf-8"))["datasources"][0]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    dashboards = yaml.safe_load((provisioned / "dashboards/tg_parser.yml").read_text("utf-8"))["providers"][0]
    assert dashboards["options"]["path"] == f"{inside}/dashboards"


def test_the_proxy_is_trusted_and_nobody_else() -> None:
    """The address that the API believes is the proxy's own, in a network of theirs."""
    address = SERVICES["proxy"]["networks"]["outside"]["ipv4_address"]
    assert environment(SERVICES["tg_parser"])["TRUSTED_PROXIES"] == address
    (network,) = resolved(PRODUCTION, GIVEN)["networks"]["outside"]["ipam"]["config"]
    assert ip_address(address) in ip_network(network["subnet"])
    # The machine itself, where another proxy runs on it.
    assert f"`TRUSTED_PROXIES={ip_network(network['subnet'])[1]}`" in GUIDE.read_text("utf-8")
    caddy = (ROOT / "deploy/caddy/Caddyfile").read_text("utf-8")
    assert "reverse_proxy tg_parser:8000" in caddy
    assert "{$TG_PARSER_DOMAIN:localhost}" in caddy
