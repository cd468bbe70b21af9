"""What the pods of the Helm chart run does what it is there for, with a real server: commands, probes, the stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from backup_samples import programs
from cli_process import begin, tg_parser, tg_parser_json
from helm_charts import Pod, pods, rendered
from job_processes import until
from postgres_server import free_port
from warm_child import WarmChild

NAMED = "kb.example.com"
PODS = pods(rendered({"settings": {"API_ALLOWED_HOSTS": f"{NAMED}, kb.internal"}}))
pytestmark = pytest.mark.postgres


class Node:
    """This machine in place of a cluster's: what pods are given, with addresses and folders that are here."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        self._env = env
        self._ports = {"8000": str(free_port()), "9101": str(free_port())}

    def env(self, pod: Pod) -> dict[str, str]:
        here = {"TG_PARSER_HOME": str(self.folder / "data"), "API_PORT": self._ports["8000"], "API_HOST": "127.0.0.1"}
        return {**pod.settings, **self._env, **here, "PG_BIN_DIR": str(programs())}

    def words(self, line: list[str]) -> list[str]:
        """A command line with ports of this machine."""
        for there, here in self._ports.items():
            line = [word.replace(there, here).replace("0.0.0.0", "127.0.0.1") for word in line]
        return line

    def ends(self, pod: Pod, words: list[str], code: int = 0) -> str:
        """Run a command of a pod to its end."""
        return tg_parser(self.env(pod), *self.words(words), cwd=self.folder, code=code).stdout

    def code(self, pod: Pod, words: list[str]) -> int:
        """The exit code of a command of a pod."""
        return tg_parser(self.env(pod), *self.words(words), cwd=self.folder, code=None).returncode

    @contextmanager
    def running(self, pod: Pod) -> Iterator[WarmChild]:
        """The container of a pod at work; it ends in order, within the time that the pod has."""
        (container,) = pod.containers
        process = begin(self.env(pod), *self.words(container["args"]), cwd=self.folder)
        try:
            yield process
            process.terminate()
            assert process.wait(pod.spec["terminationGracePeriodSeconds"]) == 0
        finally:
            process.kill()
            process.wait()

    def asked(self, probe: dict[str, Any]) -> int:
        """The status that a probe over HTTP gets; 0 where nobody listens."""
        get = probe["httpGet"]
        headers = {each["name"]: each["value"] for each in get["httpHeaders"]}
        try:
            answer = httpx.get(f"http://127.0.0.1:{self._ports['8000']}{get['path']}", headers=headers, trust_env=False)
        except httpx.TransportError:
            return 0
        return answer.status_code


@pytest.fixture
def node(postgres_env: dict[str, str], tmp_path: Path) -> Node:
    """A machine with an empty database, whose schemas the hook has made."""
    here = Node(tmp_path, postgres_env)
    (container,) = PODS["migrate"].containers
    here.ends(PODS["migrate"], container["args"])
    return here


def test_the_hook_makes_the_schemas(node: Node) -> None:
    """All three, of this version."""
    made = tg_parser_json(node.env(PODS["migrate"]), "db", "current", cwd=node.folder)["databases"]
    assert [each["revision"] == each["newest"] for each in made] == [True, True, True]


def test_the_api_is_ready_once_a_worker_works(node: Node) -> None:
    """Both pods start, their probes tell of it without a key, and both end in order."""
    (api,), (worker,) = PODS["api"].containers, PODS["worker"].containers
    alive, ready = (probe["exec"]["command"][1:] for probe in (worker["livenessProbe"], api["readinessProbe"]))
    node.ends(PODS["worker"], alive, code=1)
    with node.running(PODS["api"]):
        until(lambda: node.asked(api["startupProbe"]) == 200)
        assert node.asked(api["livenessProbe"]) == 200
        node.ends(PODS["api"], ready, code=1)
        with node.running(PODS["worker"]):
            until(lambda: node.code(PODS["api"], ready) == 0)
            node.ends(PODS["worker"], alive)
    node.ends(PODS["api"], ready, code=1)


def test_a_backup_is_made_and_tried(node: Node) -> None:
    """The containers of the pod one after the other; the API's pod finds what they made."""
    told = [node.ends(PODS["backup"], container["args"]) for container in PODS["backup"].containers]
    assert "is intact: it was restored, and all tables match." in told[1]
    found = tg_parser_json(node.env(PODS["api"]), "backup", "list", cwd=node.folder)["backups"]
    assert [each["state"] for each in found] == ["good"]
