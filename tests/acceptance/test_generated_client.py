"""A client that a well-known generator makes of the OpenAPI document works against the real service."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_process import Api, api
from cli_process import tg_parser_json
from job_processes import until
from web_pages import NAME, PreviewServer, serving

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/reference/openapi.json"
PACKAGE = "tg_parser_client"
GENERATOR = Path(sys.prefix) / "client-generator/bin/python"
"""Runs the generator, which has libraries of its own."""


@pytest.fixture
def generated(tmp_path: Path) -> Iterator[Any]:
    """Imports a module of the client, which lies in a folder of its own."""
    folder = tmp_path / "client"
    settings = tmp_path / "generator.json"
    settings.write_text(json.dumps({"package_name_override": PACKAGE, "post_hooks": []}))
    called = ["generate", "--path", str(DOCUMENT), "--output-path", str(folder), "--config", str(settings)]
    done = subprocess.run(
        [str(GENERATOR), "-m", "openapi_python_client", *called],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Warning" not in done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")
    sys.path.remove(str(folder))
    for name in [each for each in sys.modules if each.split(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def key(migrated_sqlite: dict[str, str], process_env: dict[str, str], tmp_path: Path) -> str:
    """A key of an editor."""
    secret: str = tg_parser_json(process_env, "keys", "create", "client", "--role", "editor", cwd=tmp_path)["secret"]
    return secret


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_generated_client_does_the_main_job(
    generated: Any, process_env: dict[str, str], key: str, tmp_path: Path
) -> None:
    """It adds a source, runs a job, follows it to its end and downloads the export; an error is the problem it is."""
    with serving(PreviewServer(range(1, 21))) as address:
        env = {**process_env, "WEB_PREVIEW_URL": address, "WEB_PREVIEW_PAUSE": "0", "API_KEY_REQUIRED": "true"}
        with api(env, tmp_path) as running:
            _main_job(generated, running, key)


def _main_job(generated: Any, running: Api, key: str) -> None:
    models = generated("models")
    with generated("client").AuthenticatedClient(base_url=running.url, token=key) as client:
        _with(client, generated, models)


def _with(client: Any, generated: Any, models: Any) -> None:
    new = models.NewSource.from_dict({"source_id": NAME, "via": "web"})
    source = generated("api.sources.add_source").sync(client=client, body=new)
    assert (source.source_id, source.channel_username) == (NAME, NAME)
    job = generated("api.work.run").sync(client=client, body=models.RunParameters(source=NAME))

    def ended() -> Any:
        now = generated("api.jobs.get_job").sync(job.job_id, client=client)
        return now if now.state in {"done", "failed"} else None

    done = until(ended)
    assert done.state == "done", done.error
    assert [each.job_id for each in generated("api.jobs.list_jobs").sync(client=client).items] == [job.job_id]
    files = generated("api.exports.list_export_files").sync(job.job_id, client=client).files
    name = next(each.name for each in files if each.name == "kb_entries.ndjson")
    download = generated("api.exports.download_export_file").sync_detailed(job.job_id, name, client=client)
    entries = [json.loads(line) for line in download.content.splitlines()]
    assert len([each for each in entries if each["source"]["type"] == "telegram_message"]) == 20
    documents = generated("api.documents.list_documents").sync(client=client, limit=500)
    assert len(documents.items) == 20
    missing = generated("api.jobs.get_job").sync("20260101T000000000-00000000", client=client)
    assert (missing.status, missing.type_) == (404, "urn:tg-parser:error:job_not_found")
    refused = generated("api.keys.list_keys").sync(client=client)
    assert (refused.status, refused.hint) == (403, "Use a key with the role admin.")
