"""Throw generated requests at the whole API with a key of each role: nothing breaks, every answer is documented.

For each role the API is a process of its own, over a copy of the bundled sample; the roles are tried side by side.
Ends with 1 where something was found.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tg_parser.sample import SAMPLE_EXPORT

ROLES = ("reader", "editor", "admin")
EXAMPLES = 8
_LISTENS = re.compile(r"The API listens on (http://\S+)/api/v1")
# A cursor or an id can have the right form and still be none: 400 says so. And nobody works here: 503 says so.
# So no job ends here either, and neither do its events: what has come within two seconds is checked.
_CONFIG = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 400, 401, 403, 404, 409, 429, 503]

[[operations]]
include-path = "/health/ready"
checks.not_a_server_error.enabled = false

[[operations]]
include-path = "/api/v1/jobs/{job_id}/events"
request-timeout = 2
"""


def main() -> int:
    """Try every role; 1 where something was found."""
    with tempfile.TemporaryDirectory() as folder:
        filled = Path(folder) / "filled"
        filled.mkdir()
        env = _variables(filled)
        out = str(filled / "out")
        _tg_parser(env, "run", "--from-export", str(SAMPLE_EXPORT), "--out", out, "--provider", "local")
        (filled / "schemathesis.toml").write_text(_CONFIG, "utf-8")
        with ThreadPoolExecutor(len(ROLES)) as threads:
            passed = [*threads.map(lambda role: _tried(role, filled), ROLES)]
    found = [role for role, well in zip(ROLES, passed, strict=True) if not well]
    print("Every answer was a documented one." if not found else f"Found with the roles: {', '.join(found)}.")
    return 1 if found else 0


def _tried(role: str, filled: Path) -> bool:
    home = filled.with_name(role)
    shutil.copytree(filled, home)
    env = _variables(home)
    key = _key(env, role)
    with _api(env, home) as address:
        return _passes(address, role, key, home)


def _variables(home: Path) -> dict[str, str]:
    chosen = {"API_KEY_REQUIRED": "true", "RATE_LIMIT_ENABLED": "false", "METRICS_ENABLED": "true"}
    return {**os.environ, **chosen, "TG_PARSER_HOME": str(home)}


def _passes(address: str, role: str, key: str, folder: Path) -> bool:
    began = time.monotonic()
    # One thread a role: Python 3.11 cannot parse source in two threads at once, which the tool does all the time.
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"{address}/api/v1/openapi.json", "--header", f"Authorization: Bearer {key}"),
        *("--max-examples", str(EXAMPLES), "--workers", "1", "--phases", "examples,coverage,fuzzing", "--no-color"),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    print(f"{role}: {'passed' if done.returncode == 0 else 'failed'} in {time.monotonic() - began:.0f} s")
    if done.returncode:
        print(done.stdout[-20_000:], done.stderr[-5_000:])
    return done.returncode == 0


@contextmanager
def _api(env: dict[str, str], folder: Path) -> Iterator[str]:
    log = folder / "api.log"
    with log.open("w", encoding="utf-8") as stderr:
        command = [sys.executable, "-m", "tg_parser", "api", "--port", "0", "--no-jobs"]
        process = subprocess.Popen(command, env=env, cwd=folder, stderr=stderr)
        try:
            while not (found := _LISTENS.search(log.read_text("utf-8"))) and process.poll() is None:
                time.sleep(0.1)
            if found is None:
                raise SystemExit(f"the API did not start:\n{log.read_text('utf-8')}")
            yield found[1]
        finally:
            process.terminate()
            process.wait(30)
    broken = [line for line in log.read_text("utf-8").splitlines() if "failed unexpectedly" in line]
    if broken:
        raise SystemExit("\n".join(["errors that the API does not know:", *broken]))


def _key(env: dict[str, str], role: str) -> str:
    secret: str = json.loads(_tg_parser(env, "keys", "create", f"fuzz {role}", "--role", role, "--json"))["secret"]
    return secret


def _tg_parser(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "tg_parser", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
