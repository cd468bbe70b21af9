"""The Helm chart of the repository, rendered by Helm's own library without a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import helm_python
import yaml

ROOT = Path(__file__).parents[1]
CHART = ROOT / "deploy/helm/tg-parser"
RELEASE, NAMESPACE, FULLNAME = "kb", "knowledge", "kb-tg-parser"
FILES = {"values": None, "small": CHART / "ci/small.yaml", "large": CHART / "ci/large.yaml"}
"""The values that the chart is tried with, by name: its defaults, as little as there can be, and everything on."""
Manifest = dict[str, Any]


def values_of(name: str) -> dict[str, Any]:
    """What a file of values changes."""
    path = FILES[name]
    return {} if path is None else yaml.safe_load(path.read_text("utf-8"))


def merged(name: str) -> dict[str, Any]:
    """The values that count with a file."""
    with helm_python.Chart.load(CHART) as chart:
        return chart.merge_values(values_of(name))


def problems(values: Mapping[str, Any]) -> list[str]:
    """What `helm lint --strict` does not accept."""
    return list(helm_python.lint(CHART, dict(values), strict=True)["errors"])


def rendered(values: Mapping[str, Any]) -> list[Manifest]:
    """What `helm template` makes. Raises helm_python.HelmError."""
    with helm_python.Chart.load(CHART) as chart:
        files = chart.render(dict(values), name=RELEASE, namespace=NAMESPACE, is_install=True)
    texts = [text for name, text in files.items() if not name.endswith("NOTES.txt")]
    return [each for text in texts for each in yaml.safe_load_all(text) if each]


@dataclass(frozen=True)
class Pod:
    """What one resource runs."""

    name: str
    metadata: Manifest
    spec: Manifest

    @property
    def containers(self) -> list[Manifest]:
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def settings(self) -> dict[str, str]:
        """The variables that are written out for its first container."""
        return {each["name"]: each["value"] for each in self.containers[0]["env"] if "value" in each}


def pods(manifests: list[Manifest]) -> dict[str, Pod]:
    """The pods by component: api, worker, migrate, backup."""
    return {pod.metadata["labels"]["app.kubernetes.io/component"]: pod for pod in _pods(manifests)}


def _pods(manifests: list[Manifest]) -> Iterator[Pod]:
    for each in manifests:
        spec = each.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template is not None:
            yield Pod(each["metadata"]["name"], template["metadata"], template["spec"])


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """The resources of a kind by name, without that of the release."""
    found = [each for each in manifests if each["kind"] == kind]
    return {each["metadata"]["name"].removeprefix(FULLNAME).lstrip("-"): each for each in found}
