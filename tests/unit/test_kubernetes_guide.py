"""The guide to Kubernetes names values that the chart has, and commands that there are."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml
from helm_charts import CHART, FULLNAME, ROOT, problems
from test_documented_names import known_options

GUIDE = (ROOT / "docs/how-to/run-on-kubernetes.md").read_text("utf-8")
NOTES = (CHART / "templates/NOTES.txt").read_text("utf-8")
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
INSIDE = re.compile(r"kubectl [^`\n]*? -- (tg-parser [^`\n>]+)")


def at(path: str) -> Any:
    """The default of a value by its dotted name. Raises KeyError."""
    found = DEFAULTS
    for name in path.split("."):
        found = found[name]
    return found


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL))
def test_the_values_of_the_guide_are_accepted(block: str) -> None:
    """Helm finds nothing wrong with what a reader copies."""
    assert problems(yaml.safe_load(block)) == []


def test_the_values_that_the_guide_names_are_there() -> None:
    """In its text, in its tables and on its command lines."""
    named = set(re.findall(rf"`((?:{'|'.join(DEFAULTS)})(?:\.\w+)+)`", GUIDE))
    named |= {each for line in re.findall(r"--set (\S+)", GUIDE) for each in re.findall(r"([\w.]+)=", line)}
    assert len(named) > 25
    for path in named:
        at(path)
    with pytest.raises(KeyError):
        at("api.replica")


def test_the_defaults_of_the_table_are_those_of_the_chart() -> None:
    """Where the table writes one down."""
    told = re.findall(r"^\| `([\w.]+)`(?:, `([\w.]+)`)? \| ([^`|]+|`[^`]+`) \|", GUIDE, re.MULTILINE)
    shown = {first: default.strip("` ") for first, second, default in told if not second}
    assert {path: str(at(path)).lower() for path in shown if shown[path]} == {k: v for k, v in shown.items() if v}
    assert "secrets.existingSecret" in shown
    assert f"`api.replicas`, `worker.replicas` | {at('api.replicas')}, {at('worker.replicas')} |" in GUIDE
    assert f"{at('storage.size')}, `{at('storage.accessModes')[0]}`" in GUIDE


@pytest.mark.parametrize("text", [GUIDE, NOTES], ids=["guide", "notes"])
def test_commands_in_pods_exist(text: str) -> None:
    """Every tg-parser command is one that there is, with options that it has."""
    called = INSIDE.findall(text)
    assert len(called) >= 2
    for line in called:
        known, used = known_options(shlex.split(line)[1:])
        assert used <= known, line


def test_the_guide_names_what_the_chart_makes() -> None:
    """The names of a release called kb."""
    named = set(re.findall(rf"\b(?:deploy|svc|job|cronjob)/({FULLNAME}[\w-]*)", GUIDE))
    assert named == {f"{FULLNAME}-{part}" for part in ("api", "worker", "migrate", "backup")}
