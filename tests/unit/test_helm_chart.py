"""The Helm chart is valid for two versions of Kubernetes, fits settings and commands, and confines what it runs."""

from __future__ import annotations

import math
from typing import Any

import kubernetes_validate
import pytest
import yaml
from compose_files import PRODUCTION, raw
from helm_charts import (
    CHART,
    FILES,
    FULLNAME,
    ROOT,
    Manifest,
    Pod,
    merged,
    of_kind,
    pods,
    problems,
    rendered,
    values_of,
)
from test_documented_names import known_options

from tg_parser.config.settings import load_settings, variable_names

KUBERNETES = ["1.30", "1.37"]
OF_OPERATORS = {"keda.sh/v1alpha1", "monitoring.coreos.com/v1"}
"""Kinds that Kubernetes itself does not know."""
RENDERED = {name: rendered(values_of(name)) for name in FILES}
PODS = {name: pods(manifests) for name, manifests in RENDERED.items()}
EVERY_POD = [pytest.param(pod, id=f"{name}-{part}") for name, found in PODS.items() for part, pod in found.items()]
TIMES = ["API_GRACE_SECONDS", "JOB_GRACE_SECONDS", "LLM_SHUTDOWN_WAIT"]


@pytest.mark.parametrize("name", FILES)
def test_helm_finds_nothing_wrong(name: str) -> None:
    """`helm lint --strict` accepts the values."""
    assert problems(values_of(name)) == []


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("name", FILES)
def test_kubernetes_knows_every_field(name: str, version: str) -> None:
    """Its own schemas allow what is rendered, and no field that they do not have."""
    own = [each for each in RENDERED[name] if each["apiVersion"] not in OF_OPERATORS]
    assert len(own) >= 6
    for each in own:
        assert kubernetes_validate.validate(each, version, strict=True) == version


@pytest.mark.parametrize("version", KUBERNETES)
def test_a_field_that_there_is_not_would_be_noticed(version: str) -> None:
    """The check above fails for a misspelt field."""
    (claim,) = of_kind(RENDERED["values"], "PersistentVolumeClaim").values()
    wrong = {**claim, "spec": {**claim["spec"], "storageClass": "fast"}}
    with pytest.raises(kubernetes_validate.ValidationError, match="storageClass"):
        kubernetes_validate.validate(wrong, version, strict=True)


def test_what_is_rendered() -> None:
    """Every resource, by the values that ask for it."""
    small, usual, large = (
        {(each["kind"], each["metadata"]["name"]) for each in RENDERED[name]} for name in ("small", "values", "large")
    )
    always = {
        ("Deployment", f"{FULLNAME}-api"),
        ("Service", f"{FULLNAME}-api"),
        ("Deployment", f"{FULLNAME}-worker"),
        ("Job", f"{FULLNAME}-migrate"),
        ("CronJob", f"{FULLNAME}-backup"),
    }
    claim = {("PersistentVolumeClaim", f"{FULLNAME}-data")}
    guarded = {("PodDisruptionBudget", f"{FULLNAME}-{part}") for part in ("api", "worker")}
    guarded |= {("NetworkPolicy", f"{FULLNAME}-{part}") for part in ("api", "worker", "backup", "migrate")}
    assert small == always | claim | {("Secret", FULLNAME), ("Secret", f"{FULLNAME}-migrate")}
    assert usual == always | claim | guarded
    assert large == always | guarded | {
        ("HorizontalPodAutoscaler", f"{FULLNAME}-api"),
        ("ScaledObject", f"{FULLNAME}-worker"),
        ("Ingress", FULLNAME),
        ("ServiceMonitor", f"{FULLNAME}-api"),
        ("PodMonitor", f"{FULLNAME}-worker"),
        ("PrometheusRule", FULLNAME),
    }


@pytest.mark.parametrize("pod", EVERY_POD)
def test_a_pod_is_confined(pod: Pod) -> None:
    """An ordinary user without rights, a read-only root file system, and nothing of the cluster's inside."""
    context = pod.spec["securityContext"]
    assert (context["runAsNonRoot"], context["runAsUser"], context["runAsGroup"]) == (True, 10001, 10001)
    assert context["fsGroup"] == 10001
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (pod.spec["automountServiceAccountToken"], pod.spec["enableServiceLinks"]) == (False, False)
    assert "10001:10001" in (ROOT / "Dockerfile").read_text("utf-8")
    for container in pod.containers:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}


@pytest.mark.parametrize("pod", EVERY_POD)
def test_only_volumes_are_written(pod: Pod) -> None:
    """/data and /tmp, as the image wants it; every mount has its volume."""
    volumes = {each["name"]: each for each in pod.spec["volumes"]}
    for container in pod.containers:
        mounts = {each["mountPath"]: each for each in container["volumeMounts"]}
        assert {path for path, each in mounts.items() if not each.get("readOnly")} == {"/data", "/tmp"}
        assert {each["name"] for each in mounts.values()} == set(volumes)
    assert volumes["tmp"]["emptyDir"] == {}
    assert pod.settings["TG_PARSER_HOME"] == "/data"


