"""tg-parser doctor as a process: what it prints, how it ends, and that it shows no secret."""

from __future__ import annotations

from pathlib import Path

from cli_process import tg_parser, tg_parser_json
from knowledge_bases import knowledge_base
from llm_servers import unreachable_url
from sqlalchemy import make_url

SECRET = "geheimnis-xyz"


def test_a_knowledge_base_without_a_backup(backend: str, tmp_path: Path) -> None:
    """One line a check, a hint below what wants something done, a summary, and exit code 0; as JSON the same."""
    with knowledge_base(backend, tmp_path) as knowledge:
        env = {**knowledge.env, "BACKUP_DIR": str(tmp_path / "backups")}
        lines = tg_parser(env, "doctor", cwd=tmp_path).stdout.splitlines()
        report = tg_parser_json(env, "doctor", cwd=tmp_path)
    assert lines[0] == "ok       settings    All settings are valid."
    assert lines[-3:] == [
        "warning  backup      There is no intact backup.",
        "                     Create one with: tg-parser backup create",
        "0 failed, 1 warning.",
    ]
    assert report["status"] == "warning"
    assert report["findings"][-1] == {
        "check": "backup",
        "status": "warning",
        "message": "There is no intact backup.",
        "hint": "Create one with: tg-parser backup create",
    }
    assert [each["check"] for each in report["findings"]] == [line[9:21].strip() for line in lines[:9] + lines[9:10]]


def test_a_server_that_is_away(postgres_env: dict[str, str], tmp_path: Path) -> None:
    """It ends with exit code 1 after all other checks, and the password stands nowhere, not even as a name."""
    with unreachable_url() as url:
        away = make_url(postgres_env["DB_URL"]).set(port=make_url(url).port, password=SECRET, database=SECRET)
        env = {**postgres_env, "DB_URL": away.render_as_string(hide_password=False)}
        done = tg_parser(env, "--debug", "doctor", cwd=tmp_path, code=1)
    assert "failed   database    " in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 failed, ")
    assert SECRET not in done.stdout + done.stderr


def test_wrong_settings(sqlite_env: dict[str, str], tmp_path: Path) -> None:
    """The variable is named with what it may be; no other error hides it."""
    done = tg_parser({**sqlite_env, "PROCESSING_CONCURRENCY": "many"}, "doctor", cwd=tmp_path, code=1)
    assert done.stdout.startswith("failed   settings    PROCESSING_CONCURRENCY")
    assert done.stdout.splitlines()[-1] == "1 failed, 0 warnings."
