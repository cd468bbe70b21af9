"""What the chart puts around its pods: scaling, the network, an ingress, budgets for disruption, monitoring."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from helm_charts import FULLNAME, NAMESPACE, RELEASE, ROOT, Manifest, of_kind, pods, rendered, values_of
from test_monitoring_files import known

USUAL, LARGE = rendered(values_of("values")), rendered(values_of("large"))
DNS = {("UDP", 53), ("TCP", 53)}


def labels(part: str) -> dict[str, str]:
    """What the pods of a component are chosen by."""
    own = {"name": "tg-parser", "instance": RELEASE, "component": part}
    return {f"app.kubernetes.io/{key}": value for key, value in own.items()}


def ports(rules: list[Manifest]) -> set[tuple[str, int]]:
    return {(port["protocol"], port["port"]) for rule in rules for port in rule["ports"]}


def rule_of(policy: Manifest, port: int, direction: str = "egress") -> Manifest:
    """The only rule of a policy about a port."""
    (found,) = [each for each in policy["spec"][direction] if ("TCP", port) in ports([each])]
    return found


@pytest.mark.parametrize("part", ["api", "worker", "backup", "migrate"])
def test_selectors_find_the_pods(part: str) -> None:
    """What chooses the pods of a component has their labels, and no label that an upgrade changes."""
    assert labels(part).items() <= pods(LARGE)[part].metadata["labels"].items()
    chosen = [of_kind(LARGE, "NetworkPolicy")[part]["spec"]["podSelector"]["matchLabels"]]
    if part in {"api", "worker"}:
        chosen.append(of_kind(LARGE, "Deployment")[part]["spec"]["selector"]["matchLabels"])
        chosen.append(of_kind(LARGE, "PodDisruptionBudget")[part]["spec"]["selector"]["matchLabels"])
    if part == "api":
        chosen.append(of_kind(LARGE, "Service")[part]["spec"]["selector"])
        chosen.append(of_kind(LARGE, "ServiceMonitor")[part]["spec"]["selector"]["matchLabels"])
    if part == "worker":
        chosen.append(of_kind(LARGE, "PodMonitor")[part]["spec"]["selector"]["matchLabels"])
    assert chosen == [labels(part)] * len(chosen)


def test_each_component_reaches_what_it_needs() -> None:
    """Names and PostgreSQL all of them, Redis the API, the internet the workers; by ports."""
    usual, large = of_kind(USUAL, "NetworkPolicy"), of_kind(LARGE, "NetworkPolicy")
    database, redis, internet, traces = ("TCP", 5432), ("TCP", 6380), ("TCP", 443), ("TCP", 4318)
    assert {part: ports(each["spec"]["egress"]) for part, each in usual.items()} == {
        "api": DNS | {database},
        "worker": DNS | {database, internet},
        "backup": DNS | {database},
        "migrate": DNS | {database},
    }
    database = ("TCP", 6432)
    assert {part: ports(each["spec"]["egress"]) for part, each in large.items()} == {
        "api": DNS | {database, redis, traces},
        "worker": DNS | {database, internet, traces},
        "backup": DNS | {database},
        "migrate": DNS | {database},
    }
    for part in large:
        assert rule_of(large[part], 6432)["to"] == [{"ipBlock": {"cidr": "10.20.0.0/24"}}]
    assert rule_of(large["api"], 6380)["to"] == [{"ipBlock": {"cidr": "10.20.1.0/24"}}]


def test_workers_reach_the_internet_and_nothing_private() -> None:
    """Port 443 of every public address."""
    (everywhere, sixth) = rule_of(of_kind(USUAL, "NetworkPolicy")["worker"], 443)["to"]
    assert everywhere["ipBlock"]["cidr"] == "0.0.0.0/0"
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} <= set(everywhere["ipBlock"]["except"])
    assert sixth == {"ipBlock": {"cidr": "2000::/3"}}


def test_who_may_come_in() -> None:
    """Callers to the API, Prometheus to both; nobody to backups and migrations."""
    monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    callers = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}
    usual, large = of_kind(USUAL, "NetworkPolicy"), of_kind(LARGE, "NetworkPolicy")
    assert usual["api"]["spec"]["ingress"] == [{"ports": [{"protocol": "TCP", "port": 8000}]}]
    assert rule_of(large["api"], 8000, "ingress")["from"] == [callers, monitoring]
    for policies in (usual, large):
        assert rule_of(policies["worker"], 9101, "ingress")["from"] == [monitoring]
        for part in ("backup", "migrate"):
            assert "ingress" not in policies[part]["spec"]
            assert policies[part]["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_the_migration_has_its_network_in_time() -> None:
    """The policy is made before the job, for a namespace that forbids everything else."""
    hooks = [of_kind(USUAL, kind)["migrate"]["metadata"]["annotations"] for kind in ("NetworkPolicy", "Job")]
    assert [each["helm.sh/hook"] for each in hooks] == ["pre-install,pre-upgrade"] * 2
    assert int(hooks[0]["helm.sh/hook-weight"]) < int(hooks[1]["helm.sh/hook-weight"])


def test_who_scales_is_alone() -> None:
    """A Deployment names its pods' number only where nothing else does."""
    usual, large = of_kind(USUAL, "Deployment"), of_kind(LARGE, "Deployment")
    assert {part: each["spec"].get("replicas") for part, each in usual.items()} == {"api": 2, "worker": 1}
    assert {part: each["spec"].get("replicas") for part, each in large.items()} == {"api": None, "worker": None}