@pytest.mark.parametrize("pod", EVERY_POD)
def test_a_pod_is_given_settings_that_the_program_takes(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable is a setting, no value is refused, and all containers of a pod have the same."""
    for container in pod.containers:
        names = [each["name"] for each in container["env"]]
        assert set(names) <= variable_names()
        assert len(names) == len(set(names))
        assert container["env"] == pod.containers[0]["env"]
    for name, value in pod.settings.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(None)
    assert (settings.database.type, settings.api.key_required, settings.observability.metrics) == (
        "postgresql",
        True,
        True,
    )


@pytest.mark.parametrize("pod", EVERY_POD)
def test_a_pod_calls_commands_that_there_are(pod: Pod) -> None:
    """With options that they have, in the container and in its probes."""
    for container in pod.containers:
        called = [container["args"]]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if "exec" in container.get(probe, {}):
                program, *words = container[probe]["exec"]["command"]
                assert program == "tg-parser"
                called.append(words)
        for words in called:
            known, used = known_options(words)
            assert used <= known


def test_the_commands_are_those_of_the_compose_file() -> None:
    """Both run the same program in the same way."""
    services = raw(PRODUCTION)["services"]
    for part, service in {"api": "tg_parser", "worker": "worker", "migrate": "migrate"}.items():
        assert PODS["values"][part].containers[0]["args"] == services[service]["command"]
    made = [each["args"] for each in PODS["values"]["backup"].containers]
    assert made == [["backup", "create"], ["backup", "verify", "--latest"]]
    assert [each["args"] for each in PODS["small"]["backup"].containers] == [["backup", "create"]]


@pytest.mark.parametrize("name", FILES)
def test_pods_have_time_to_end(name: str) -> None:
    """More than running jobs have, those more than open requests, whatever the settings say."""
    chosen = {key: float(value) for key, value in merged(name)["settings"].items() if key in TIMES}
    api, worker = (PODS[name][part].spec["terminationGracePeriodSeconds"] for part in ("api", "worker"))
    paused = int(PODS[name]["api"].containers[0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert api == math.ceil(chosen["API_GRACE_SECONDS"] + 20) > chosen["API_GRACE_SECONDS"] + paused
    assert worker == math.ceil(chosen["JOB_GRACE_SECONDS"] + chosen["LLM_SHUTDOWN_WAIT"] + 30)
    assert worker > chosen["JOB_GRACE_SECONDS"] > chosen["API_GRACE_SECONDS"]
    assert PODS[name]["worker"].spec["restartPolicy"] == "Always"


def test_the_times_are_those_of_the_program() -> None:
    """The chart writes the defaults out, to compute with them."""
    settings, chosen = load_settings(None), merged("values")["settings"]
    ours = [settings.api.grace, settings.jobs.grace, settings.llm_limits.shutdown_wait]
    assert [chosen[name] for name in TIMES] == ours


@pytest.mark.parametrize("pod", EVERY_POD)
def test_no_program_is_process_one(pod: Pod) -> None:
    """A program that handles no signal itself, as a migration, would not be ended by any."""
    assert pod.spec["shareProcessNamespace"] is True


def port_of(container: Manifest, name: str) -> int:
    return next(int(each["containerPort"]) for each in container["ports"] if each["name"] == name)


def test_the_api_is_asked_where_it_listens() -> None:
    """Alive by /health/live, also where only some host names are accepted; ready by the program, without a key."""
    for name, headers in {"values": None, "large": [{"name": "Host", "value": "kb.example.com"}]}.items():
        (container,) = PODS[name]["api"].containers
        asked = {probe: container[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness")}
        assert {each["path"] for each in asked.values()} == {"/health/live"}
        port = PODS[name]["api"].settings["API_PORT"]
        command = ["tg-parser", "healthcheck", "--ready", "--host=127.0.0.1", f"--port={port}"]
        assert container["readinessProbe"]["exec"]["command"] == command
        assert all(each.get("httpHeaders") == headers for each in asked.values())
        assert str(port_of(container, asked["liveness"]["port"])) == PODS[name]["api"].settings["API_PORT"]


def test_a_worker_is_asked_where_it_serves_its_metrics() -> None:
    """By the program itself, since it has no API."""
    (container,) = PODS["values"]["worker"].containers
    port = port_of(container, "metrics")
    assert f"--metrics-port={port}" in container["args"]
    for probe in ("startupProbe", "livenessProbe"):
        command = container[probe]["exec"]["command"]
        assert command == ["tg-parser", "healthcheck", "--host=127.0.0.1", f"--port={port}"]
    assert "readinessProbe" not in container


def test_schemas_are_upgraded_before_anything_else() -> None:
    """The hook needs nothing that the chart makes only afterwards."""
    for name in FILES:
        job = of_kind(RENDERED[name], "Job")["migrate"]
        pod = PODS[name]["migrate"]
        assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
        assert not any("persistentVolumeClaim" in each for each in pod.spec["volumes"])
        (source,) = pod.containers[0]["envFrom"]
        made = of_kind(RENDERED[name], "Secret")
        if made:
            secret = made[source["secretRef"]["name"].removeprefix(f"{FULLNAME}-")]
            assert secret["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
            assert int(secret["metadata"]["annotations"]["helm.sh/hook-weight"]) < 0
            assert secret["stringData"] == made[""]["stringData"]


def test_a_password_arrives_as_it_was_written() -> None:
    """With what YAML and templates would take for their own; a number as text."""
    given = {"DB_PASSWORD": "p@ss: #'%{{ word }}", "TELEGRAM_API_ID": "1234567"}
    assert of_kind(RENDERED["small"], "Secret")[""]["stringData"] == given


def test_numbers_arrive_as_they_were_written() -> None:
    """Large ones not as 1.048576e+07."""
    settings = PODS["large"]["api"].settings
    assert [settings[name] for name in ("API_MAX_BODY_BYTES", "LLM_SHUTDOWN_WAIT", "SCHEDULER_ENABLED")] == [
        "10485760",
        "60.5",
        "true",
    ]


def test_secrets_come_from_the_secret_alone() -> None:
    """Its name is in every container; nothing secret is written out."""
    for name, secret in {"values": "tg-parser", "large": "kb-secrets"}.items():
        for pod in PODS[name].values():
            for container in pod.containers:
                assert container["envFrom"] == [{"secretRef": {"name": secret}}]
    (redis,) = [each for each in PODS["large"]["api"].containers[0]["env"] if "valueFrom" in each]
    assert redis == {"name": "REDIS_URL", "valueFrom": {"secretKeyRef": {"name": "kb-secrets", "key": "REDIS_URL"}}}


def test_changed_secrets_restart_the_pods() -> None:
    """Those that the chart makes; changed settings are in the pods themselves."""

    def seen(password: str) -> Any:
        values = {**values_of("small"), "secrets": {"create": True, "values": {"DB_PASSWORD": password}}}
        return {
            part: pod.metadata.get("annotations")
            for part, pod in pods(rendered(values)).items()
            if part in {"api", "worker"}
        }

    assert seen("one") == seen("one")
    assert all(seen("one")[part] != seen("two")[part] for part in ("api", "worker"))


def test_all_pods_have_the_same_files() -> None:
    """One claim, which outlives the release."""
    claimed = {part: pod.spec["volumes"][0].get("persistentVolumeClaim") for part, pod in PODS["values"].items()}
    assert {part for part, claim in claimed.items() if claim == {"claimName": f"{FULLNAME}-data"}} == {
        "api",
        "worker",
        "backup",
    }
    made = of_kind(RENDERED["values"], "PersistentVolumeClaim")["data"]
    assert made["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert made["spec"]["accessModes"] == ["ReadWriteMany"]
    assert PODS["large"]["worker"].spec["volumes"][0]["persistentVolumeClaim"] == {"claimName": "kb-files"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"settings": {"LOG_FORMT": "json"}}, "invalid propertyName 'LOG_FORMT'"),
        ({"settings": {"DB_PASSWORD": "secret"}}, "invalid propertyName 'DB_PASSWORD'"),
        ({"settings": {"API_HOST": "::"}}, "invalid propertyName 'API_HOST'"),
        ({"settings": {"JOB_GRACE_SECONDS": "soon"}}, "/settings/JOB_GRACE_SECONDS"),
        ({"secrets": {"create": True, "values": {"DB_PASSWORT": "x"}}}, "invalid propertyName 'DB_PASSWORT'"),
        ({"secrets": {"create": True}}, "/secrets/values"),
        ({"secrets": {"values": {"DB_PASSWORD": "x"}}}, "/secrets/values"),
        ({"api": {"replica": 2}}, "additional properties 'replica' not allowed"),
        ({"worker": {"keda": {"minReplicas": 0}}}, "/worker/keda/minReplicas"),
        ({"ingress": {"enabled": True}}, "/ingress/host"),
        ({"backup": {"schedule": "daily"}}, "/backup/schedule"),
    ],
)
def test_wrong_values_are_refused(values: Manifest, told: str) -> None:
    """Before anything is installed, with the name of what is wrong."""
    assert told in "\n".join(problems(values))


def test_every_default_is_in_the_schema() -> None:
    """A value without a rule could be misspelt unnoticed."""
    schema = yaml.safe_load((CHART / "values.schema.json").read_text("utf-8"))
    told = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    assert schema["properties"].keys() - {"global"} == told.keys()
    for name, value in told.items():
        if "additionalProperties" in schema["properties"][name] and name != "settings":
            assert schema["properties"][name]["properties"].keys() == value.keys()
