"""One trace from the request over HTTP to the last transaction and the last call of a model, across processes."""

from __future__ import annotations

from pathlib import Path

from api_process import api
from job_processes import collected, worker
from llm_servers import SECRET, LlmServer
from model_readings import well_read
from otlp_receiver import collecting

CALLER = "0af7651916cd43dd8448eb211c80319c"


def test_a_request_and_all_it_led_to_is_one_trace(process_env: dict[str, str], tmp_path: Path) -> None:
    """The caller's trace: request, job in another process, stage, transactions, calls; none of what they were about."""
    with collecting() as receiver, LlmServer(well_read) as model:
        env = {**process_env, **model.environment("openai"), "LLM_BATCH_SIZE": "1"}
        collected(env, tmp_path, 5)
        env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_SERVICE_NAME": "watched"}
        with api(env, tmp_path, "--no-jobs") as running, worker(env, tmp_path):
            status, job = running.ask(
                "/api/v1/process",
                {"source": "test"},
                traceparent=f"00-{CALLER}-b7ad6b7169203331-01",
                X_Request_ID="from-here",
            )
            assert status == 202, job
            assert running.ended(job["job_id"])["state"] == "done"
            running.ask("/api/v1/documents?contains=hidden")
            running.ask("/health/ready")
    assert (receiver.paths, receiver.services) == ({"/v1/traces"}, {"watched"})
    (request,) = receiver.named("POST /api/v1/process")
    assert (request.trace_id, request.parent) == (CALLER, "b7ad6b7169203331")
    assert request.facts == {
        "http.request.method": "POST",
        "http.route": "/api/v1/process",
        "http.response.status_code": 202,
        "request.id": "from-here",
    }
    (done,) = receiver.named("job process")
    (stage,) = receiver.named("process")
    assert (done.trace_id, stage.facts["messages.processed"]) == (CALLER, 5)
    assert receiver.inside(done, request)
    assert receiver.inside(stage, done)
    calls = receiver.named("chat gpt-4o-mini")
    assert len(calls) == 5
    assert all(receiver.inside(each, stage) for each in calls)
    assert all(each.facts["gen_ai.usage.input_tokens"] > 0 for each in calls)
    assert [each for each in receiver.named("write processing") if receiver.inside(each, stage)]
    assert [each for each in receiver.named("write processing") if receiver.inside(each, request)]
    assert {each.facts["db.system.name"] for each in receiver.named("read raw")} == {env["DB_TYPE"]}
    assert not [each for each in receiver.spans if "health" in each.name or each.failed or each.events]
    sent = b"".join(receiver.bodies)
    for private in ("завод", "hidden", "url.query", SECRET, "SELECT", "INSERT"):
        assert private.encode() not in sent


def test_a_collector_that_is_away_stops_nobody(process_env: dict[str, str], tmp_path: Path) -> None:
    """The service works and ends in order without it."""
    env = {**process_env, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    with api(env, tmp_path) as running:
        assert running.ask("/api/v1/sources")[0] == 200
