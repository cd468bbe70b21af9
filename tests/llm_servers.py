"""A real local HTTP server that speaks the formats of OpenAI (chat and responses), Anthropic, Gemini and Ollama.

    with LlmServer(lambda asked: {"summary": asked.user[:20]}) as server:
        environment = server.environment("anthropic")     # variables for a process of tg-parser
        settings = server.settings("anthropic")           # the same as LlmSettings
        server.plan = [rate_limited(1), failed(500)]      # what happens to the first requests; then answers again
        ...
        server.requests[0].body["max_tokens"], server.requests[0].user, server.requests[0].headers

`answer` gets the request (`Asked`, see llm_wire.py) and gives JSON for the wanted shape, text to send as it is, or a
`Reply`; without one the least JSON that fits the schema is sent. It runs in the server's own thread. One server speaks
every format at once, told apart by path. A plan may hold functions of the request, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

from llm_wire import Asked, Reply, answer_body, error_body, read_request, wire_of

from tg_parser.config.llm_settings import LlmSettings

__all__ = ["Asked", "LlmServer", "Reply"]

MODELS = {
    "openai": "gpt-4o-mini",
    "anthropic": "claude-haiku-4-5",
    "gemini": "gemini-2.5-flash-lite",
    "ollama": "qwen3:8b",
}
KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}
SECRET = "sk-test-1234567890-very-secret"
Answering = Callable[[Asked], Any]


def rate_limited(retry_after: float | None = 1, **headers: str) -> Reply:
    """429; `retry_after` in seconds, fractions as OpenAI's `retry-after-ms`."""
    told = {} if retry_after is None else {"retry-after": str(round(retry_after))}
    if retry_after is not None and retry_after != int(retry_after):
        told = {"retry-after-ms": str(round(retry_after * 1000))}
    sent = {**told, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Reply(status=429, error_code="rate_limit_exceeded", message="Slow down.", headers=sent)


def failed(status: int = 500, **told: Any) -> Reply:
    """A server error, 529 and 503 included."""
    return Reply(status=status, **told)


def wrong_key() -> Reply:
    """401; it repeats the key, as some servers do."""
    return Reply(status=401, error_code="invalid_api_key", message=f"Incorrect API key provided: {SECRET}.")


def no_money() -> Reply:
    """The account is out of money: OpenAI's way, a 429 that waiting does not help."""
    return Reply(status=429, error_code="insufficient_quota", message="You exceeded your current quota.")


def payment_required() -> Reply:
    """402."""
    return Reply(status=402, error_code="billing", message="Add a payment method.")


def no_model() -> Reply:
    """404."""
    return Reply(status=404, error_code="model_not_found", message="The model does not exist.")


def rejected(message: str = "This request is wrong.") -> Reply:
    """400."""
    return Reply(status=400, error_code="invalid_request_error", message=message)


def html(status: int = 200) -> Reply:
    """A page where JSON is due, as gateways send it."""
    page = b"<html><body><h1>Bad gateway</h1></body></html>"
    return Reply(status=status, raw=page, content_type="text/html")


def refused() -> Reply:
    """The model will not say it."""
    return Reply(output="I cannot help with that.", finish="refusal")


def filtered() -> Reply:
    """The provider's filter took the answer away."""
    return Reply(output="", finish="content_filter")


def empty() -> Reply:
    """An answer without a word."""
    return Reply(output="")


def cut(output: str = '{"summary": "It was a dark and') -> Reply:
    """An answer that ends at the longest allowed length."""
    return Reply(output=output, finish="length")


def dropped(where: str = "before") -> Reply:
    """The connection ends `before` or in the `middle` of the answer."""
    return Reply(drop=where)


class LlmServer:
    """The server; a context manager, with a thread and a port of its own."""

    def __init__(self, answer: Answering | None = None, plan: Sequence[Reply | Answering] = ()) -> None:
        self.answer: Answering = answer or (lambda asked: least_json(asked.schema or {}))
        self.plan: list[Reply | Answering] = list(plan)
        self.requests: list[Asked] = []
        self.running = 0
        self.most_running = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connections: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *error: object) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, provider: str, model: str | None = None) -> dict[str, str]:
        """The variables that point a process at this server."""
        base = f"{self.url}/v1" if provider == "openai" else self.url
        address = {"OLLAMA_BASE_URL": base} if provider == "ollama" else {"LLM_BASE_URL": base}
        key = {KEYS[provider]: SECRET} if provider in KEYS else {}
        return {"LLM_PROVIDER": provider, "LLM_MODEL": model or MODELS[provider], **address, **key}

    def settings(self, provider: str, model: str | None = None, **more: Any) -> LlmSettings:
        """The same as settings; `more` by the names of LlmSettings' fields."""
        variables: dict[str, Any] = self.environment(provider, model)
        return LlmSettings(_env_file=None, **variables, **more)

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _stop(self) -> None:
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection stays."""
        path, headers, body = await _read(reader)
        if wire_of(path) is None:
            writer.write(_response(404, b'{"error": {"message": "no such path"}}', {}, "application/json"))
            return True
        asked = read_request(path, headers, json.loads(body))
        self.requests.append(asked)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            return await self._reply(asked, writer)
        finally:
            self.running -= 1

    async def _reply(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        planned = self.plan.pop(0) if self.plan else Reply()
        given = planned(asked) if callable(planned) else planned
        reply = given if isinstance(given, Reply) else Reply(output=given)
        output = reply.output
        if output is None and reply.status == 200 and reply.raw is None:
            made = self.answer(asked)
            reply, output = (made, made.output) if isinstance(made, Reply) else (reply, made)
        await asyncio.sleep(reply.delay)
        if reply.drop == "before":
            writer.transport.abort()
            return False
        sent = _sent(asked, output, reply)
        writer.write(sent[: len(sent) * 2 // 3] if reply.drop else sent)
        await writer.drain()
        return not reply.drop


def least_json(schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """The least value that fits a JSON schema."""
    root = root or schema
    if "$ref" in schema:
        return least_json(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return None if any(option.get("type") == "null" for option in options) else least_json(options[0], root)
    if "enum" in schema or "const" in schema:
        return schema["enum"][0] if "enum" in schema else schema["const"]
    kind = str(schema.get("type", "object")).lower()
    if kind == "object":
        wanted = schema.get("required", ())
        return {key: least_json(value, root) for key, value in schema.get("properties", {}).items() if key in wanted}
    simple: dict[str, Any] = {"array": [], "string": "text", "boolean": False}
    return simple.get(kind, schema.get("minimum", 0))


def _sent(asked: Asked, output: Any, reply: Reply) -> bytes:
    if reply.raw is not None:
        return _response(reply.status, reply.raw, reply.headers, reply.content_type)
    if reply.status != 200:
        return _response(reply.status, _bytes(error_body(asked.wire, reply)), reply.headers, reply.content_type)
    return _response(200, _bytes(answer_body(asked, output, reply)), reply.headers, reply.content_type)


def _bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _response(status: int, body: bytes, headers: dict[str, str], content_type: str) -> bytes:
    told = {**headers, "content-type": content_type, "content-length": str(len(body))}
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode() + body


async def _read(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    request, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        return request.split()[1], headers, b"".join([chunk async for chunk in _chunks(reader)])
    return request.split()[1], headers, await reader.readexactly(int(headers.get("content-length", 0)))


async def _chunks(reader: asyncio.StreamReader) -> Any:
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readline()
    await reader.readline()


@contextlib.contextmanager
def unreachable_url() -> Iterator[str]:
    """An address where nobody listens, kept free while in use."""
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
