"""The units of deploy/systemd are such as systemd takes, confined, and patient enough when they stop."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from systemd_units import FOLDER, PROGRAM, SERVICES, commands, unit

from tg_parser.config.api_settings import ApiSettings
from tg_parser.config.job_settings import JobSettings
from tg_parser.config.settings import LlmLimitSettings

CONFINED = {
    "User": "tg-parser", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "CapabilityBoundingSet": "", "UMask": "0077", "StateDirectory": "tg-parser",
    "EnvironmentFile": "/etc/tg-parser/tg-parser.env",
}  # fmt: skip
ANALYZE = shutil.which("systemd-analyze")


def seconds(span: str) -> int:
    """A time span of systemd in the one form that the units use."""
    found = re.fullmatch(r"(\d+)s", span)
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_confined(name: str) -> None:
    """It runs as its own user, who can write to its own folder alone, with the settings of one file."""
    service = unit(name)["Service"]
    assert {key: service[key][-1] for key in CONFINED} == CONFINED
    assert service["Environment"] == ["TG_PARSER_HOME=/var/lib/tg-parser"]


def test_what_stops_has_time_to_end() -> None:
    """systemd waits longer than the program itself does."""
    jobs, llm = JobSettings(_env_file=None), LlmLimitSettings(_env_file=None)
    assert seconds(unit("tg-parser-api.service")["Service"]["TimeoutStopSec"][0]) > ApiSettings(_env_file=None).grace
    patience = seconds(unit("tg-parser-worker@.service")["Service"]["TimeoutStopSec"][0])
    assert patience > jobs.grace + llm.shutdown_wait


def test_services_that_stay_are_started_again_unless_their_settings_are_wrong() -> None:
    """Exit code 2 is wrong settings, which no restart puts right; nothing else is given up."""
    for name in ("tg-parser-api.service", "tg-parser-worker@.service"):
        found = unit(name)
        assert found["Service"]["Restart"] == ["always"]
        assert found["Service"]["RestartPreventExitStatus"] == ["2"]
        assert found["Unit"]["StartLimitIntervalSec"] == ["0"]
        assert found["Unit"]["Requires"] == found["Unit"]["After"] == ["tg-parser-migrate.service"]


def test_the_metrics_of_workers_are_apart() -> None:
    """Each has a port by its number."""
    assert [commands("tg-parser-worker@.service", each)[0][-1] for each in "12"] == ["9101", "9102"]


if ANALYZE:

    def test_systemd_takes_the_units(tmp_path: Path) -> None:
        """No unknown key, no unit that is wanted and missing; and little of the system is open to them."""
        for path in FOLDER.iterdir():
            text = path.read_text("utf-8").replace(PROGRAM, "/bin/true")
            (tmp_path / path.name.replace("@.", "@1.")).write_text(text, "utf-8")
        units = sorted(path for path in tmp_path.iterdir() if path.suffix in {".service", ".timer", ".target"})
        verified = subprocess.run([ANALYZE, "verify", *units], capture_output=True, text=True, check=False)
        assert (verified.returncode, verified.stderr) == (0, "")
        for service in tmp_path.glob("*.service"):
            level = [ANALYZE, "security", "--offline=true", "--threshold=20", str(service)]
            assert subprocess.run(level, capture_output=True, check=False).returncode == 0