def test_the_api_scales_by_its_processor() -> None:
    """Between the bounds of the values; pods ask for some, without which there is no share."""
    spec = of_kind(LARGE, "HorizontalPodAutoscaler")["api"]["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"{FULLNAME}-api"}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 12)
    (metric,) = spec["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    assert pods(LARGE)["api"].containers[0]["resources"]["requests"]["cpu"]


def test_workers_scale_by_their_jobs() -> None:
    """By a metric that there is, of this release alone; without it, their number stays as it is."""
    spec = of_kind(LARGE, "ScaledObject")["worker"]["spec"]
    assert spec["scaleTargetRef"] == {"name": f"{FULLNAME}-worker"}
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (2, 10)
    (trigger,) = spec["triggers"]
    assert (trigger["type"], trigger["metadata"]["threshold"]) == ("prometheus", "6")
    assert trigger["metadata"]["ignoreNullValues"] == "false"
    query = trigger["metadata"]["query"]
    of_api = f'namespace="{NAMESPACE}",service="{of_kind(LARGE, "Service")["api"]["metadata"]["name"]}"'
    jobs = f'sum(max by (kind, state) (tg_parser_jobs{{state=~"queued|running",{of_api}}}))'
    assert query == f"{jobs} or 0 * max(tg_parser_database_up{{{of_api}}})"
    assert {"kind", "state"} == known()["tg_parser_jobs"]
    assert "tg_parser_database_up" in known()


def test_another_query_wins() -> None:
    """For a Prometheus with other labels."""
    values = values_of("large")
    values["worker"]["keda"]["query"] = "sum(tg_parser_jobs)"
    (trigger,) = of_kind(rendered(values), "ScaledObject")["worker"]["spec"]["triggers"]
    assert trigger["metadata"]["query"] == "sum(tg_parser_jobs)"


def test_nodes_can_be_emptied() -> None:
    """One pod at a time, a single one and a sick one too."""
    for part in ("api", "worker"):
        spec = of_kind(USUAL, "PodDisruptionBudget")[part]["spec"]
        assert (spec["maxUnavailable"], spec["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_the_ingress_leads_to_the_api() -> None:
    """With its certificate, to the port of the service."""
    spec = of_kind(LARGE, "Ingress")[""]["spec"]
    assert spec["tls"] == [{"hosts": ["kb.example.com"], "secretName": "kb-tls"}]
    (rule,) = spec["rules"]
    (path,) = rule["http"]["paths"]
    assert (rule["host"], path["path"]) == ("kb.example.com", "/")
    service = of_kind(LARGE, "Service")["api"]
    assert path["backend"]["service"] == {"name": service["metadata"]["name"], "port": {"name": "http"}}
    assert service["spec"]["ports"] == [{"name": "http", "port": 8000, "targetPort": "http"}]


def alerts() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "deploy/prometheus/rules/tg_parser.yml").read_text("utf-8"))


def test_the_alerts_are_those_of_the_repository() -> None:
    """Word by word, with the templates that are Prometheus's own, and labels that choose them."""
    rule = of_kind(LARGE, "PrometheusRule")[""]
    assert rule["spec"] == alerts()
    assert rule["metadata"]["labels"]["release"] == "prometheus"


def test_prometheus_scrapes_both_as_the_alerts_want_it() -> None:
    """At ports that the pods have, with a key for the API, as the jobs that an alert watches."""
    watched = re.compile(re.search(r'job=~"([^"]+)"', alerts()["groups"][0]["rules"][0]["expr"])[1])
    api, worker = of_kind(LARGE, "ServiceMonitor")["api"], of_kind(LARGE, "PodMonitor")["worker"]
    (of_api,), (of_worker,) = api["spec"]["endpoints"], worker["spec"]["podMetricsEndpoints"]
    assert of_api["authorization"] == {"credentials": {"name": "tg-parser-metrics", "key": "key"}}
    jobs = [each["relabelings"][0]["replacement"] for each in (of_api, of_worker)]
    assert jobs == ["tg-parser", "tg-parser-workers"]
    assert all(watched.fullmatch(job) for job in jobs)
    for monitor, endpoint, part in ((api, of_api, "api"), (worker, of_worker, "worker")):
        assert endpoint["port"] in {each["name"] for each in pods(LARGE)[part].containers[0]["ports"]}
        assert monitor["metadata"]["labels"]["release"] == "prometheus"
